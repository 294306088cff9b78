//! A SHA-256 digest, and the one way in which fields are fed into one.
//!
//! It knows nothing of files or fingerprints. Every field is prefixed with its length (F11), so
//! that moving a byte from one field to the next changes the digest.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest; prints as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// Returns the digest of `bytes`.
    ///
    /// ```
    /// use walk_fingerprint::Checksum;
    /// let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// assert_eq!(Checksum::of(b"").to_string(), empty);
    /// assert_eq!(empty.parse(), Ok(Checksum::of(b"")));
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps a digest that was computed elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The text is not a digest in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a checksum: expected 64 hexadecimal digits")]
pub struct ParseChecksumError {
    given: String,
}

impl FromStr for Checksum {
    type Err = ParseChecksumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self).ok_or_else(|| ParseChecksumError { given: text.to_owned() })
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each action that runs writes a few of them: not byte by byte through `write!`.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let hex = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex: String = hex.map(|digit| char::from(DIGITS[usize::from(digit)])).collect();
        f.write_str(&hex)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A digest in the making.
pub(crate) struct Hasher(Sha256);

impl Hasher {
    /// Starts a digest of bytes as they are: a file's content.
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    /// Starts a digest of fields; `domain` keeps one kind of thing apart from all others.
    pub(crate) fn of_fields(domain: &str) -> Self {
        let mut hasher = Self::new();
        hasher.field(domain.as_bytes());
        hasher
    }

    /// Adds bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds a field: its length, then its bytes.
    pub(crate) fn field(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Returns the digest of everything added.
    pub(crate) fn finish(self) -> Checksum {
        Checksum(self.0.finalize().into())
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
