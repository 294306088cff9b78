//! A memory of digests: what is in a file, at the price of a `stat`.
//!
//! A digest is keyed by size, mtime, ctime and inode, and trusted only if the file had held still
//! for more than a tick of the clock when it was hashed; otherwise the file is hashed again.
//! A directory has no digest of its own here, only the files below it have. It does not know
//! where its rows are kept: they come in by [`DigestCache::load`] and go out by
//! [`DigestCache::dirty_rows`].
//!
//! Nothing is allocated for a path whose digest is known: ten thousand actions that have nothing
//! to do cost little more than the `stat` of their files.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::checksum::Checksum;
use crate::observe::{Depth, FileState, Observed, observe_knowing};
use crate::pool::in_parallel;
use crate::stamp::{FileKind, FileStamp, since_epoch_ns};
use crate::tree::Tree;

/// Below this many paths, threads cost more than they save.
const PARALLEL_FROM: usize = 256;

/// What is remembered of one path, to be kept until the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRow {
    /// The path, relative to the root of the cache or absolute.
    pub path: PathBuf,
    /// Its digest; `None` says that what was remembered is to be forgotten.
    pub known: Option<KnownDigest>,
}

/// The digest of a file's content, and for which file it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDigest {
    /// What the file looked like.
    pub stamp: FileStamp,
    /// The digest of its content.
    pub checksum: Checksum,
    /// The moment before it was read, in nanoseconds since 1970.
    pub hashed_at_ns: i64,
}

impl KnownDigest {
    /// Returns whether a file that looks like `stamp` must still have this content: git's rule
    /// for racily clean files.
    fn holds_for(&self, stamp: &FileStamp) -> bool {
        self.stamp == *stamp && stamp.is_settled_at(self.hashed_at_ns)
    }
}

/// A memory of digests for the paths below a root.
///
/// ```
/// use walk_fingerprint::{DigestCache, FileState};
/// let root = tempfile::tempdir()?;
/// std::fs::write(root.path().join("a"), "content")?;
///
/// let mut cache = DigestCache::new(root.path().into());
/// let a = cache.observe_one("a".as_ref())?;
/// let b = cache.observe_one("b".as_ref())?;
/// assert!(matches!((a.state, b.state), (FileState::File(_), FileState::Missing)));
/// assert_eq!(cache.dirty_rows().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DigestCache {
    root: PathBuf,
    depth: Depth,
    known: FxHashMap<Box<OsStr>, KnownDigest>,
    /// Paths whose row changed since the rows were last taken.
    dirty: FxHashSet<Box<OsStr>>,
}

