//! The digest of a blob: SHA-256 and its size.

use std::fmt;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};
use walk_fingerprint::Checksum;

use crate::message;

/// The digest of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Digest {
    pub(crate) sum: Checksum,
    pub(crate) size: u64,
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { sum: Checksum::of(bytes), size: bytes.len() as u64 }
    }

    pub(crate) fn message(self) -> message::Digest {
        let size_bytes = i64::try_from(self.size).unwrap_or(i64::MAX);
        message::Digest { hash: self.sum.to_string(), size_bytes }
    }

    /// Reads what a server says; `None` if that is no digest.
    pub(crate) fn read(message: Option<&message::Digest>) -> Option<Self> {
        let message = message?;
        let size = u64::try_from(message.size_bytes).ok()?;
        Some(Self { sum: message.hash.parse().ok()?, size })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sum, self.size)
    }
}

/// Counts and digests what is written through it.
pub(crate) struct Digesting<W> {
    to: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Digesting<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, hasher: Sha256::new(), size: 0 }
    }

    pub(crate) fn digest(self) -> Digest {
        Digest { sum: Checksum::from_bytes(self.hasher.finalize().into()), size: self.size }
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Copies a blob, and fails if it is not the one that it should be.
pub(crate) fn copy_checked(
    from: &mut impl Read,
    to: &mut impl Write,
    expected: Digest,
) -> io::Result<()> {
    let mut to = Digesting::new(to);
    // No more than a byte too many: what is too long is wrong already.
    io::copy(&mut from.take(expected.size.saturating_add(1)), &mut to)?;
    to.flush()?;
    let found = to.digest();
    if found == expected {
        Ok(())
    } else {
        let what = format!("the content is {found} and should be {expected}");
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }
}
