//! What an action wrote, as it is shown: indented, harmless, and not without end.
//!
//! Only the end of a large log is read, so that 50 MB of it cost as much as 64 KiB.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::text::is_harmful;

/// What stands before each line that an action wrote.
pub(crate) const INDENT: &str = "       | ";

/// How much of a log is shown.
const MOST_BYTES: u64 = 64 * 1024;
const MOST_LINES: usize = 200;

/// The end of what an action wrote.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Output {
    /// Reads the end of a log.
    pub(crate) fn read(log: &Path) -> io::Result<Self> {
        Self::read_from(&mut File::open(log)?)
    }

    fn read_from(file: &mut File) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let start = length.saturating_sub(MOST_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        let mut output = Self { bytes, is_cut: start > 0 };
        if output.is_cut {
            output.drop_broken_line();
        }
        output.limit(MOST_LINES);
        Ok(output)
    }

    /// Keeps the last lines only.
    pub(crate) fn limit(&mut self, lines: usize) {
        let body = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        let breaks = body.iter().enumerate().rev().filter(|it| *it.1 == b'\n');
        if let Some((at, _)) = breaks.take(lines).nth(lines.saturating_sub(1)) {
            self.bytes.drain(..=at);
            self.is_cut = true;
        }
    }

    /// Returns whether something before it is missing.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Returns the lines as text, without control characters; colors stay if `keeps_color`.
    pub(crate) fn lines(&self, keeps_color: bool) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return Vec::new();
        }
        text.split('\n').flat_map(|line| harmless(line, keeps_color)).collect()
    }

    /// Returns the lines, each after [`INDENT`]: harmless if they go to a terminal, else raw, but for
    /// escape sequences, which nobody would see there as what they are: they stay if `keeps_color`.
    pub(crate) fn indented(&self, is_terminal: bool, keeps_color: bool) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.bytes.len() * 5 / 4);
        let mut push = |line: &[u8]| {
            text.extend_from_slice(INDENT.as_bytes());
            text.extend_from_slice(line);
            text.push(b'\n');
        };
        if is_terminal {
            self.lines(keeps_color).iter().for_each(|it| push(it.as_bytes()));
        } else if !self.bytes.is_empty() {
            let body = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
            let lines = body.split(|it| *it == b'\n');
            lines.for_each(|it| push(&if keeps_color { it.into() } else { without_escapes(it) }));
        }
        text
    }

    /// Returns the bytes, raw.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn drop_broken_line(&mut self) {
        if let Some(at) = self.bytes.iter().position(|it| *it == b'\n') {
            self.bytes.drain(..=at);
        }
    }
}

/// Returns one line of output as the lines that it becomes: a carriage return inside it,
/// which would overwrite what stands before, starts a new one.
fn harmless(line: &str, keeps_color: bool) -> Vec<String> {
    let line = line.trim_end_matches('\r');
    line.split('\r').map(|part| clean(part, keeps_color)).collect()
}

/// Returns a line without escape sequences, and every other byte as it is.
fn without_escapes(line: &[u8]) -> Cow<'_, [u8]> {
    if !line.contains(&b'\x1b') {
        return Cow::Borrowed(line);
    }
    let mut kept = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.first() {
        let is_escape = *first == b'\x1b';
        let length = if is_escape { escape_length(rest) } else { 1 };
        kept.extend_from_slice(if is_escape { b"" } else { &rest[..1] });
        rest = &rest[length..];
    }
    Cow::Owned(kept)
}

fn clean(text: &str, keeps_color: bool) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_colored = false;
    while let Some(character) = rest.chars().next() {
        let length =
            if character == '\x1b' { escape_length(rest.as_bytes()) } else { character.len_utf8() };
        let (taken, after) = rest.split_at(length);
        rest = after;
        if is_color(taken) {
            is_colored |= keeps_color;
            cleaned.push_str(if keeps_color { taken } else { "" });
        } else if character == '\t' || !is_harmful(character) {
            cleaned.push_str(taken);
        } else if character != '\x1b' {
            cleaned.push(char::REPLACEMENT_CHARACTER);
        }
    }
    cleaned.push_str(if is_colored { "\x1b[0m" } else { "" });
    cleaned
}

/// Returns how long the escape sequence at the start of `bytes` is.
fn escape_length(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes.iter().skip(2).position(|it| (0x40..=0x7e).contains(it));
            end.map_or(2, |it| it + 3)
        }
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string_length(bytes),
        Some(next) if next.is_ascii() && !next.is_ascii_control() => 2,
        _ => 1,
    }
}

