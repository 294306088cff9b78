//! One error, with the place that it is about.
//!
//! A diagnostic is complete in itself: it holds the line that it shows, so that nothing
//! else has to be kept. A very long line (a generator's JSON) is cut around the place.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is wrong with a manifest, and where.
///
/// The display form is `file:line:column: message`, the line, a caret under the place with
/// its label, and a line of help:
///
/// ```text
/// walk.toml:3:1: unknown key `dep`
///   |
/// 3 | dep = ["test"]
///   | ^^^ did you mean `deps`?
///   = help: valid keys are ...
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The file, as given.
    pub path: PathBuf,
    /// The line, from 1; 0 if the error is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 if the error is about the file as a whole.
    pub column: usize,
    /// What is wrong, lowercase and without a period.
    pub message: String,
    /// The line, or the part of a long one around the place.
    pub source_line: String,
    /// How many characters the place takes, at least 1; 0 without a place.
    pub width: usize,
    /// What to write beside the caret; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The characters of `source_line` before the caret.
    indent: usize,
}

/// How many characters of a long line are shown before and after the place.
const BEFORE: usize = 40;
const AFTER: usize = 60;

impl Diagnostic {
    /// Describes an error of a file as a whole.
    pub(crate) fn of_file(path: &Path, message: String) -> Self {
        Self { path: path.into(), message, ..Self::default() }
    }

    /// Sets the place, given as bytes of the file's text.
    pub(crate) fn at(mut self, text: &str, span: Range<usize>) -> Self {
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |it| it + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |it| it + start);
        let line = &text[line_start..line_end];
        let line = line.strip_suffix('\r').unwrap_or(line);
        let end =
            floor(text, span.end).clamp(start, line_start + line.len().max(start - line_start));
        self.line = text[..line_start].matches('\n').count() + 1;
        self.indent = text[line_start..start].chars().count();
        self.column = self.indent + 1;
        self.width = text[start..end].chars().count().max(1);
        self.source_line = line.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        self.shorten();
        self
    }

    fn shorten(&mut self) {
        let length = self.source_line.chars().count();
        if length <= BEFORE + AFTER {
            return;
        }
        self.width = self.width.min(AFTER);
        let from = self.indent.saturating_sub(BEFORE);
        let to = (self.indent + AFTER).min(length);
        let shown: String = self.source_line.chars().skip(from).take(to - from).collect();
        let (left, right) =
            (if from > 0 { "..." } else { "" }, if to < length { "..." } else { "" });
        self.indent = self.indent - from + left.len();
        self.source_line = format!("{left}{shown}{right}");
    }
}

/// Returns the nearest boundary of characters at or before a byte position.
fn floor(text: &str, position: usize) -> usize {
    let mut position = position.min(text.len());
    while !text.is_char_boundary(position) {
        position -= 1;
    }
    position
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)?;
        let number = if self.line > 0 { self.line.to_string() } else { String::new() };
        let gutter = " ".repeat(number.len());
        if self.line > 0 {
            let (indent, carets) = (" ".repeat(self.indent), "^".repeat(self.width));
            let caret = format!("{indent}{carets} {}", self.label);
            write!(f, "\n{gutter} |\n{number} | {}\n", self.source_line)?;
            write!(f, "{gutter} | {}", caret.trim_end())?;
        }
        self.help.iter().try_for_each(|help| write!(f, "\n{gutter} = help: {help}"))
    }
}

/// A manifest that cannot be read as a plan.
///
/// There is always exactly one diagnostic: the first error found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError(Box<Diagnostic>, Vec<PathBuf>);

impl ManifestError {
    /// Returns what is wrong, and where.
    #[must_use]
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.0
    }

    /// Returns the files and directories that were read until then, relative to the root or
    /// absolute: with one of them changed, it may be worth it to try again.
    #[must_use]
    pub fn seen(&self) -> &[PathBuf] {
        &self.1
    }

    pub(crate) fn new(diagnostic: Diagnostic, seen: Vec<PathBuf>) -> Self {
        Self(Box::new(diagnostic), seen)
    }
}

impl From<Diagnostic> for ManifestError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(diagnostic, Vec::new())
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ManifestError {}

/// Returns the names most like a given one, best first; at most three, none that is far.
pub(crate) fn nearest<'n>(given: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut scored: Vec<(usize, &str)> = Vec::new();
    let limit = (given.chars().count() / 3).max(1);
    for name in names {
        let far = name.len().abs_diff(given.len()) > 4 * limit;
        let distance = if far { usize::MAX } else { strsim::osa_distance(given, name) };
        if distance <= limit && distance < given.chars().count() {
            scored.push((distance, name));
        }
    }
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(3).map(|it| it.1.to_owned()).collect()
}
