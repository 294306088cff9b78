//! Depfiles: what a compiler says that it read, in the format of make.
//!
//! `cc -MD -MF out.d` writes `out.o: a.c a.h`, with long lines continued by a backslash,
//! and with `-MP` an empty rule for each header. Only the prerequisites matter here, of all
//! rules alike. Every sequence of bytes is read as something: who writes depfiles does not
//! agree on how to escape (gcc, clang, rustc, ghc), and a name that was not meant is found
//! out when the file is looked for.
//!
//! The rules, as ninja reads them too:
//!
//! - space, tab, newline and the end separate names; `\` before a line end continues
//! - `\ ` is a space, `\#` is `#`, `$$` is `$`, `\\` before one of these or a space is `\`;
//!   any other backslash is itself, so that `C:\x` survives
//! - a `:` before a blank or at the end of a line ends the targets; so `C:/x` is a name
//! - a name that is also a target of an empty rule (`-MP`) is still a prerequisite
//! - `#` at the beginning of a name begins a comment, up to the end of the line

use std::path::PathBuf;

use rustc_hash::FxHashSet;

/// Returns the prerequisites of all rules, in order, each once.
///
/// ```
/// let found = walk_plan::depfile::parse(b"a.o: a.c my\\ file.h \\\n  b.h\nb.h:\n");
/// assert_eq!(found, ["a.c", "my file.h", "b.h"].map(std::path::PathBuf::from));
/// ```
#[must_use]
pub fn parse(text: &[u8]) -> Vec<PathBuf> {
    let mut reader = Reader { rest: text, in_targets: true };
    let mut seen: FxHashSet<Vec<u8>> = FxHashSet::default();
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        if let Token::Name(name) = token
            && !reader.in_targets
            && seen.insert(name.clone())
        {
            found.extend(path(name));
        }
    }
    found
}

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

enum Token {
    Name(Vec<u8>),
    /// The end of the targets, or of a line.
    Turn,
}

struct Reader<'t> {
    rest: &'t [u8],
    in_targets: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        while let length @ 1.. = blank(self.rest) {
            self.skip(length);
        }
        match self.rest {
            [] => return None,
            [b'\n', ..] => {
                self.skip(1);
                self.in_targets = true;
            }
            [b'#', ..] => {
                let line = self.rest.iter().position(|it| *it == b'\n');
                self.skip(line.unwrap_or(self.rest.len()));
            }
            rest if self.in_targets && ends_targets(rest) => {
                self.skip(if rest.starts_with(b"::") { 2 } else { 1 });
                self.in_targets = false;
            }
            _ => return Some(Token::Name(self.name())),
        }
        Some(Token::Turn)
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        loop {
            match self.rest {
                [] | [b'\n', ..] => return name,
                rest if blank(rest) > 0 => return name,
                rest if self.in_targets && ends_targets(rest) => return name,
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

/// Returns whether a text begins with the `:` or `::` after targets, and not with that of a
/// drive: `C:/x`, `C:\x`.
fn ends_targets(rest: &[u8]) -> bool {
    let after = rest.strip_prefix(b"::").or_else(|| rest.strip_prefix(b":"));
    after.is_some_and(|it| it.is_empty() || it.starts_with(b"\n") || blank(it) > 0)
}
