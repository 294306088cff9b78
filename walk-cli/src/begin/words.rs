//! A command line as a shell would take it apart.

/// Returns the words of a command; `None` if only a shell knows what it does: it has variables,
/// redirections, several commands, or a quote that does not end.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\\' => match rest.next()? {
                '\n' => {}
                other => word.get_or_insert_default().push(other),
            },
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => push_quoted(word.get_or_insert_default(), &mut rest)?,
            '#' if word.is_none() => break,
            '~' if word.is_none() => return None,
            it if "|&;<>()$`*?[]!{}".contains(it) => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    // It sets a variable first.
    let is_plain = words.first().is_some_and(|it| !it.contains('='));
    is_plain.then_some(words)
}

fn push_quoted(word: &mut String, rest: &mut impl Iterator<Item = char>) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '$' | '`' => return None,
            '\\' => match rest.next()? {
                '\n' => {}
                it @ ('"' | '\\' | '$' | '`') => word.push(it),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

/// Returns command and file of `command > file`, if that is all: no other command, and no other
/// redirection of what is written.
pub(super) fn redirected(text: &str) -> Option<(&str, String)> {
    let (mut quote, mut is_escaped, mut at) = (None, false, None);
    for (position, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if quote != Some('\'') => is_escaped = true,
            it if quote == Some(it) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(character),
            '>' if at.is_none() => at = Some(position),
            it if ">;&|(`".contains(it) => return None,
            _ => {}
        }
    }
    let (command, output) = text.split_at(at?);
    // A digit names what is redirected.
    let is_output = !command.ends_with(|it: char| it.is_ascii_digit());
    match split(&output[1..])?.as_slice() {
        [one] if is_output => Some((command, one.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_whose_output_goes_to_a_file_is_redirected() {
        let check = |text, expected: Option<(&str, &str)>| {
            assert_eq!(redirected(text), expected.map(|it| (it.0, it.1.to_owned())), "{text}");
        };
        check("sed 's/.*/>&/' a > b", Some(("sed 's/.*/>&/' a ", "b")));
        check("tr a b <c >\"d e\"", Some(("tr a b <c ", "d e")));
        for text in
            ["a", "a > b; c", "a | b > c", "a 2> b", "a >> b", "a > b 2>&1", "a '>' b", "a > $b"]
        {
            check(text, None);
        }
    }

    #[test]
    fn plain_words_are_split_and_everything_else_is_the_shells() {
        let check = |text, expected: &[&str]| {
            assert_eq!(
                split(text).as_deref(),
                Some(&*expected.iter().map(ToString::to_string).collect::<Vec<_>>()),
                "{text}"
            );
        };
        check("cc -c  a.c", &["cc", "-c", "a.c"]);
        check("cc -DX='\"a b\"' \"c\\\"d\" e\\ f ''", &["cc", "-DX=\"a b\"", "c\"d", "e f", ""]);
        check("cc a \\\n b # c", &["cc", "a", "b"]);
        for text in ["a $B", "a; b", "a > b", "a *.c", "'a", "\"$x\"", "A=1 b", "a && b", "", "\\"]
        {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
