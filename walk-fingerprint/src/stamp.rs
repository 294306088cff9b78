//! What a `stat` says about a file, and whether that is enough to know its content.
//!
//! It knows nothing of digests. The rule for "racily clean" files is git's: a time stamp moves in
//! steps, so a file that was written and read within one step can be written again without
//! a trace.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The kernel's clock for time stamps ticks at 100 Hz at the slowest.
const TICK_NS: i64 = 10_000_000;

/// FAT keeps two seconds, HFS+ and old ext one.
const COARSE_TICK_NS: i64 = 2_000_000_000 + TICK_NS;

const SECOND_NS: i64 = 1_000_000_000;

/// What a `stat` says about a file; equal stamps usually mean equal content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// Size in bytes.
    pub size: u64,
    /// When the content was last written, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// When anything about the file last changed, in nanoseconds since 1970.
    pub ctime_ns: i64,
    /// The inode number: another one after a replacement by rename.
    pub inode: u64,
    /// What kind of file it is.
    pub kind: FileKind,
}

/// What kind of file a path leads to, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A fifo, a socket, a device: nothing that has a content.
    Other,
}

impl FileStamp {
    /// Looks at `path`, following links; `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// When the system refuses to look, for example for lack of permission; the error names the
    /// path.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::from(&metadata))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(naming(path, "cannot look at", &error)),
        }
    }

    /// Returns whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Returns whether any writing after the moment `hashed_at_ns` must have changed this stamp.
    ///
    /// A time stamp without a fraction of a second may come from a file system that keeps none.
    pub(crate) fn is_settled_at(&self, hashed_at_ns: i64) -> bool {
        let settled = |time_ns: i64| {
            let tick = if time_ns % SECOND_NS == 0 { COARSE_TICK_NS } else { TICK_NS };
            time_ns.saturating_add(tick) < hashed_at_ns
        };
        settled(self.mtime_ns) && settled(self.ctime_ns)
    }
}

impl From<&Metadata> for FileStamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            kind: FileKind::of(metadata),
        }
    }
}

impl FileKind {
    fn of(metadata: &Metadata) -> Self {
        if metadata.is_file() {
            Self::File
        } else if metadata.is_dir() {
            Self::Directory
        } else {
            Self::Other
        }
    }
}

/// Returns a moment as nanoseconds since 1970.
pub(crate) fn since_epoch_ns(moment: SystemTime) -> i64 {
    let after = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(after.as_nanos()).unwrap_or(i64::MAX)
}

/// Says what could not be done to which path; keeps the kind of error.
pub(crate) fn naming(path: &Path, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} `{}`: {error}", path.display()))
}

/// A path below a file is as missing as a path below a missing directory.
pub(crate) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn nanoseconds(seconds: i64, fraction: i64) -> i64 {
    seconds.saturating_mul(SECOND_NS).saturating_add(fraction)
}
