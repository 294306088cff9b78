//! Text as ninja fits it to where it goes: without escape sequences, or into one line.
//!
//! It is not made harmless, as walk's own face does: descriptions with colors are common, and
//! what ninja prints raw is raw here too.

use std::borrow::Cow;

use crate::terminal::width;

const ESCAPE: char = '\x1b';
const ELLIPSIS: &str = "...";

/// Returns `text` without escape sequences.
pub(super) fn strip_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&0x1b) {
        return Cow::Borrowed(text);
    }
    let mut stripped = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (0x1b, [b'[', sequence @ ..]) => {
                let end = sequence.iter().position(u8::is_ascii_alphabetic);
                &sequence[end.map_or(sequence.len(), |it| it + 1)..]
            }
            (0x1b, _) => after,
            _ => {
                stripped.push(byte);
                after
            }
        };
    }
    Cow::Owned(stripped)
}

/// Shortens `line` in its middle to at most `most` columns; escape sequences take none and
/// all stay.
pub(super) fn elide_middle(line: &[u8], most: usize) -> Cow<'_, [u8]> {
    if line.len() <= most {
        return Cow::Borrowed(line);
    }
    let text = String::from_utf8_lossy(line);
    let whole: usize = pieces(&text).filter(|it| !is_escape(it)).map(width).sum();
    if whole <= most {
        return Cow::Borrowed(line);
    }
    let room = most.saturating_sub(ELLIPSIS.len());
    let (left, right) = (room / 2, whole - (room - room / 2));
    let mut short = String::with_capacity(text.len());
    let mut dots = Some(&ELLIPSIS[..most.min(ELLIPSIS.len())]);
    let mut column = 0;
    for piece in pieces(&text) {
        let is_kept = is_escape(piece) || column + width(piece) <= left || column >= right;
        if !is_escape(piece) {
            column += width(piece);
        }
        if is_kept {
            short.push_str(piece);
        } else {
            short.push_str(dots.take().unwrap_or_default());
        }
    }
    Cow::Owned(short.into_bytes())
}

fn is_escape(piece: &str) -> bool {
    piece.starts_with(ESCAPE)
}

/// Splits `text` into characters and whole escape sequences.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match rest.strip_prefix("\x1b[") {
            Some(sequence) => {
                let end = sequence.find(|it: char| it.is_ascii_alphabetic());
                end.map_or(rest.len(), |it| "\x1b[".len() + it + 1)
            }
            None => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_taken_out() {
        let check = |text: &str, expected: &str| {
            assert_eq!(strip_escapes(text.as_bytes()), expected.as_bytes(), "{text:?}");
        };
        check("plain", "plain");
        check("\x1b[1;31mred\x1b[0m!", "red!");
        check("\x1b[Ka\x1bb", "ab");
        check("end \x1b[31", "end ");
        check("end \x1b", "end ");
    }

    #[test]
    fn a_line_is_shortened_in_its_middle() {
        let line = "[0/2] Compiling something quite long d and more text here";
        let check = |most, expected: &str| {
            let short = elide_middle(line.as_bytes(), most);
            assert_eq!(String::from_utf8_lossy(&short), expected, "{most}");
        };
        // What ninja 1.13.2 prints on terminals of these widths.
        check(1, ".");
        check(2, "..");
        check(3, "...");
        check(4, "...e");
        check(5, "[...e");
        check(6, "[...re");
        check(10, "[0/...here");
        check(20, "[0/2] Co...text here");
        check(33, "[0/2] Compiling... more text here");
        check(58, line);
    }

    #[test]
    fn colors_take_no_room_and_stay() {
        let check = |text: &str, most, expected: &str| {
            let short = elide_middle(text.as_bytes(), most);
            assert_eq!(String::from_utf8_lossy(&short), expected);
        };
        check("\x1b[31mabcdef\x1b[0m", 6, "\x1b[31mabcdef\x1b[0m");
        check("\x1b[31mabcdef\x1b[0mgh", 5, "\x1b[31ma...\x1b[0mh");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let check = |most, expected: &str| {
            let short = elide_middle("日本語日本語".as_bytes(), most);
            assert_eq!(String::from_utf8_lossy(&short), expected, "{most}");
        };
        check(12, "日本語日本語");
        check(11, "日本...本語");
        check(9, "日...語");
    }
}
