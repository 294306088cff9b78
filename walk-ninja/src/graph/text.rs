//! The buffer that holds every file and every evaluated text.
//!
//! A span of it costs eight bytes, whatever it holds, and what is written literally in a
//! manifest is never copied.

use std::path::PathBuf;

use crate::syntax::{Excerpt, Place, Raw, ReadError, Wrong};

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

    /// Adds a text that was made of others; says what is wrong if that is too much.
    pub(super) fn add(&mut self, text: &[u8]) -> Result<Span, String> {
        self.evaluated += text.len();
        if text.len() > LONGEST {
            return Err("a text of more than 64 MiB once its variables are expanded".into());
        }
        if self.evaluated > MOST_EVALUATED || !self.has_room(text.len()) {
            return Err("more than 1 GiB of text once variables are expanded".into());
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        Ok(Self::span(start..self.bytes.len()))
    }

    /// Adds a file; its number, or what is wrong with it.
    pub(super) fn add_file(&mut self, path: PathBuf, content: Vec<u8>) -> Result<usize, ReadError> {
        if !self.has_room(content.len()) {
            let message = format!("'{}': more than 4 GiB of manifests", path.display());
            return Err(ReadError::Graph { message });
        }
        let start = self.bytes.len();
        if start == 0 {
            self.bytes = content;
        } else {
            self.bytes.extend_from_slice(&content);
        }
        self.files.push(File { path, start, end: self.bytes.len() });
        let number = self.files.len() - 1;
        match memchr::memchr(0, &self.bytes[start..]) {
            Some(at) => Err(self.error(&Wrong::new("NUL byte", start + at))),
            None => Ok(number),
        }
    }

    fn has_room(&self, more: usize) -> bool {
        self.bytes.len().checked_add(more).is_some_and(|it| u32::try_from(it).is_ok())
    }

    pub(super) fn range(&self, file: usize) -> std::ops::Range<usize> {
        self.files[file].start..self.files[file].end
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().map(|it| &it.path)
    }

    /// Returns the file and line of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        self.locate(at).0
    }

    /// Returns the error for what is wrong.
    pub(super) fn error(&self, wrong: &Wrong) -> ReadError {
        let (place, excerpt) = self.locate(wrong.at);
        ReadError::Syntax { place, message: wrong.message.clone(), excerpt: Some(excerpt) }
    }

    fn locate(&self, at: usize) -> (Place, Excerpt) {
        let file = self.files.iter().find(|it| it.start <= at && at <= it.end);
        let Some(file) = file else {
            let excerpt = Excerpt { line: String::new(), column: None };
            return (Place { file: PathBuf::new(), line: 0 }, excerpt);
        };
        let (line, excerpt) = Excerpt::of(&self.bytes[file.start..file.end], at - file.start);
        (Place { file: file.path.clone(), line }, excerpt)
    }
}