impl DigestCache {
    /// Makes a cache that remembers nothing; relative paths are looked up below `root`.
    ///
    /// An empty root is the current directory, which is a little faster than its full path.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        let depth = Depth::default();
        Self { root, depth, known: FxHashMap::default(), dirty: FxHashSet::default() }
    }

    /// Sets how far to look into directories.
    #[must_use]
    pub fn with_depth(self, depth: Depth) -> Self {
        Self { depth, ..self }
    }

    /// Makes a cache that remembers `rows`.
    #[must_use]
    pub fn from_rows(root: PathBuf, rows: Vec<DigestRow>) -> Self {
        let mut cache = Self::new(root);
        cache.load(rows);
        cache
    }

    /// Adds rows that were saved; they count as saved.
    pub fn load(&mut self, rows: Vec<DigestRow>) {
        self.known.reserve(rows.len());
        for DigestRow { path, known } in rows {
            if let Some(known) = known {
                self.known.insert(path.into_os_string().into_boxed_os_str(), known);
            }
        }
    }

    /// Looks at paths, in parallel: first a `stat` of each, then the content of those whose
    /// digest is not known. Answers in the order given, and remembers what it hashed.
    ///
    /// # Errors
    ///
    /// Each result on its own, as of [`observe`](crate::observe).
    pub fn observe(&mut self, paths: &[&Path]) -> Vec<io::Result<Observed>> {
        let glanced = self.glance_all(paths);
        let is_unknown = |&index: &usize| matches!(glanced[index], Ok(None));
        let unknown: Vec<&Path> =
            (0..paths.len()).filter(is_unknown).map(|index| paths[index]).collect();
        let studied = self.study_all(&unknown);
        let learned = unknown.iter().zip(studied).map(|(path, result)| {
            let (observed, tree) = result?;
            self.remember(path, &observed, tree);
            Ok(observed)
        });
        let answers = fill_in(glanced, learned);
        self.forget_missing(paths, &answers);
        answers
    }

    /// Looks at one path, as [`observe`](Self::observe) does.
    ///
    /// # Errors
    ///
    /// As of [`observe`](crate::observe).
    pub fn observe_one(&mut self, path: &Path) -> io::Result<Observed> {
        self.observe(&[path]).swap_remove(0)
    }

    /// Remembers a digest that was computed elsewhere, for example by
    /// [`observe`](crate::observe) on another thread.
    ///
    /// `observed_at` is a moment before the file was looked at.
    pub fn record(
        &mut self,
        path: &Path,
        stamp: FileStamp,
        checksum: Checksum,
        observed_at: SystemTime,
    ) {
        if stamp.kind == FileKind::File {
            let hashed_at_ns = since_epoch_ns(observed_at);
            self.set(path.as_os_str(), KnownDigest { stamp, checksum, hashed_at_ns });
        }
    }

    /// Returns every row that is remembered, in no order: what a new cache can be made of.
    #[must_use]
    pub fn into_rows(self) -> Vec<DigestRow> {
        let row = |(key, known): (Box<OsStr>, KnownDigest)| DigestRow {
            path: key.into_os_string().into(),
            known: Some(known),
        };
        self.known.into_iter().map(row).collect()
    }

    /// Forgets the rows whose file is gone, also of paths that nobody asks for any more.
    ///
    /// Costs a `stat` for every row.
    pub fn prune(&mut self) {
        let keys: Vec<&OsStr> = self.known.keys().map(AsRef::as_ref).collect();
        let is_gone = |key: &&OsStr| matches!(FileStamp::of(&self.root.join(key)), Ok(None));
        let gone: Vec<Box<OsStr>> =
            in_parallel(|| keys.into_par_iter().filter(is_gone).map(Box::from).collect());
        for key in gone {
            self.forget(&key);
        }
    }

    /// Returns what changed since the rows were loaded or last taken, sorted by path.
    pub fn dirty_rows(&mut self) -> Vec<DigestRow> {
        let mut rows: Vec<DigestRow> = self
            .dirty
            .drain()
            .map(|key| {
                let known = self.known.get(&key).copied();
                DigestRow { path: key.into_os_string().into(), known }
            })
            .collect();
        rows.sort_unstable_by(|left, right| left.path.as_os_str().cmp(right.path.as_os_str()));
        rows
    }

    fn glance_all(&self, paths: &[&Path]) -> Vec<io::Result<Option<Observed>>> {
        let now = SystemTime::now();
        let glance = |full: &mut PathBuf, path: &&Path| self.glance(full, path, now);
        if paths.len() < PARALLEL_FROM {
            let mut full = PathBuf::new();
            return paths.iter().map(|path| glance(&mut full, path)).collect();
        }
        let chunks = paths.par_iter().with_min_len(PARALLEL_FROM / 2);
        in_parallel(|| chunks.map_init(PathBuf::new, glance).collect())
    }

    /// Answers from a `stat` and from memory; `None` if the content must be read. `full` is
    /// space to put the path together in.
    fn glance(
        &self,
        full: &mut PathBuf,
        path: &Path,
        now: SystemTime,
    ) -> io::Result<Option<Observed>> {
        self.locate(full, path);
        let Some(stamp) = FileStamp::of(full)? else { return Ok(Some(Observed::missing(now))) };
        let known = self.known.get(path.as_os_str()).filter(|known| known.holds_for(&stamp));
        Ok(known.map(|known| Observed {
            state: FileState::File(known.checksum),
            stamp: Some(stamp),
            observed_at: now,
        }))
    }

    fn study_all(&self, paths: &[&Path]) -> Vec<io::Result<(Observed, Option<Tree>)>> {
        match paths {
            [] => Vec::new(),
            [path] => vec![self.study(path)],
            _ => in_parallel(|| {
                paths.par_iter().with_max_len(1).map(|path| self.study(path)).collect()
            }),
        }
    }

    fn study(&self, path: &Path) -> io::Result<(Observed, Option<Tree>)> {
        let recall = |below: &Path, stamp: &FileStamp| {
            let known = self.known.get(path.join(below).as_os_str())?;
            known.holds_for(stamp).then_some(known.checksum)
        };
        observe_knowing(&self.root.join(path), self.depth, &recall)
    }

    fn remember(&mut self, path: &Path, observed: &Observed, tree: Option<Tree>) {
        if let (FileState::File(checksum), Some(stamp)) = (observed.state, observed.stamp) {
            self.record(path, stamp, checksum, observed.observed_at);
        }
        for (below, hashed) in tree.map(|tree| tree.learned).into_iter().flatten() {
            self.record(&path.join(below), hashed.stamp, hashed.checksum, hashed.at);
        }
    }

    fn forget_missing(&mut self, paths: &[&Path], answers: &[io::Result<Observed>]) {
        for (path, answer) in paths.iter().zip(answers) {
            let missing = matches!(answer, Ok(seen) if seen.state == FileState::Missing);
            if missing {
                self.forget(path.as_os_str());
            }
        }
    }

    fn set(&mut self, key: &OsStr, known: KnownDigest) {
        let previous = self.known.insert(key.into(), known);
        if previous != Some(known) {
            self.dirty.insert(key.into());
        }
    }

    fn forget(&mut self, key: &OsStr) {
        if self.known.remove(key).is_some() {
            self.dirty.insert(key.into());
        }
    }

    fn locate(&self, full: &mut PathBuf, path: &Path) {
        full.as_mut_os_string().clear();
        full.push(&self.root);
        full.push(path);
    }
}

/// Puts what was learned in the places that were left open.
fn fill_in(
    glanced: Vec<io::Result<Option<Observed>>>,
    mut learned: impl Iterator<Item = io::Result<Observed>>,
) -> Vec<io::Result<Observed>> {
    let mut next = || learned.next().expect("every open place was studied");
    glanced.into_iter().map(|seen| seen.transpose().unwrap_or_else(&mut next)).collect()
}
