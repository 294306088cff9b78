//! Reads the depfiles that compilers write: the prerequisites of a make rule.

/// The prerequisites in `text`, in their order; the targets are left out.
pub(crate) fn prerequisites(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for rule in text.replace("\\\r\n", " ").replace("\\\n", " ").lines() {
        let words = words(rule);
        let colon = words.iter().position(|word| word.ends_with(':'));
        all.extend(words.into_iter().skip(colon.map_or(usize::MAX, |at| at + 1)));
    }
    all
}

/// Words between spaces that no backslash escapes; `$$` stands for `$`, `\#` for `#`.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, next) {
            ('\\', Some(escaped @ (' ' | '#'))) | ('$', Some(escaped @ '$')) => {
                word.push(escaped);
                characters.next();
            }
            (' ' | '\t', _) => words.extend(take(&mut word)),
            _ => word.push(character),
        }
    }
    words.extend(take(&mut word));
    words
}

fn take(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prerequisites_follow_the_colon() {
        let check = |text: &str, expected: &[&str]| assert_eq!(prerequisites(text), expected);
        check("a.o: a.c \\\n  a.h /usr/b.h\n", &["a.c", "a.h", "/usr/b.h"]);
        check("a.o b.o : x\\ y.c $$z \\#\n\nc: d\n", &["x y.c", "$z", "#", "d"]);
        check("a.h:\n", &[]);
        check("", &[]);
    }
}