/// An operating system command or the like ends with BEL or `ESC \`.
fn string_length(bytes: &[u8]) -> usize {
    let bell = bytes.iter().position(|it| *it == 7).map(|it| it + 1);
    let terminator = bytes.windows(2).position(|it| it == b"\x1b\\").map(|it| it + 2);
    bell.into_iter().chain(terminator).min().unwrap_or(2)
}

fn is_color(sequence: &str) -> bool {
    let inner = sequence.strip_prefix("\x1b[").and_then(|it| it.strip_suffix('m'));
    inner.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit() || b";:".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn lines(bytes: &[u8], keeps_color: bool) -> Vec<String> {
        Output { bytes: bytes.into(), is_cut: false }.lines(keeps_color)
    }

    #[test]
    fn output_cannot_do_anything_to_the_terminal() {
        let check = |bytes: &[u8], expected: &[&str]| assert_eq!(lines(bytes, true), expected);
        check(b"", &[]);
        check(b"a\nb\n", &["a", "b"]);
        check(b"a\n\nb", &["a", "", "b"]);
        check(b"tab\tstays", &["tab\tstays"]);
        check(b"bad \xff byte", &["bad \u{fffd} byte"]);
        check(b"dos\r\nline\r\n", &["dos", "line"]);
        check(b"10%\r20%\r30%\n", &["10%", "20%", "30%"]);
        check(b"\x1b[31mred\x1b[0m", &["\x1b[31mred\x1b[0m\x1b[0m"]);
        check(b"\x1b[38;5;1;48:2:1:2:3mx", &["\x1b[38;5;1;48:2:1:2:3mx\x1b[0m"]);
        check(b"clear\x1b[2J\x1b[Hscreen", &["clearscreen"]);
        check(b"title\x1b]0;evil\x07!", &["title!"]);
        check(b"link\x1b]8;;http://x\x1b\\!", &["link!"]);
        check(b"bell\x07back\x08", &["bell\u{fffd}back\u{fffd}"]);
        check(b"reset\x1bc!", &["reset!"]);
        check("c1 \u{9b}31m".as_bytes(), &["c1 \u{fffd}31m"]);
        check(b"unfinished \x1b[31", &["unfinished 31"]);
        check("escape before \x1bä".as_bytes(), &["escape before ä"]);
    }

    #[test]
    fn without_colors_they_are_taken_out() {
        assert_eq!(lines(b"\x1b[1;31mred\x1b[0m", false), ["red"]);
    }

    #[test]
    fn elsewhere_only_escape_sequences_are_taken_out() {
        let check = |bytes: &[u8], keeps_color, expected: &[u8]| {
            let output = Output { bytes: bytes.into(), is_cut: false };
            let shown = output.indented(false, keeps_color);
            assert_eq!(shown.escape_ascii().to_string(), expected.escape_ascii().to_string());
        };
        check(b"\x1b[31mred\x1b[0m\x1b[2J \xff\r\x07\n", false, b"       | red \xff\r\x07\n");
        check(b"\x1b[31mred\x1b[0m\n", true, b"       | \x1b[31mred\x1b[0m\n");
        check(b"end \x1b\na\x1b[3\n", false, b"       | end \n       | a3\n");
        check("\x1b\u{e4}\n".as_bytes(), false, "       | \u{e4}\n".as_bytes());
    }

    #[test]
    fn only_the_end_of_a_large_log_is_kept() {
        let mut file = tempfile::tempfile().expect("a file");
        for number in 0..1_000_000 {
            writeln!(file, "line {number}").expect("it can be written");
        }
        let output = Output::read_from(&mut file).expect("it can be read");
        let lines = output.lines(true);
        assert!(output.is_cut());
        assert_eq!(lines.len(), MOST_LINES);
        assert_eq!(lines[0], "line 999800");
        assert_eq!(lines[199], "line 999999");
    }

    #[test]
    fn a_line_without_end_is_kept_within_bounds() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&vec![b'x'; 1_000_000]).expect("it can be written");
        let output = Output::read_from(&mut file).expect("it can be read");
        assert!(output.is_cut());
        assert_eq!(output.bytes.len() as u64, MOST_BYTES);
    }

    #[test]
    fn a_small_log_is_kept_whole() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"one\ntwo\n").expect("it can be written");
        let mut output = Output::read_from(&mut file).expect("it can be read");
        assert!(!output.is_cut());
        output.limit(2);
        assert!(!output.is_cut());
        output.limit(1);
        assert!(output.is_cut());
        assert_eq!(output.lines(true), ["two"]);
    }
}
