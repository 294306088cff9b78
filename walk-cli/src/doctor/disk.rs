//! What the state needs of its file system, tried with a file of its own.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::finding::{Finding, ok, warn};
use crate::os::{FileSystem, file_system as kind};

/// For how long times are looked at, and how coarse they may be.
const LONGEST: Duration = Duration::from_millis(60);
const COARSE: Duration = Duration::from_millis(20);

/// What the file system is; `is_shared` says that it has to be one of several machines.
pub(super) fn file_system(place: &Path, is_shared: bool) -> Finding {
    let name = "file system";
    let where_ = place.display();
    match kind(place) {
        FileSystem::Local => ok(name, format!("{where_} is on this machine")),
        FileSystem::Memory => ok(name, format!("{where_} is in memory: the state ends with it")),
        FileSystem::Fuse => {
            ok(name, format!("{where_} is made by a program (FUSE): walk watch may need --poll"))
        }
        FileSystem::Network(kind) if is_shared => ok(
            name,
            format!(
                "{where_} is on a network ({kind}), as a cluster needs it; walk watch needs --poll"
            ),
        ),
        FileSystem::Network(kind) => warn(
            name,
            format!(
                "{where_} is on a network ({kind}): --state-dir on a local disk is quicker and surer, and walk watch needs --poll"
            ),
        ),
    }
}

pub(super) fn locks(place: &Path) -> Finding {
    let name = "locks";
    let probe = match Probe::make(place) {
        Ok(probe) => probe,
        Err(error) => {
            let wrong = format!("{} cannot be written: {error}", place.display());
            return warn(name, format!("{wrong}; --state-dir names another"));
        }
    };
    let other = || File::open(&probe.path).map(|it| it.try_lock());
    match (probe.file.try_lock(), other()) {
        (Ok(()), Ok(Err(TryLockError::WouldBlock))) => {
            ok(name, "two walks on one state wait for each other")
        }
        (Ok(()), _) => warn(name, "a lock keeps nobody out here: --state-dir on a local disk does"),
        (Err(TryLockError::Error(error)), _) => {
            warn(name, format!("there are none here ({error}): --state-dir on a local disk has"))
        }
        (Err(TryLockError::WouldBlock), _) => warn(name, "somebody else has a file of ours"),
    }
}

pub(super) fn clock(place: &Path) -> Finding {
    let name = "clock";
    match Probe::make(place).ok().and_then(|mut it| it.resolution()) {
        Some(step) if step <= COARSE => {
            // Where each question makes the times finer, the step is the time between two.
            let micros = step.as_micros().max(1);
            ok(name, format!("times of files come in steps of {micros} \u{b5}s or less"))
        }
        _ => warn(
            name,
            "times of files are coarse here: more files are read again to be sure of them",
        ),
    }
}

/// A file that is removed in the end.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn make(place: &Path) -> io::Result<Self> {
        let path = place.join(format!(".walk-doctor-{}", std::process::id()));
        Ok(Self { file: File::create(&path)?, path })
    }

    /// Returns the smallest step between two times of the file.
    fn resolution(&mut self) -> Option<Duration> {
        let (began, mut last, mut smallest) = (Instant::now(), self.write()?, None);
        while began.elapsed() < LONGEST {
            let now = self.write()?;
            if let Some(step) = now.duration_since(last).ok().filter(|it| !it.is_zero()) {
                smallest = Some(smallest.map_or(step, |it: Duration| it.min(step)));
            }
            last = now;
        }
        smallest
    }

    fn write(&mut self) -> Option<SystemTime> {
        self.file.write_all(b".").ok()?;
        fs::metadata(&self.path).and_then(|it| it.modified()).ok()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // What cannot be removed was named for what it is.
        let _ = fs::remove_file(&self.path);
    }
}
