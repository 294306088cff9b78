//! Where results and blobs are: a directory, or a server.

mod directory;
#[cfg(feature = "grpc")]
mod grpc;
mod patient;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use directory::Directory;
#[cfg(feature = "grpc")]
pub(crate) use grpc::Server;
pub(crate) use patient::Patient;

use prost::Message as _;

use crate::digest::{Digest, copy_checked};
use crate::message::ActionResult;

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

    /// Keeps blobs that are not there yet; returns how many bytes that were. One that is not what it
    /// was is `InvalidInput`.
    fn put(&self, blobs: &[Blob]) -> io::Result<u64>;

    /// Asks for something, and, if it `is_written`, tries whether that can be done, as far as it
    /// leaves nothing; an error says what does not work.
    fn probe(&self, is_written: bool) -> io::Result<()> {
        let _ = is_written;
        match self.result(Digest::of(b"is there anybody?")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends all calls to a server, those that are under way and those that come.
    fn abandon(&self) {}

    /// Returns how many calls to a server were made.
    fn requests(&self) -> u64 {
        0
    }

    /// Returns the result of an action.
    fn action_result(&self, action: Digest) -> io::Result<ActionResult> {
        let bytes = self.result(action)?;
        ActionResult::decode(&*bytes).map_err(|it| io::Error::new(io::ErrorKind::InvalidData, it))
    }
}

/// Returns how long a call may take that moves so many bytes: a second more for each megabyte.
pub(crate) fn limit(deadline: Duration, bytes: u64) -> Duration {
    deadline.saturating_add(Duration::from_millis(bytes / 1_000))
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

    /// Copies it, if it is still what it was.
    pub(crate) fn copy(&self, to: &mut impl io::Write) -> io::Result<()> {
        let digest = self.digest();
        let copied = match self {
            Self::Bytes(_, bytes) => copy_checked(&mut &bytes[..], to, digest),
            Self::File(_, path) => copy_checked(&mut File::open(path)?, to, digest),
        };
        copied.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => io::Error::new(io::ErrorKind::InvalidInput, error),
            _ => error,
        })
    }
}
