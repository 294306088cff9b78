//! What many files looked like at one moment, in one file: to see in one pass that all of them
//! still do.
//!
//! Who has found out that nothing is to be done keeps what that depended on: a key, a note of its
//! own, and the files. It does not know what was decided, only whether a decision of then would be
//! the same now. Whatever is wrong with a snapshot, it is none: then everything is decided anew.
//! It is believed in the boot that made it alone, since what was written to a disk and what a
//! disk has are the same until the system goes down.
//!
//! The file is read as a whole and looked up in place: a hundred thousand files are compared in
//! the time of their `stat`, and nothing is allocated for any of them.

mod table;

use std::path::{Path, PathBuf};
use std::{fs, io};

use rayon::prelude::*;

pub(crate) use self::table::Table;
use crate::cache::KnownDigest;
use crate::checksum::Checksum;
use crate::observe::{FileState, Observed, observe};
use crate::os;
use crate::pool::in_parallel;
use crate::replace::replace_file;
use crate::stamp::{FileKind, FileStamp, since_epoch_ns};

/// Below this many files, a second thread costs more than it saves.
const PARALLEL_FROM: usize = 4096;

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictured {
    path: PathBuf,
    stamp: Option<FileStamp>,
    /// What was in it, if nothing else about it matters.
    content: Option<Checksum>,
}

impl Pictured {
    /// Pictures what was seen at `path`; `None` if a later change could leave no trace.
    ///
    /// If `by_content`, a file that is touched and holds the same counts as the same.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, seen: &Observed, by_content: bool) -> Option<Self> {
        let (path, stamp) = (path.into(), seen.stamp);
        let content = match seen.state {
            FileState::File(checksum) if by_content => Some(checksum),
            _ => None,
        };
        let is_settled = stamp.is_none_or(|it| it.is_settled_at(since_epoch_ns(seen.observed_at)));
        match content {
            _ if is_settled => Some(Self { path, stamp, content }),
            // Never taken for the same without being read.
            Some(_) => Some(Self { path, stamp: stamp.map(unlike_any), content }),
            None => None,
        }
    }

    /// Pictures what `stamp` says of `path`, apart from when its owner or its rights were last
    /// set: the caller knows that a change would leave another trace.
    #[must_use]
    pub fn stamped(path: impl Into<PathBuf>, stamp: Option<FileStamp>) -> Self {
        let stamp = stamp.map(|it| FileStamp { ctime_ns: ANY_TIME, ..it });
        Self { path: path.into(), stamp, content: None }
    }
}

/// Stands for every time.
const ANY_TIME: i64 = i64::MAX;

/// Returns whether what is there `now` looks like what was there `then`.
fn is_alike(now: Option<FileStamp>, then: Option<FileStamp>) -> bool {
    match (now, then) {
        (Some(now), Some(then)) if then.ctime_ns == ANY_TIME => {
            now == FileStamp { ctime_ns: now.ctime_ns, ..then }
        }
        _ => now == then,
    }
}

/// Returns a stamp that no file has.
fn unlike_any(stamp: FileStamp) -> FileStamp {
    FileStamp { ctime_ns: i64::MIN, ..stamp }
}

/// What many files looked like.
///
/// ```
/// use walk_fingerprint::{Pictured, Snapshot, observe};
/// let root = tempfile::tempdir()?;
/// std::fs::write(root.path().join("a"), "content")?;
/// let seen = observe(&root.path().join("a"))?;
/// let files = Vec::from_iter(Pictured::new("a", &seen, true));
///
/// let path = root.path().join("snapshot");
/// Snapshot::save(&path, b"my question", b"my answer", &files)?;
///
/// let mut snapshot = Snapshot::load(&path, b"my question").expect("it was saved");
/// assert_eq!(snapshot.note(), b"my answer");
/// assert_eq!(snapshot.changed(root.path()), []);
/// std::fs::write(root.path().join("a"), "another")?;
/// assert_eq!(snapshot.changed(root.path()), [0]);
/// assert!(Snapshot::load(&path, b"another question").is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    table: Table,
    is_renewed: bool,
}

impl Snapshot {
    /// Writes a snapshot to `path`, replacing what is there in one step; for its user alone.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or the system does not tell its boots apart.
    pub fn save(path: &Path, key: &[u8], note: &[u8], files: &[Pictured]) -> io::Result<()> {
        let boot = os::boot_id().ok_or(io::ErrorKind::Unsupported)?;
        replace_file(path, Table::new(&boot, key, note, files).bytes())
    }

    /// Reads what [`save`](Self::save) wrote under `key` in this boot of the system; `None` for
    /// anything else.
    #[must_use]
    pub fn load(path: &Path, key: &[u8]) -> Option<Self> {
        let table = Table::parse(fs::read(path).ok()?)?;
        let is_ours = table.key() == key && os::boot_id().is_some_and(|it| it == table.boot());
        is_ours.then_some(Self { table, is_renewed: false })
    }

