//! The elements of a fingerprint that changed, for people.
//!
//! A digest says nothing but that it is another one, so its first digits are enough; a
//! text is shown whole, before and after, each on its own line if it is long.

use std::fmt::Write as _;

use walk_plan::{Change, Reason};

use crate::terminal::{Palette, tame};

/// How many digits of a digest are shown.
const DIGITS: usize = 12;

/// Up to how many characters both texts stand on one line.
const SHORT: usize = 60;

/// Returns a line, or a few, for each element that changed, each after `indent`.
pub(crate) fn changes(reason: &Reason, indent: &str, palette: Palette) -> String {
    these(&reason.changes, indent, palette)
}

/// The same of these changes.
pub(crate) fn these(changes: &[Change], indent: &str, palette: Palette) -> String {
    changes.iter().map(|it| change(it, indent, palette)).collect()
}

fn change(change: &Change, indent: &str, palette: Palette) -> String {
    let element = tame(&change.element);
    let [old, new] = [&change.old, &change.new].map(|it| it.as_deref().map(short_digest));
    let length: usize = [old, new].iter().flatten().map(|it| it.len()).sum();
    let is_long = length > SHORT || [old, new].iter().flatten().any(|it| it.contains('\n'));
    if !is_long {
        let [old, new] = [old, new].map(|it| tame(it.unwrap_or("(none)")));
        return format!("{indent}{element}  {old} -> {new}\n");
    }
    let mut text = format!("{indent}{element}\n");
    push_lines(&mut text, old, indent, &palette.fail("-"));
    push_lines(&mut text, new, indent, &palette.good("+"));
    text
}

fn push_lines(text: &mut String, value: Option<&str>, indent: &str, sign: &str) {
    for line in value.unwrap_or("(none)").lines() {
        let _ = writeln!(text, "{indent}  {sign} {}", tame(line));
    }
}

fn short_digest(value: &str) -> &str {
    let is_digest = value.len() == 64 && value.bytes().all(|it| it.is_ascii_hexdigit());
    if is_digest { &value[..DIGITS] } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(element: &str, old: Option<&str>, new: Option<&str>) -> String {
        let [old, new] = [old, new].map(|it| it.map(str::to_owned));
        change(&Change { element: element.into(), old, new }, "  ", Palette::default())
    }

    #[test]
    fn digests_are_short_and_texts_are_whole() {
        let (one, two) = ("a1".repeat(32), "b2".repeat(32));
        let shown = [
            shown("depfile include/ast.h", Some(&one), Some(&two)),
            shown("input new.c", None, Some(&one)),
            shown("input old.c", Some(&one), None),
            shown("env DB", Some("sqlite"), Some("pg")),
            shown("track CC\x1b[2J", Some("a\x07"), Some("b")),
            shown("command", Some(&"cc -O2 ".repeat(9)), Some(&"cc -O3 ".repeat(9))),
            shown("tool cc", Some("cc 1\nmore"), Some("cc 2\nmore")),
        ];
        insta::assert_snapshot!(shown.concat());
    }
}
