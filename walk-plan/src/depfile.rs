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

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Name(Vec<u8>),
    /// The `:` after the targets, or the end of a line: what comes next is of the other kind.
    Turn,
}

struct Reader<'t> {
    rest: &'t [u8],
    in_targets: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        match self.rest {
            [] => None,
            [b'\n', ..] => {
                self.skip(1);
                self.in_targets = true;
                Some(Token::Turn)
            }
            [b':', after @ ..] if self.in_targets && ends_targets(after) => {
                self.skip(if after.first() == Some(&b':') { 2 } else { 1 });
                self.in_targets = false;
                Some(Token::Turn)
            }
            [b'#', ..] => {
                let line = self.rest.iter().position(|it| *it == b'\n');
                self.skip(line.unwrap_or(self.rest.len()));
                self.next_after_comment()
            }
            _ => Some(Token::Name(self.name())),
        }
    }

    fn next_after_comment(&mut self) -> Option<Token> {
        (!self.rest.is_empty()).then_some(Token::Turn)
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r', ..] => self.skip(1),
                [b'\\', b'\n', ..] => self.skip(2),
                [b'\\', b'\r', b'\n', ..] => self.skip(3),
                _ => return,
            }
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        loop {
            match self.rest {
                [] | [b' ' | b'\t' | b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'] => return name,
                [b'\\', b'\n', ..] | [b'\\', b'\r', b'\n', ..] => return name,
                [b':', after @ ..] if self.in_targets && ends_targets(after) => return name,
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

    /// Reads a row of backslashes: halved before a space or `#`, themselves elsewhere.
    fn backslashes(&mut self, name: &mut Vec<u8>) {
        let count = self.rest.iter().take_while(|it| **it == b'\\').count();
        let next = self.rest.get(count).copied();
        match next {
            Some(b' ' | b'#') if count % 2 == 1 => {
                name.extend(std::iter::repeat_n(b'\\', count / 2));
                name.extend(next);
                self.skip(count + 1);
            }
            Some(b' ' | b'#') => {
                name.extend(std::iter::repeat_n(b'\\', count / 2));
                self.skip(count);
            }
            Some(b'\n' | b'\r') => {
                name.extend(std::iter::repeat_n(b'\\', count - 1));
                self.skip(count - 1);
                if self.rest.starts_with(b"\\\r") && !self.rest.starts_with(b"\\\r\n") {
                    name.push(b'\\');
                    self.skip(1);
                }
            }
            _ => {
                name.extend(std::iter::repeat_n(b'\\', count));
                self.skip(count);
            }
        }
    }
}

/// Returns whether a `:` before this text ends the targets: `C:/x` and `C:\x` do not.
fn ends_targets(after: &[u8]) -> bool {
    match after {
        [] | [b' ' | b'\t' | b'\n' | b'\r', ..] => true,
        [b':', after @ ..] => matches!(after, [] | [b' ' | b'\t' | b'\n', ..]),
        [b'\\', b'\n', ..] | [b'\\', b'\r', b'\n', ..] => true,
        _ => false,
    }
}
