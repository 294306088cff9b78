//! Where a manifest comes from.

use std::path::{Path, PathBuf};

use crate::Plan;

/// The names that [`Plan::find`] looks for, in this order.
pub(crate) const NAMES: [&str; 3] = ["walk.toml", "walk.json", "walk.jsonl"];

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
}

impl Plan {
    /// Returns the manifest of a directory: `walk.toml`, `walk.json` or `walk.jsonl`.
    #[must_use]
    pub fn find(start_dir: &Path) -> Option<PathBuf> {
        NAMES.iter().map(|it| start_dir.join(it)).find(|it| it.is_file())
    }
}
