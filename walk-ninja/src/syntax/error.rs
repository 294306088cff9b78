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
    /// How many characters stand before the place; `None` if it is not in the part shown.
    pub column: Option<usize>,
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

impl Excerpt {
    /// Shows the line around the byte at `offset` of `text`, and returns its number.
    pub(crate) fn of(text: &[u8], offset: usize) -> (u32, Self) {
        let offset = offset.min(text.len());
        let start = memchr::memrchr(b'\n', &text[..offset]).map_or(0, |it| it + 1);
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |it| start + it);
        let line = &text[start..end];
        let cut = &line[..line.len().min(SHOWN)];
        let more = if line.len() > SHOWN { "..." } else { "" };
        let is_shown = offset - start < SHOWN;
        let column =
            is_shown.then(|| String::from_utf8_lossy(&text[start..offset]).chars().count());
        let number = memchr::memchr_iter(b'\n', &text[..start]).count() + 1;
        let line = format!("{}{more}", String::from_utf8_lossy(cut));
        (u32::try_from(number).unwrap_or(u32::MAX), Self { line, column })
    }
}

struct Shown<'e>(Option<&'e Excerpt>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Excerpt { line, column }) = self.0 else { return Ok(()) };
        write!(f, "\n{line}")?;
        match column {
            Some(column @ 1..) => write!(f, "\n{:column$}^ near here", ""),
            _ => Ok(()),
        }
    }
}

pub(crate) fn file_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::File { path: path.into(), source }
}
