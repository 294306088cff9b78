//! Depfiles: what a compiler says that it read, in the format of make.
//!
//! `cc -MD -MF out.d` writes `out.o: a.c a.h`, with long lines continued by a backslash,
//! and with `-MP` an empty rule for each header. Only the prerequisites matter here, of all
//! rules alike. Every name is read as something: who writes depfiles does not agree on how to
//! escape (gcc, clang, rustc, ghc), and a name that was not meant is found out when the
//! file is looked for. But a text without any rule is an error, as in ninja: no prerequisites
//! would mean that nothing was read.
//!
//! The rules, as ninja has them but for what is said otherwise:
//!
//! - space, tab, newline and the end separate names; a single `\` before a line end continues
//! - an odd number of `\` before a space or tab, halved, is part of the name, and so is what
//!   follows; an even number is the end of a name (ninja: tabs always separate)
//! - `\#` is `#`, `\:` is `:` unless the name ends there, `$$` is `$`; any other `\` is itself,
//!   so that `C:\x` survives
//! - all else is part of a name, for gcc, clang and rustc write it as it is: `it's.h`, `a;b.h`,
//!   `#a.rs`, `a$b.rs` (ninja: quotes and such separate)
//! - the `:` at the end of a name is not part of it; the first one ends the targets. A line
//!   without one has the first `:` that is not that of a drive (`C:/x`) instead
//! - a line without any `:` has prerequisites only (ninja: targets): rather too many of them
//!   than too few
//! - a name that is also a target (`-MP`) is still a prerequisite
//! - `#` at the beginning of a line begins a comment, up to its end (ninja: no comments)

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
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
/// If no line has a `:` after targets and one has more than a comment; or if there is a NUL
/// byte, which no name has: the text is damaged.
pub fn parse(text: &[u8]) -> Result<Vec<PathBuf>, DepfileError> {
    if let Some(at) = text.iter().position(|it| *it == 0) {
        return Err(no_rule(text, at));
    }
    let mut reader = Reader { rest: text };
    let mut found = IndexSet::<Vec<u8>, FxBuildHasher>::default();
    let (mut has_rule, mut first_name) = (false, None);
    while !reader.rest.is_empty() {
        let start = text.len() - reader.rest.len();
        let line = reader.line();
        if !line.is_empty() {
            first_name.get_or_insert(start);
        }
        has_rule |= line.iter().any(Word::has_colon);
        found.extend(prerequisites(line).filter(|it| !it.is_empty()));
    }
    match first_name {
        Some(at) if !has_rule => Err(no_rule(text, at)),
        _ => Ok(found.into_iter().map(|it| OsString::from_vec(it).into()).collect()),
    }
}

/// Describes the line around the byte at `at`.
fn no_rule(text: &[u8], at: usize) -> DepfileError {
    let before = &text[..at];
    let start = before.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    let line = text[start..].split(|it| *it == b'\n').next().unwrap_or_default();
    let found = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]).trim().replace('\0', "\\0");
    DepfileError { line: before.split(|it| *it == b'\n').count(), found }
}

/// How many bytes of a wrong line are shown.
const SHOWN: usize = 60;

/// Returns what stands after the targets of a line.
fn prerequisites(mut line: Vec<Word>) -> impl Iterator<Item = Vec<u8>> {
    if let Some(last) = line.iter().position(|it| it.is_end) {
        line.drain(..=last);
    } else if let Some((last, colon)) = (0..).zip(&line).find_map(|(at, it)| Some((at, it.colon?)))
    {
        line.drain(..last);
        let after = line[0].name.split_off(colon);
        line[0].name = after.into_iter().skip_while(|it| *it == b':').collect();
    }
    line.into_iter().map(|it| it.name)
}

/// A name, and where targets may end in it.
#[derive(Default)]
struct Word {
    name: Vec<u8>,
    /// Whether a `:` followed it.
    is_end: bool,
    /// Where in it the first `:` is that belongs neither to a drive nor to an escape.
    colon: Option<usize>,
}

impl Word {
    fn has_colon(&self) -> bool {
        self.is_end || self.colon.is_some()
    }
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    /// Reads a line with those that continue it, and its end.
    fn line(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        self.skip_blank();
        if self.rest.starts_with(b"#") {
            let end = self.rest.iter().position(|it| *it == b'\n');
            self.skip(end.unwrap_or(self.rest.len()));
        }
        while !matches!(self.rest, [] | [b'\n', ..]) {
            words.push(self.word());
            self.skip_blank();
        }
        self.skip(self.rest.len().min(1));
        words
    }

    fn word(&mut self) -> Word {
        let mut word = Word::default();
        while !is_end(self.rest) {
            match self.rest {
                [b'\\', ..] => self.backslashes(&mut word.name),
                [b'$', b'$', ..] => self.take(2, b"$", &mut word.name),
                [b':', rest @ ..] if is_end(rest) => {
                    word.is_end = true;
                    self.skip(1);
                }
                [b':', rest @ ..] if word.colon.is_none() && !is_drive(&word.name, rest) => {
                    word.colon = Some(word.name.len());
                    self.take(1, b":", &mut word.name);
                }
                rest => self.take(1, &rest[..1], &mut word.name),
            }
        }
        word
    }

    /// Reads a row of backslashes, and what the last one escapes.
    fn backslashes(&mut self, name: &mut Vec<u8>) {
        let count = self.rest.iter().take_while(|it| **it == b'\\').count();
        let row = &self.rest[..count];
        match &self.rest[count..] {
            [it @ (b' ' | b'\t'), ..] if count % 2 == 1 => {
                name.extend(&row[..count / 2]);
                self.take(count + 1, &[*it], name);
            }
            [b'#', ..] => self.take(count + 1, &[&row[1..], b"#"].concat(), name),
            [b':', rest @ ..] if !is_end(rest) => {
                self.take(count + 1, &[&row[1..], b":"].concat(), name);
            }
            _ => self.take(count, row, name),
        }
    }

    /// Goes on by `count` bytes that stand for `meaning`.
    fn take(&mut self, count: usize, meaning: &[u8], name: &mut Vec<u8>) {
        name.extend(meaning);
        self.skip(count);
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    fn skip_blank(&mut self) {
        while let length @ 1.. = blank(self.rest) {
            self.skip(length);
        }
    }
}

/// Returns whether a name that was read up to here is over.
fn is_end(rest: &[u8]) -> bool {
    matches!(rest, [] | [b'\n', ..]) || blank(rest) > 0
}

/// Returns how many bytes of blank a text begins with: one, or a continued line end, as the end
/// of the text can be, too.
fn blank(rest: &[u8]) -> usize {
    match rest {
        [b' ' | b'\t' | b'\r', ..] | [b'\\'] => 1,
        [b'\\', b'\n', ..] => 2,
        [b'\\', b'\r', b'\n', ..] => 3,
        _ => 0,
    }
}

/// Returns whether a `:` between these is that of a drive.
fn is_drive(name: &[u8], rest: &[u8]) -> bool {
    matches!((name, rest), ([letter], [b'/' | b'\\', ..]) if letter.is_ascii_alphabetic())
}
