//! Where a manifest comes from, and the texts that were read.

use std::cell::OnceCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Diagnostic;
use super::fault::Result;
use super::read;
use crate::Plan;

/// The names that [`Plan::find`] looks for, in this order.
const NAMES: [&str; 3] = ["walk.toml", "walk.json", "walk.jsonl"];

/// Where a manifest is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file; its name chooses the reader: `.toml`, `.json` or `.jsonl`.
    File(PathBuf),
    /// JSON or JSON lines that came from standard input.
    Stdin {
        /// What came.
        text: Vec<u8>,
        /// The directory that paths are relative to.
        root: PathBuf,
    },
}

/// What the command line says over the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Values for `[vars]`, by name; each must be declared there.
    pub vars: Vec<(String, String)>,
    /// The tokens of the queue `default`, over `jobs` of the settings.
    pub jobs: Option<u32>,
    /// The engine that runs the queue `default`, in place of this machine.
    pub engine: Option<String>,
    /// Files that no wildcard matches: what an earlier walk made for actions that are gone,
    /// see [`CommandWalk::leftovers`](crate::CommandWalk::leftovers).
    pub leftovers: Vec<PathBuf>,
}

impl Plan {
    /// Returns the manifest of a directory: `walk.toml`, `walk.json` or `walk.jsonl`.
    #[must_use]
    pub fn find(start_dir: &Path) -> Option<PathBuf> {
        NAMES.iter().map(|it| start_dir.join(it)).find(|it| it.is_file())
    }
}

/// The syntax of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Toml,
    Json,
    JsonLines,
}

/// One text and what it is called.
#[derive(Debug)]
pub(crate) struct SourceText {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
    pub(crate) text: String,
}

/// The texts of a manifest and what it includes.
///
/// Documents borrow from texts while more are added, so a text gets a place that is filled
/// once and never moves.
#[derive(Debug)]
pub(crate) struct Sources(Box<[OnceCell<SourceText>]>);

/// How many manifests one may include.
const MAX_SOURCES: usize = 1000;

impl Sources {
    pub(crate) fn new() -> Self {
        Self((0..MAX_SOURCES).map(|_| OnceCell::new()).collect())
    }

    /// Keeps a text; returns its number.
    pub(crate) fn add(&self, source: SourceText) -> Result<usize> {
        let free = self.0.iter().position(|it| it.get().is_none());
        let full = || {
            Diagnostic::of_file(
                &source.path,
                format!("more than {MAX_SOURCES} manifests are included"),
            )
        };
        let index = free.ok_or_else(full)?;
        self.0[index].get_or_init(|| source);
        Ok(index)
    }

    /// Returns the paths of all texts.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map_while(OnceCell::get).map(|it| &*it.path)
    }

    pub(crate) fn get(&self, index: usize) -> &SourceText {
        self.0[index].get().expect("numbers come from `add`")
    }
}

impl SourceText {
    /// Reads a file; its name says what it holds.
    pub(crate) fn from_file(path: &Path) -> Result<Self> {
        let wrong = |what: String| Diagnostic::of_file(path, what);
        let format = match path.extension().and_then(|it| it.to_str()) {
            Some("toml") => Format::Toml,
            Some("json") => Format::Json,
            Some("jsonl") => Format::JsonLines,
            _ => {
                // One that is not there has no wrong name.
                fs::metadata(path).map_err(|it| wrong(unreadable(&it)))?;
                let mut wrong = wrong("no reader for a manifest of this name".into());
                wrong.help = Some("a manifest is called `*.toml`, `*.json` or `*.jsonl`".into());
                return Err(wrong.into());
            }
        };
        let bytes = fs::read(path).map_err(|it| wrong(unreadable(&it)))?;
        Ok(Self { path: path.into(), format, text: decode(path, bytes)? })
    }

    /// Takes what came from standard input.
    pub(crate) fn from_stdin(bytes: &[u8]) -> Result<Self> {
        let path = Path::new("<stdin>");
        let text = decode(path, bytes.to_vec())?;
        let format = if read::is_lines(&text) { Format::JsonLines } else { Format::Json };
        Ok(Self { path: path.into(), format, text })
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("cannot read the manifest: {error}")
}

/// Refuses what is not UTF-8, with the place of the first bad byte; drops a byte order mark.
fn decode(path: &Path, mut bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let byte = error.as_bytes()[valid];
        let mut found = Diagnostic::of_file(path, format!("not UTF-8: byte 0x{byte:02x}"));
        found.help = Some("a manifest is text in UTF-8".into());
        found.at(&text, valid..valid + 1).into()
    })
}
