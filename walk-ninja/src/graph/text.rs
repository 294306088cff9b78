//! The buffer that holds every file and every evaluated text.
//!
//! A span of it costs eight bytes, whatever it holds, and what is written literally in a
//! manifest is never copied.

use std::path::PathBuf;

use crate::syntax::{Excerpt, Place, Raw, ReadError, Wrong, line_number};

/// A part of the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl From<Raw> for Span {
    fn from(raw: Raw) -> Self {
        Self { start: raw.start, len: raw.len }
    }
}

/// The most that texts made of others may be together, and one of them.
const MOST_EVALUATED: usize = 1 << 30;
pub(super) const LONGEST: usize = 64 << 20;

/// What positions of 32 bits can tell apart, less a little for names that the language knows.
pub(super) const MOST: usize = u32::MAX as usize - (1 << 20);
pub(super) const TOO_MUCH: &str = "more than 4 GiB of manifests";

/// A file in the buffer.
#[derive(Debug)]
struct File {
    path: PathBuf,
    start: usize,
    end: usize,
}

/// The buffer.
#[derive(Debug, Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    files: Vec<File>,
    evaluated: usize,
}

impl Text {
    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn get(&self, span: Span) -> &[u8] {
        &self.bytes[span.start as usize..span.start as usize + span.len as usize]
    }

    /// Returns the span of a part of what is there already.
    pub(super) fn span(range: std::ops::Range<usize>) -> Span {
        let number = |it| u32::try_from(it).expect("what is added is counted");
        Span { start: number(range.start), len: number(range.len()) }
    }

    /// Counts a text that was made of others; says what is wrong if that is too much.
    pub(super) fn count(&mut self, text: &[u8]) -> Result<(), String> {
        self.evaluated += text.len();
        if self.evaluated > MOST_EVALUATED {
            return Err("more than 1 GiB of text once variables are expanded".into());
        }
        Ok(())
    }

    /// Adds a text that is not in a file.
    pub(super) fn add(&mut self, text: &[u8]) -> Result<Span, String> {
        if !self.has_room(text.len()) {
            return Err(TOO_MUCH.into());
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        Ok(Self::span(start..self.bytes.len()))
    }

    /// Adds a file; returns its number. Behind it is a byte that belongs to none, so that a
    /// position tells the end of a file from the beginning of the next.
    pub(super) fn add_file(&mut self, path: PathBuf, content: Vec<u8>) -> Result<usize, ReadError> {
        if !self.has_room(content.len()) {
            return Err(ReadError::Graph { message: format!("'{}': {TOO_MUCH}", path.display()) });
        }
        let start = self.bytes.len();
        if start == 0 {
            self.bytes = content;
        } else {
            self.bytes.extend_from_slice(&content);
        }
        self.files.push(File { path, start, end: self.bytes.len() });
        self.bytes.push(0);
        let number = self.files.len() - 1;
        match memchr::memchr(0, &self.bytes[self.range(number)]) {
            Some(at) => Err(self.error(&Wrong::new("NUL bytes are not allowed", start + at))),
            None => Ok(number),
        }
    }

    /// Returns whether a file of that size can be added.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.bytes.len().checked_add(size).is_some_and(|it| it < MOST)
    }

    pub(super) fn range(&self, file: usize) -> std::ops::Range<usize> {
        self.files[file].start..self.files[file].end
    }

    pub(super) fn paths(&self) -> impl ExactSizeIterator<Item = &PathBuf> {
        self.files.iter().map(|it| &it.path)
    }

    /// Returns the file and line of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let Some(file) = self.file_at(at) else { return Place { file: PathBuf::new(), line: 0 } };
        let line = line_number(&self.bytes[file.start..file.end], at - file.start);
        Place { file: file.path.clone(), line }
    }

    /// Returns the error for what is wrong.
    pub(super) fn error(&self, wrong: &Wrong) -> ReadError {
        let excerpt = self
            .file_at(wrong.at)
            .and_then(|file| Excerpt::of(&self.bytes[file.start..file.end], wrong.at - file.start));
        ReadError::Syntax { place: self.place(wrong.at), message: wrong.message.clone(), excerpt }
    }

    fn file_at(&self, at: usize) -> Option<&File> {
        let after = self.files.partition_point(|it| it.start <= at);
        self.files[..after].last().filter(|it| at <= it.end)
    }
}
