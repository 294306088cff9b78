//! Depfiles: what a compiler says that it read, in the format of make.
//!
//! `cc -MD -MF out.d` writes `out.o: a.c a.h`, with long lines continued by a backslash,
//! and with `-MP` an empty rule for each header. Only the prerequisites matter here, of all
//! rules alike. Every name is read as something: who writes depfiles does not agree on how to
//! escape (gcc, clang, rustc, ghc), and a name that was not meant is found out when the
//! file is looked for. But a line that is no rule is an error, as in ninja: no prerequisites
//! would mean that nothing was read.
//!
//! The rules, as ninja reads them too:
//!
//! - space, tab, newline and the end separate names; `\` before a line end continues
//! - `\ ` is a space, `\#` is `#`, `$$` is `$`, `\\` before one of these or a space is `\`;
//!   any other backslash is itself, so that `C:\x` survives
//! - the first `:` before a blank or at the end of a line ends the targets; without one, the
//!   first `:` that is not that of a drive (`C:/x`)
//! - a name that is also a target of an empty rule (`-MP`) is still a prerequisite
//! - `#` at the beginning of a name begins a comment, up to the end of the line

use std::path::PathBuf;

use rustc_hash::FxHashSet;
use thiserror::Error;

/// A line of a depfile that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: expected `target: prerequisites`, found `{found}`")]
#[non_exhaustive]
pub struct DepfileError {
    /// The line, the first is 1.
    pub line: usize,
    /// How the line begins.
    pub found: String,
}

/// Returns the prerequisites of all rules, in order, each once.
///
/// ```
/// let found = walk_plan::depfile::parse(b"a.o: a.c my\\ file.h \\\n  b.h\nb.h:\n")?;
/// assert_eq!(found, ["a.c", "my file.h", "b.h"].map(std::path::PathBuf::from));
/// # Ok::<(), walk_plan::depfile::DepfileError>(())
/// ```
///
/// # Errors
///
/// If a line that is neither blank nor a comment has no `:` after targets.
pub fn parse(text: &[u8]) -> Result<Vec<PathBuf>, DepfileError> {
    let mut reader = Reader::new(text);
    let mut seen: FxHashSet<Vec<u8>> = FxHashSet::default();
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        match token {
            Token::Name(name) if !reader.in_targets && seen.insert(name.clone()) => {
                found.extend(path(name));
            }
            Token::NoRule(line) => return Err(no_rule(text, line)),
            Token::Name(_) | Token::Turn => {}
        }
    }
    Ok(found)
}

/// Describes the line that begins where `line` does, to the end of the text.
fn no_rule(text: &[u8], line: &[u8]) -> DepfileError {
    let before = &text[..text.len() - line.len()];
    let number = before.split(|it| *it == b'\n').count();
    let first = line.split(|it| *it == b'\n').next().unwrap_or_default();
    let found = String::from_utf8_lossy(&first[..first.len().min(SHOWN)]).trim().to_owned();
    DepfileError { line: number, found }
}

/// How many bytes of a wrong line are shown.
const SHOWN: usize = 60;

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a path")]
fn path(name: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(PathBuf::from(std::ffi::OsString::from_vec(name)))
}

#[cfg(not(unix))]
fn path(name: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(name).ok().map(PathBuf::from)
}

enum Token<'t> {
    Name(Vec<u8>),
    /// The end of the targets, or of a line.
    Turn,
    /// The end of a line with targets only; all from its beginning.
    NoRule(&'t [u8]),
}

