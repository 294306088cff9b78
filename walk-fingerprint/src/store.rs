//! What is remembered from one run to the next, whoever keeps it.
//!
//! A small trait, so that a test can keep it in memory, a measurement can change how it is kept,
//! and a crash test can kill it. It knows nothing of when a fingerprint is compared.

use std::io;
use std::path::{Path, PathBuf};

use crate::cache::DigestRow;
use crate::fingerprint::Fingerprint;

/// What is remembered from one run to the next: fingerprints and notes by uid, file digests.
///
/// A value that cannot be verified is a missing one, never an error (F9). Nothing needs to be
/// loaded first; [`preload`](Self::preload) only makes many lookups cheaper.
pub trait Store: Send {
    /// Returns the fingerprint that was last saved for `uid`.
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn load_fingerprint(&mut self, uid: &str) -> Result<Option<Fingerprint>, StoreError>;

    /// Keeps a fingerprint for `uid`, or forgets it (`None`); safe after
    /// [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn save_fingerprint(
        &mut self,
        uid: &str,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), StoreError>;

    /// Returns the note that was last saved for `uid`.
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn load_note(&mut self, uid: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a note for `uid`, or forgets it: bytes that mean something to the caller only, for
    /// example what it knows of the last run.
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn save_note(&mut self, uid: &str, note: Option<&[u8]>) -> Result<(), StoreError>;

    /// Returns every uid that has a fingerprint or a note, sorted.
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn uids(&mut self) -> Result<Vec<String>, StoreError>;

    /// Says that many uids will be asked for: one scan instead of many lookups.
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn preload(&mut self) -> Result<(), StoreError>;

    /// Returns where the values of `uid` are, for [`preload_few`](Self::preload_few); `None` if
    /// there are none, or this store does not tell.
    fn place(&self, uid: &str) -> Option<i64> {
        let _ = uid;
        None
    }

    /// Says that few uids will be asked for, and where [`place`](Self::place) said they are;
    /// nobody has written since. Others may be asked for all the same.
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn preload_few(&mut self, places: &[(&str, i64)]) -> Result<(), StoreError> {
        let _ = places;
        Ok(())
    }

    /// Returns all file digests that are to be believed. After another boot, those are not among
    /// them that were taken within ten minutes of the file's last change: what was written may
    /// not have reached the disk. There are none after a power failure in the middle of a run,
    /// see [`was_unclean`](Self::was_unclean).
    ///
    /// # Errors
    ///
    /// When the system refuses to read.
    fn load_digests(&mut self) -> Result<Vec<DigestRow>, StoreError>;

    /// Keeps file digests, and forgets those whose row says so.
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn save_digests(&mut self, rows: &[DigestRow]) -> Result<(), StoreError>;

    /// Says that a run starts that will execute something; until [`finish`](Self::finish) the
    /// store knows, even after a power failure, that it was under way.
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes everything saved so far survive the death of this process, and the system's as soon
    /// as it has written its cache; it does not wait for the disk. What was saved and never
    /// committed is lost.
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Commits and ends the run; after a [`begin`](Self::begin) it also tidies up.
    ///
    /// # Errors
    ///
    /// When the system refuses to write.
    fn finish(&mut self) -> Result<(), StoreError>;

    /// Returns whether the last run did not finish **and** the machine was booted since: what it
    /// wrote to files may not have reached the disk, so the store has forgotten all file digests
    /// and every file is read again. Of the fingerprints that the run forgot or saved, the last
    /// ones may be as they were before.
    fn was_unclean(&self) -> bool;
}

/// The store could not be read or written.
///
/// Damage is not among these: it is a missing value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened or created.
    #[error("cannot open `{path}`: {reason}")]
    Open {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is open but could not be read.
    #[error("cannot read `{path}`: {reason}")]
    Read {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file could not be written.
    #[error("cannot write `{path}`: {reason}")]
    Write {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process has been writing for too long.
    #[error("cannot use `{path}`: another process is writing to it")]
    Locked {
        /// The store's file.
        path: PathBuf,
    },
    /// Something was to be saved in a store that was opened for reading.
    #[error("cannot write `{path}`: the store was opened for reading only")]
    ReadOnly {
        /// The store's file.
        path: PathBuf,
    },
}

impl StoreError {
    /// Returns the file that could not be used.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Open { path, .. }
            | Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Locked { path }
            | Self::ReadOnly { path } => path,
        }
    }

    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn writing(path: &Path, error: &io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason: error.to_string() }
    }
}
