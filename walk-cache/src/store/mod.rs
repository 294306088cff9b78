//! Where results and blobs are: a directory, or a server.

mod directory;
#[cfg(feature = "grpc")]
mod grpc;

use std::fs::File;
use std::io;
use std::path::PathBuf;

pub(crate) use directory::Directory;
#[cfg(feature = "grpc")]
pub(crate) use grpc::Server;

use crate::digest::Digest;

/// A place for results and blobs.
///
/// A blob or result that is not there is `NotFound`; what is there and wrong is another error.
pub(crate) trait Store: Send + Sync {
    /// Returns the encoded result of an action.
    fn result(&self, action: Digest) -> io::Result<Vec<u8>>;

    /// Keeps the encoded result of an action, whose blobs are there.
    fn put_result(&self, action: Digest, result: &[u8]) -> io::Result<()>;

    /// Returns a blob, checked.
    fn read(&self, digest: Digest) -> io::Result<Vec<u8>>;

    /// Writes blobs to files that are not there yet, checked; all or an error.
    fn fetch(&self, blobs: &[Wanted]) -> io::Result<()>;

    /// Keeps blobs that are not there yet; returns how many bytes that were.
    fn put(&self, blobs: &[Blob]) -> io::Result<u64>;
}

/// A blob, and the file that it is to become.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) digest: Digest,
    pub(crate) path: PathBuf,
    pub(crate) is_executable: bool,
}

/// A blob to be kept.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    Bytes(Digest, Vec<u8>),
    /// The content of a file, if that is still what it was.
    File(Digest, PathBuf),
}

impl Blob {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self::Bytes(Digest::of(&bytes), bytes)
    }

    pub(crate) fn digest(&self) -> Digest {
        match self {
            Self::Bytes(digest, _) | Self::File(digest, _) => *digest,
        }
    }

    /// Opens it for reading; what is read is still to be checked.
    pub(crate) fn open(&self) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(match self {
            Self::Bytes(_, bytes) => Box::new(&bytes[..]),
            Self::File(_, path) => Box::new(File::open(path)?),
        })
    }
}
