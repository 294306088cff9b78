//! What is wrong with a manifest, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the manifest names it.
    pub file: PathBuf,
    /// The line, the first is 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// The line in which something is wrong, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or its beginning.
    pub line: String,
    /// How many characters of it stand before the place.
    pub column: usize,
}

/// What keeps a manifest from being read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A text is not as it should be.
    #[error("{place}: {message}{}", Shown(excerpt.as_ref()))]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
        /// The line.
        excerpt: Option<Excerpt>,
    },
    /// The manifest cannot be read.
    #[error("loading '{}': {}", path.display(), in_words(source))]
    File {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A target means nothing.
    #[error("{message}")]
    Target {
        /// What is wrong.
        message: String,
    },
    /// Something is wrong with the manifest as a whole.
    #[error("{message}")]
    Graph {
        /// What is wrong.
        message: String,
    },
}

impl ReadError {
    /// Returns the line that the error is about, if it is about one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Syntax { place, .. } => Some(place),
            _ => None,
        }
    }
}

/// Returns the reason without the number that the standard library adds.
pub(crate) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.into(),
        None => text,
    }
}

/// How much of a line is shown, in bytes.
const SHOWN: usize = 72;

/// Returns the number of the line in which the byte at `offset` is; the first is 1.
pub(crate) fn line_number(text: &[u8], offset: usize) -> u32 {
    let number = memchr::memchr_iter(b'\n', &text[..offset.min(text.len())]).count() + 1;
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Excerpt {
    /// Shows the line around the byte at `offset` of `text`, if there is anything in it and that
    /// is not far from its beginning, as in ninja.
    pub(crate) fn of(text: &[u8], offset: usize) -> Option<Self> {
        let offset = offset.min(text.len());
        let start = memchr::memrchr(b'\n', &text[..offset]).map_or(0, |it| it + 1);
        if offset - start >= SHOWN {
            return None;
        }
        let rest = &text[start..text.len().min(start + SHOWN)];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        if line.trim_ascii().is_empty() {
            return None;
        }
        let more = if line.len() == SHOWN { "..." } else { "" };
        let column = String::from_utf8_lossy(&text[start..offset]).chars().count();
        Some(Self { line: format!("{}{more}", String::from_utf8_lossy(line)), column })
    }
}

struct Shown<'e>(Option<&'e Excerpt>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Excerpt { line, column }) = self.0 else { return Ok(()) };
        write!(f, "\n{line}\n{:column$}^ near here", "")
    }
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::File { path: path.into(), source }
}
