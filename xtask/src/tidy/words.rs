//! Words that do not belong into the project's texts: it speaks of itself only.
//!
//! References to trackers, to somebody's machine or to notes that are not in the repository
//! tell a reader nothing. The words are written in halves here, so that this file passes too.

use super::finding::Finding;

/// The halves of each word; letters are compared without case.
const WORDS: &[(&str, &str)] = &[
    ("issue", " #"),
    ("helper ses", "sion"),
    ("this ses", "sion"),
    ("work", "shop"),
    ("shared/", "design"),
    ("shared/", "bench"),
    ("/tmp/", "e3"),
    ("/tmp/", "brief"),
    ("the ", "brief"),
    ("language ", "model"),
    ("ai ", "agent"),
    ("fix", "me"),
];

/// A path of somebody's machine, unless it is the tail of a longer path.
const MACHINE_PATH: (&str, &str) = ("/work", "/");

/// Reports the words in the text of one file.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let numbered = text.lines().enumerate();
    let found = numbered.filter_map(|(index, line)| {
        let word = first_word(&line.to_lowercase())?;
        Some(Finding::new(path, index + 1, format!("says `{word}`: the project speaks of itself")))
    });
    found.collect()
}

fn first_word(line: &str) -> Option<String> {
    let words = WORDS.iter().map(|(one, two)| format!("{one}{two}"));
    let machine_path = format!("{}{}", MACHINE_PATH.0, MACHINE_PATH.1);
    let names_machine = line.match_indices(&machine_path).any(|(at, _)| starts_path(&line[..at]));
    words.into_iter().find(|word| line.contains(word)).or(names_machine.then_some(machine_path))
}

/// Whether a slash after `before` begins an absolute path.
fn starts_path(before: &str) -> bool {
    let is_part = |last: char| last.is_alphanumeric() || "_-.}/*".contains(last);
    !before.ends_with(is_part)
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn foreign_words_are_found_whatever_their_case() {
        let text = format!("one\nsee Iss{} 12\n", "ue #");
        let expected = format!("a.md:2: says `iss{}`: the project speaks of itself", "ue #");
        assert_eq!(lines(&check("a.md", &text)), [expected]);
    }

    #[test]
    fn a_path_of_the_machine_is_found_but_not_a_path_that_ends_so() {
        let count = |before: &str| check("a.rs", &format!("{before}/{}", "work/x")).len();
        assert_eq!(count("\""), 1);
        assert_eq!(count(""), 1);
        assert_eq!(count("target"), 0);
        assert_eq!(count("{dir}"), 0);
    }

    #[test]
    fn plain_words_pass() {
        let text = "issues a warning; works; agents; a session of the store\n";
        assert_eq!(lines(&check("a.md", text)), [""; 0]);
    }
}
