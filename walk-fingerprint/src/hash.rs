//! The digest of a file's content.
//!
//! Streams blocks of 64 KiB through SHA-256. No memory mapping: a file that is truncated while it
//! is mapped kills the process, and for many small files mapping is slower. A file that changes
//! while it is read is read again; one that never holds still is an error, not a guess.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::checksum::{Checksum, Hasher};
use crate::os;
use crate::pool::in_parallel;
use crate::stamp::{FileKind, FileStamp, is_missing, naming};

/// How often a file that changes is read again.
pub(crate) const ATTEMPTS: u32 = 5;

const BLOCK: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BLOCK]);
}

/// A digest, what the file looked like, and the moment before it was looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashed {
    pub(crate) stamp: FileStamp,
    pub(crate) checksum: Checksum,
    pub(crate) at: SystemTime,
}

/// What one look at a path came to.
pub(crate) enum Look {
    Missing,
    Directory(FileStamp),
    File(Hashed),
}

/// Returns the digest of a file's content.
///
/// # Errors
///
/// When the file is missing, is no regular file, cannot be read, or keeps changing while it is
/// read; the error names the path.
///
/// ```
/// use walk_fingerprint::{Checksum, hash_file};
/// let path = tempfile::NamedTempFile::new()?;
/// std::fs::write(&path, "content")?;
/// assert_eq!(hash_file(&path)?, Checksum::of(b"content"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn hash_file(path: impl AsRef<Path>) -> io::Result<Checksum> {
    let path = path.as_ref();
    let refused = |kind: io::ErrorKind, what: &str| {
        Err(io::Error::new(kind, format!("cannot hash `{}`: {what}", path.display())))
    };
    match look(path)? {
        Look::File(hashed) => Ok(hashed.checksum),
        Look::Missing => refused(io::ErrorKind::NotFound, "no such file"),
        Look::Directory(_) => refused(io::ErrorKind::IsADirectory, "it is a directory"),
    }
}

/// Returns the digests of many files, in the order given, hashed in parallel.
///
/// # Errors
///
/// Each result on its own, as of [`hash_file`].
pub fn hash_files<P: AsRef<Path> + Sync>(paths: &[P]) -> Vec<io::Result<Checksum>> {
    in_parallel(|| paths.par_iter().map(hash_file).collect())
}

/// Looks at a path, and hashes it if it is a file, until it was the same before and after.
pub(crate) fn look(path: &Path) -> io::Result<Look> {
    for _ in 0..ATTEMPTS {
        if let Some(look) = look_once(path)? {
            return Ok(look);
        }
    }
    Err(unstable(path))
}

/// The error for what changed during every attempt.
pub(crate) fn unstable(path: &Path) -> io::Error {
    let what = format!("`{}` keeps changing while it is read", path.display());
    io::Error::new(io::ErrorKind::ResourceBusy, what)
}

/// The error for what has no content: opening it could wait for ever or do something.
pub(crate) fn not_regular(path: &Path) -> io::Error {
    let what = format!("`{}` is neither a regular file nor a directory", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// `None`: the file was not the same before and after.
fn look_once(path: &Path) -> io::Result<Option<Look>> {
    let at = SystemTime::now();
    let Some(stamp) = FileStamp::of(path)? else { return Ok(Some(Look::Missing)) };
    match stamp.kind {
        FileKind::Directory => return Ok(Some(Look::Directory(stamp))),
        FileKind::Other => return Err(not_regular(path)),
        FileKind::File => (),
    }
    let mut file = match os::open_without_waiting(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(naming(path, "cannot open", &error)),
    };
    let hashed = hash_stream(&mut file).and_then(|checksum| {
        let after = FileStamp::from(&file.metadata()?);
        Ok((after == stamp).then_some(Look::File(Hashed { stamp, checksum, at })))
    });
    hashed.map_err(|error| naming(path, "cannot read", &error))
}

fn hash_stream(file: &mut File) -> io::Result<Checksum> {
    BUFFER.with_borrow_mut(|buffer| {
        let mut hasher = Hasher::new();
        loop {
            match file.read(buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.raw(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
    })
}
