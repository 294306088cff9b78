//! Digests of files that were looked at in this walk.
//!
//! A header is an input of a thousand actions and is read once. A file that was written so shortly
//! before it was looked at that another write could leave the same times is read again.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashMap;
use walk_fingerprint::{FileStamp, FileState, observe};

use crate::digest::Digest;

/// No file system's clock is coarser than this.
const COARSEST: Duration = Duration::from_secs(2);

/// Digests of files, by path.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<FxHashMap<PathBuf, (FileStamp, Digest)>>);

/// A regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileSeen {
    pub(crate) digest: Digest,
    pub(crate) is_executable: bool,
}

impl Seen {
    /// Looks at a file, links followed.
    pub(crate) fn file(&self, path: &Path) -> io::Result<FileSeen> {
        let is_executable = fs::metadata(path)?.mode() & 0o111 != 0;
        let stamp = FileStamp::of(path)?.ok_or(io::ErrorKind::NotFound)?;
        let known = self.lock().get(path).filter(|it| it.0 == stamp).map(|it| it.1);
        if let Some(digest) = known {
            return Ok(FileSeen { digest, is_executable });
        }
        let found = observe(path)?;
        let (FileState::File(sum), Some(stamp)) = (found.state, found.stamp) else {
            return Err(io::Error::other(format!("`{}` is no file", path.display())));
        };
        let digest = Digest { sum, size: stamp.size };
        if is_old(&stamp, found.observed_at) {
            self.lock().insert(path.into(), (stamp, digest));
        }
        Ok(FileSeen { digest, is_executable })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<PathBuf, (FileStamp, Digest)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_old(stamp: &FileStamp, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let changed = Duration::from_nanos(u64::try_from(stamp.ctime_ns).unwrap_or(0));
    changed + COARSEST < now
}
