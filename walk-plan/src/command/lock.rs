//! The lock of a state directory.
//!
//! It is the kernel's: it ends with the process that holds it, so it is never stale. What the
//! file says is only for those who wait. Where the file system has no locks, that is an error:
//! two walks on one state would each take the other's half-made outputs for finished.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::WalkError;
use super::state_dir::create_private;

/// How much of what a lock file says is read; it says who has it.
const LONGEST_INTRODUCTION: u64 = 1024;

/// The right to change a state directory; given back when dropped or when the process ends.
#[derive(Debug)]
pub struct Lock {
    file: Arc<File>,
}

impl Lock {
    /// Returns the file that is locked, for [`Options::held`](crate::Options::held): then nobody
    /// else gets the lock while a command is alive, even if this process is killed.
    #[must_use]
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Not only closed: somebody else may have it open as well.
        let _ = self.file.unlock();
    }
}

/// The answer to a request for a lock that does not wait.
#[derive(Debug)]
pub enum Held {
    /// It is ours.
    Ours(Lock),
    /// Another process has it, and says this of itself.
    By(String),
}

/// Takes the lock if it is free.
pub(super) fn try_take(path: &Path, who: &str) -> Result<Held, WalkError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => sign(path, file, who).map(Held::Ours),
        Err(TryLockError::WouldBlock) => Ok(Held::By(holder(&file))),
        Err(TryLockError::Error(source)) => Err(refused(path, source)),
    }
}

/// Takes the lock, waiting for as long as another process has it.
pub(super) fn take(path: &Path, who: &str) -> Result<Lock, WalkError> {
    let file = open(path)?;
    file.lock().map_err(|source| refused(path, source))?;
    sign(path, file, who)
}

fn open(path: &Path) -> Result<File, WalkError> {
    // One that exists is as good; any other failure shows again.
    drop(create_private(path));
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.map_err(|source| failed("open", path, source))
}

/// Returns what the holder says of itself; it may be about to, or be no walk at all.
fn holder(file: &File) -> String {
    let mut text = Vec::new();
    let _ = file.take(LONGEST_INTRODUCTION).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|it| !it.is_control()).collect::<String>().trim().to_owned()
}

fn sign(path: &Path, mut file: File, who: &str) -> Result<Lock, WalkError> {
    let mut sign = || {
        file.rewind()?;
        file.write_all(who.as_bytes())?;
        // Emptied first, it would be given a new block each time, which costs a millisecond.
        file.set_len(who.len() as u64)
    };
    sign().map_err(|source| failed("write", path, source))?;
    Ok(Lock { file: Arc::new(file) })
}

/// The system has no lock to give; to go on without one would be to hope.
fn refused(path: &Path, source: io::Error) -> WalkError {
    if source.kind() == io::ErrorKind::Interrupted {
        return failed("lock", path, source);
    }
    WalkError::NoLock { path: path.to_owned(), source }
}

fn failed(verb: &'static str, path: &Path, source: io::Error) -> WalkError {
    WalkError::State { verb, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    /// `ENOLCK`, `ENOSYS`, `EOPNOTSUPP`, as network and user space file systems answer.
    #[test]
    fn a_file_system_without_locks_is_said() {
        for (number, words) in [(37, "No locks"), (38, "not implemented"), (95, "not supported")] {
            let error = refused(Path::new("d/lock"), io::Error::from_raw_os_error(number));
            assert!(error.is_state(), "{error}");
            assert!(error.to_string().starts_with("cannot lock `d/lock`"), "{error}");
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            assert!(cause.contains(words), "{cause}");
        }
    }

    /// Whatever the file says is told to people, and never decides.
    #[test]
    fn any_bytes_may_stand_in_a_lock_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        let check = |bytes: &[u8], expected: &str| {
            std::fs::write(&path, bytes).expect("it is written");
            assert_eq!(holder(&open(&path).expect("it opens")), expected);
        };
        check(b"", "");
        check(b"pid 1: walk run\nx", "pid 1: walk run");
        check(b"\xff\xfe\x1b[2J", "\u{fffd}\u{fffd}[2J");
        check(&b"a".repeat(100_000), &"a".repeat(1024));
    }
}
