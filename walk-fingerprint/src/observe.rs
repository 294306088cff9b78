//! What is at a path, and what it looked like when that was found out.
//!
//! No memory: this is what a worker thread calls on fresh outputs. [`DigestCache`] is the same
//! with a memory.
//!
//! [`DigestCache`]: crate::DigestCache

use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::checksum::Checksum;
use crate::hash::{Look, look};
use crate::stamp::FileStamp;
use crate::tree::{Known, Tree, hash_names, hash_tree};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Nothing, or a link that leads to nothing.
    Missing,
    /// A regular file with this content.
    File(Checksum),
    /// A directory with these contents, names, executable bits and link targets below it, or
    /// with these names in it: see [`Depth`].
    Directory(Checksum),
}

impl FileState {
    /// Returns the digest, if there is something to have one.
    #[must_use]
    pub fn digest(&self) -> Option<Checksum> {
        match self {
            Self::Missing => None,
            Self::File(digest) | Self::Directory(digest) => Some(*digest),
        }
    }
}

/// How far to look into a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Everything below it: contents, names, executable bits and link targets.
    #[default]
    Tree,
    /// The names directly in it, which is what its own times would tell.
    Names,
}

/// What is at a path, and what it looked like when that was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What is there.
    pub state: FileState,
    /// What `stat` said, `None` if it is missing. That of a directory says nothing of the files
    /// below it.
    pub stamp: Option<FileStamp>,
    /// A moment before anything was looked at; what changed after it may have been missed.
    pub observed_at: SystemTime,
}

/// Looks at a path: stat, hash, stat again, until nothing changed in between.
///
/// # Errors
///
/// When it cannot be read, is neither file nor directory, or keeps changing; the error names the
/// path. That it is missing is no error.
///
/// ```
/// use walk_fingerprint::{Checksum, FileState, observe};
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("a");
/// assert_eq!(observe(&path)?.state, FileState::Missing);
/// std::fs::write(&path, "content")?;
/// assert_eq!(observe(&path)?.state, FileState::File(Checksum::of(b"content")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn observe(path: &Path) -> io::Result<Observed> {
    observe_to(path, Depth::Tree)
}

/// Looks at a path as [`observe`] does, and that far into a directory.
///
/// # Errors
///
/// As of [`observe`].
pub fn observe_to(path: &Path, depth: Depth) -> io::Result<Observed> {
    observe_knowing(path, depth, &|_, _| None).map(|(observed, _)| observed)
}

/// Looks at a path; in a directory it asks `known` before it reads a file.
pub(crate) fn observe_knowing(
    path: &Path,
    depth: Depth,
    known: Known<'_>,
) -> io::Result<(Observed, Option<Tree>)> {
    let observed_at = SystemTime::now();
    match look(path)? {
        Look::Missing => Ok((Observed::missing(observed_at), None)),
        Look::File(hashed) => {
            let state = FileState::File(hashed.checksum);
            Ok((Observed { state, stamp: Some(hashed.stamp), observed_at: hashed.at }, None))
        }
        Look::Directory(stamp) if depth == Depth::Names => {
            let state = FileState::Directory(hash_names(path)?);
            Ok((Observed { state, stamp: Some(stamp), observed_at }, None))
        }
        Look::Directory(stamp) => {
            let tree = hash_tree(path, known)?;
            let state = FileState::Directory(tree.checksum);
            Ok((Observed { state, stamp: Some(stamp), observed_at }, Some(tree)))
        }
    }
}

impl Observed {
    /// Nothing was there at that moment.
    pub(crate) fn missing(observed_at: SystemTime) -> Self {
        Self { state: FileState::Missing, stamp: None, observed_at }
    }
}