    /// Returns what the caller said with the files.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        self.table.note()
    }

    /// Returns how many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns where a file is, as it was given.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    #[must_use]
    pub fn path(&self, position: usize) -> &Path {
        self.table.path(position)
    }

    /// Returns what there was at a path; `None` if nothing.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    #[must_use]
    pub fn kind(&self, position: usize) -> Option<FileKind> {
        self.table.stamp(position).map(|it| it.kind)
    }

    /// Returns the digest of what is in a file, for as long as it looks as it did; `None` if its
    /// content does not decide.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    #[must_use]
    pub fn digest(&self, position: usize) -> Option<KnownDigest> {
        let (stamp, checksum) = (self.table.stamp(position)?, self.table.content(position)?);
        // What could change without a trace has a stamp like no other.
        Some(KnownDigest { stamp, checksum, hashed_at_ns: i64::MAX })
    }

    /// Returns whether what was `seen` of a file is what is remembered of it.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    #[must_use]
    pub fn is_of(&self, position: usize, seen: &Observed) -> bool {
        let is_content = |it: Checksum| seen.state == FileState::File(it);
        self.table
            .content(position)
            .map_or_else(|| self.table.stamp(position) == seen.stamp, is_content)
    }

    /// Remembers something else of a file, wherever `pictured` says that it is.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    pub fn set(&mut self, position: usize, pictured: &Pictured) {
        self.table.set(position, pictured.stamp, pictured.content);
    }

    /// Writes the snapshot as it is now, with another `note` of the same length.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or the length differs.
    pub fn save_again(&mut self, path: &Path, note: &[u8]) -> io::Result<()> {
        if !self.table.set_note(note) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.table.seal();
        replace_file(path, self.table.bytes())
    }

    /// Looks at every file, relative paths from `root`, and returns the positions of those that
    /// are not the same any more. What was only touched is renewed: see
    /// [`renew`](Self::renew).
    pub fn changed(&mut self, root: &Path) -> Vec<usize> {
        let studied = self.study(root, self.unlike(root));
        let mut changed = Vec::new();
        for (position, same) in studied {
            match same {
                Some(stamp) => {
                    self.table.set_stamp(position, stamp);
                    self.is_renewed = true;
                }
                None => changed.push(position),
            }
        }
        changed
    }

    /// Returns whether the files at these positions look as they did: one that was only touched
    /// does not.
    ///
    /// # Panics
    ///
    /// If there are not so many files.
    #[must_use]
    pub fn look_the_same(&self, root: &Path, mut positions: impl Iterator<Item = usize>) -> bool {
        let mut full = PathBuf::new();
        !positions.any(|it| self.is_unlike(root, &mut full, it))
    }

    /// Writes the snapshot again if files were touched that are the same: the next look need not
    /// read them.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn renew(&mut self, path: &Path) -> io::Result<()> {
        if !std::mem::take(&mut self.is_renewed) {
            return Ok(());
        }
        self.table.seal();
        replace_file(path, self.table.bytes())
    }

    /// Returns the positions of the files that a `stat` does not show to be the same.
    fn unlike(&self, root: &Path) -> Vec<usize> {
        let count = self.table.len();
        let unlike =
            |full: &mut PathBuf, position| self.is_unlike(root, full, position).then_some(position);
        if count < PARALLEL_FROM {
            let mut full = PathBuf::new();
            return (0..count).filter_map(|it| unlike(&mut full, it)).collect();
        }
        let positions = (0..count).into_par_iter().with_min_len(PARALLEL_FROM / 4);
        in_parallel(|| positions.map_init(PathBuf::new, unlike).flatten_iter().collect())
    }

    /// Returns whether a `stat` does not show a file to be the same; `full` is for its path.
    fn is_unlike(&self, root: &Path, full: &mut PathBuf, position: usize) -> bool {
        full.as_mut_os_string().clear();
        full.push(root);
        full.push(self.table.path(position));
        FileStamp::of(full).ok().is_none_or(|it| !is_alike(it, self.table.stamp(position)))
    }

    /// Reads files whose stamp is another; those with the same content get their new stamp.
    fn study(&self, root: &Path, unlike: Vec<usize>) -> Vec<(usize, Option<FileStamp>)> {
        let study = |position| (position, self.same_content(root, position));
        match &*unlike {
            [] => Vec::new(),
            &[position] => vec![study(position)],
            _ => in_parallel(|| unlike.into_par_iter().map(study).collect()),
        }
    }

    fn same_content(&self, root: &Path, position: usize) -> Option<FileStamp> {
        let content = self.table.content(position)?;
        let full = root.join(self.table.path(position));
        let now = FileStamp::of(&full).ok()??;
        let is_alike = now.kind == FileKind::File
            && self.table.stamp(position).is_some_and(|it| it.size == now.size);
        let seen = if is_alike { observe(&full).ok()? } else { return None };
        let is_same = seen.state == FileState::File(content);
        let renewed = Pictured::new("", &seen, true).filter(|_| is_same);
        renewed.and_then(|it| it.stamp)
    }
}
