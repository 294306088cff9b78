//! A store that lives as long as the process: for tests, and for embedders who keep nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cache::{DigestRow, KnownDigest};
use crate::fingerprint::Fingerprint;
use crate::store::{Store, StoreError};

/// A store in memory; it never fails.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    fingerprints: BTreeMap<String, Fingerprint>,
    notes: BTreeMap<String, Vec<u8>>,
    digests: BTreeMap<PathBuf, KnownDigest>,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn load_fingerprint(&mut self, uid: &str) -> Result<Option<Fingerprint>, StoreError> {
        Ok(self.fingerprints.get(uid).cloned())
    }

    fn save_fingerprint(
        &mut self,
        uid: &str,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), StoreError> {
        put(&mut self.fingerprints, uid, fingerprint.cloned());
        Ok(())
    }

    fn load_note(&mut self, uid: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.notes.get(uid).cloned())
    }

    fn save_note(&mut self, uid: &str, note: Option<&[u8]>) -> Result<(), StoreError> {
        put(&mut self.notes, uid, note.map(<[u8]>::to_vec));
        Ok(())
    }

    fn uids(&mut self) -> Result<Vec<String>, StoreError> {
        let mut uids: Vec<String> =
            self.fingerprints.keys().chain(self.notes.keys()).cloned().collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    fn preload(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn load_digests(&mut self) -> Result<Vec<DigestRow>, StoreError> {
        let row = |(path, known): (&PathBuf, &KnownDigest)| DigestRow {
            path: path.clone(),
            known: Some(*known),
        };
        Ok(self.digests.iter().map(row).collect())
    }

    fn save_digests(&mut self, rows: &[DigestRow]) -> Result<(), StoreError> {
        for row in rows {
            match row.known {
                Some(known) => self.digests.insert(row.path.clone(), known),
                None => self.digests.remove(&row.path),
            };
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn was_unclean(&self) -> bool {
        false
    }
}

fn put<T>(values: &mut BTreeMap<String, T>, uid: &str, value: Option<T>) {
    match value {
        Some(value) => values.insert(uid.to_owned(), value),
        None => values.remove(uid),
    };
}