struct Reader<'t> {
    rest: &'t [u8],
    in_targets: bool,
    /// What `rest` was at the beginning of the line.
    line: &'t [u8],
    /// Whether no `:` of the line has a blank after it, so that any `:` ends the targets.
    is_tight: bool,
    has_targets: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t [u8]) -> Self {
        let is_tight = is_tight(text);
        Self { rest: text, in_targets: true, line: text, is_tight, has_targets: false }
    }

    fn next(&mut self) -> Option<Token<'t>> {
        while let length @ 1.. = blank(self.rest) {
            self.skip(length);
        }
        match self.rest {
            [] | [b'\n', ..] if self.in_targets && self.has_targets => {
                self.has_targets = false;
                return Some(Token::NoRule(self.line));
            }
            [] => return None,
            [b'\n', rest @ ..] => *self = Self::new(rest),
            [b'#', ..] => {
                let line = self.rest.iter().position(|it| *it == b'\n');
                self.skip(line.unwrap_or(self.rest.len()));
            }
            rest if self.ends_targets(&[]) => {
                self.skip(if rest.starts_with(b"::") { 2 } else { 1 });
                self.in_targets = false;
            }
            _ => {
                self.has_targets = true;
                return Some(Token::Name(self.name()));
            }
        }
        Some(Token::Turn)
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    /// Returns whether targets end here, after the beginning of a name.
    fn ends_targets(&self, name: &[u8]) -> bool {
        let is_drive = || {
            matches!(name, [it] if it.is_ascii_alphabetic())
                && matches!(self.rest, [b':', b'/' | b'\\', ..])
        };
        let is_tight = || self.is_tight && self.rest.starts_with(b":") && !is_drive();
        self.in_targets && (ends_targets(self.rest) || is_tight())
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        loop {
            match self.rest {
                [] | [b'\n', ..] => return name,
                rest if blank(rest) > 0 => return name,
                _ if self.ends_targets(&name) => return name,
                [b'\\', ..] => self.backslashes(&mut name),
                [b'$', b'$', ..] => {
                    name.push(b'$');
                    self.skip(2);
                }
                [byte, ..] => {
                    name.push(*byte);
                    self.skip(1);
                }
            }
        }
    }

    /// Reads a row of backslashes: halved before a space or `#`, themselves elsewhere; the
    /// last one before the end of a line is left.
    fn backslashes(&mut self, name: &mut Vec<u8>) {
        let count = self.rest.iter().take_while(|it| **it == b'\\').count();
        let (kept, escaped) = match &self.rest[count..] {
            [it @ (b' ' | b'#'), ..] => (count / 2, (count % 2 == 1).then_some(*it)),
            rest if is_line_end(rest) => (count - 1, None),
            _ => (count, None),
        };
        name.extend(std::iter::repeat_n(b'\\', kept));
        name.extend(escaped);
        let is_line_end = is_line_end(&self.rest[count..]);
        self.skip(count + usize::from(escaped.is_some()) - usize::from(is_line_end));
    }
}

/// Returns how many bytes of blank a text begins with: one, or a continued line end.
fn blank(rest: &[u8]) -> usize {
    match rest {
        [b' ' | b'\t' | b'\r', ..] => 1,
        [b'\\', b'\n', ..] => 2,
        [b'\\', b'\r', b'\n', ..] => 3,
        _ => 0,
    }
}

fn is_line_end(rest: &[u8]) -> bool {
    rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
}

/// Returns whether no `:` of the first line, with those that continue it, has a blank after it.
fn is_tight(text: &[u8]) -> bool {
    let mut rest = text;
    let mut after_blank = true;
    while let [byte, next @ ..] = rest {
        match blank(rest) {
            0 if *byte == b'\n' || (*byte == b'#' && after_blank) => return true,
            0 if ends_targets(rest) => return false,
            0 => (rest, after_blank) = (next, false),
            length => (rest, after_blank) = (&rest[length..], true),
        }
    }
    true
}

/// Returns whether a text begins with a `:` or `::` before a blank or at the end of a line.
fn ends_targets(rest: &[u8]) -> bool {
    let after = rest.strip_prefix(b"::").or_else(|| rest.strip_prefix(b":"));
    after.is_some_and(|it| it.is_empty() || it.starts_with(b"\n") || blank(it) > 0)
}
