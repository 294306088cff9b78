//! A fingerprint in a file of its own, for whoever has no store (F9).
//!
//! The file is a magic text and one record: format byte, CRC32, payload. Whatever is wrong with
//! it, loading says so once in the log and returns nothing.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::codec::{self, Format};
use crate::fingerprint::Fingerprint;
use crate::store::StoreError;

/// The first bytes of every file.
const MAGIC: &[u8; 8] = b"walk-fp\n";

impl Fingerprint {
    /// Returns the content of the file that [`save`](Self::save) writes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let record = codec::seal(Format::File, MAGIC, &codec::encode_elements(self));
        [MAGIC.as_slice(), &record].concat()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let record = bytes.strip_prefix(MAGIC)?;
        codec::decode_elements(codec::unseal(Format::File, MAGIC, record)?)
    }

    /// Writes the fingerprint to `path`, replacing what is there in one step.
    ///
    /// # Errors
    ///
    /// [`StoreError::Write`] when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref();
        replace(path, &self.to_bytes()).map_err(|error| StoreError::writing(path, &error))
    }

    /// Reads a fingerprint that [`save`](Self::save) wrote.
    ///
    /// A file that is missing, damaged, foreign or of another version is no fingerprint: the
    /// answer is `None`, said once in the log unless the file is just missing (F9).
    ///
    /// # Errors
    ///
    /// [`StoreError::Read`] when the file is there and the system refuses to read it.
    pub fn load(path: impl AsRef<Path>) -> Result<Option<Self>, StoreError> {
        let path = path.as_ref();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::reading(path, &error)),
        };
        let loaded = Self::from_bytes(&bytes);
        if loaded.is_none() {
            log::warn!(target: "walk", "`{}` is not a fingerprint of this version: ignored", path.display());
        }
        Ok(loaded)
    }
}

/// Writes beside the target, then renames: a reader sees the old content or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = temporary_name(path);
    let written = fs::File::create(&beside).and_then(|mut file| file.write_all(bytes));
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        drop(fs::remove_file(&beside));
    }
    replaced
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    name.into()
}
