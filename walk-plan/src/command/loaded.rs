//! An open store, and what of it is to be believed.
//!
//! The store forgets a fingerprint before its action runs, and that survives the death of the
//! process, unless somebody removes or cuts the store's log before the next walk; it survives a
//! loss of power only as far as the system had written it. After either in the middle of a walk,
//! any fingerprint may be one that had been forgotten. It is still right if all that it says can
//! be looked at: an action whose inputs and outputs have the contents that it names is up to date,
//! whatever happened in between. What cannot be looked at is run again; and after a loss of power
//! every file is read again.

use std::fmt;
use std::path::PathBuf;

use rustc_hash::FxHashSet;
use walk_core::fingerprint::{DigestRow, StoreError};
use walk_core::{Checksum, Fingerprint, Store, Value};

use super::{WalkError, elements};

/// An open store, and all that a walk asks of it at the beginning.
pub struct Loaded {
    pub(super) store: Box<dyn Store>,
    pub(super) digests: Vec<DigestRow>,
    /// The actions whose fingerprint is not to be believed, and could not be forgotten, because
    /// the store was opened for reading.
    pub(super) doubted: FxHashSet<String>,
}

impl Loaded {
    /// Reads what a walk asks of `store`. After a loss of power, and after a walk that `was_killed`,
    /// it forgets what cannot be verified.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read, or not written.
    pub fn new(mut store: Box<dyn Store>, was_killed: bool) -> Result<Self, WalkError> {
        store.preload()?;
        let went_down = store.was_unclean();
        if !went_down && !was_killed {
            let digests = store.load_digests()?;
            return Ok(Self { store, digests, doubted: FxHashSet::default() });
        }
        let doubted = unverifiable(&mut *store)?;
        let again = match doubted.len() {
            0 => None,
            1 => Some("1 action runs again whose outputs say too little".to_owned()),
            n => Some(format!("{n} actions run again whose outputs say too little")),
        };
        if went_down {
            let again = again.map_or_else(String::new, |it| format!(", and {it}"));
            log::warn!(
                target: "walk",
                "the system went down in the middle of the last walk: every file is read again{again}"
            );
        } else if let Some(again) = again {
            log::warn!(target: "walk", "the last walk was killed: {again}");
        }
        let doubted = if forget(&mut *store, &doubted)? { FxHashSet::default() } else { doubted };
        let digests = if went_down { Vec::new() } else { store.load_digests()? };
        Ok(Self { store, digests, doubted })
    }

    /// Returns the files that the depfile of an action named when it last succeeded; `None` if
    /// no success of it is on record.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn discovered(&mut self, action: &str) -> Result<Option<Vec<PathBuf>>, WalkError> {
        let fingerprint = self.store.load_fingerprint(action)?;
        Ok(fingerprint.map(|it| elements::discovered(&it).collect()))
    }

    /// Closes the store and collects what nobody needs any more.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn compact(mut self) -> Result<(), WalkError> {
        self.store.begin()?;
        Ok(self.store.finish()?)
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("digests", &self.digests.len()).finish_non_exhaustive()
    }
}

/// Returns the actions whose fingerprint says more than what can be looked at.
fn unverifiable(store: &mut dyn Store) -> Result<FxHashSet<String>, WalkError> {
    let mut doubted = FxHashSet::default();
    for action in store.uids()? {
        let fingerprint = store.load_fingerprint(&action)?;
        if fingerprint.is_some_and(|it| !is_verifiable(&it)) {
            doubted.insert(action);
        }
    }
    Ok(doubted)
}

/// Returns whether a fingerprint says of every output what is in it, and of nothing else what
/// came of it.
fn is_verifiable(fingerprint: &Fingerprint) -> bool {
    let empty = Checksum::of(b"");
    let mut outputs = elements::outputs(fingerprint).peekable();
    fingerprint.get(elements::LATE).is_none()
        && outputs.peek().is_some()
        && outputs.all(|(_, it)| matches!(it, Value::Digest(digest) if *digest != empty))
}

/// Forgets fingerprints, together with the digests of all files; returns false if the store was
/// opened for reading.
fn forget(store: &mut dyn Store, actions: &FxHashSet<String>) -> Result<bool, WalkError> {
    for action in actions {
        match store.save_fingerprint(action, None) {
            Err(StoreError::ReadOnly { .. }) => return Ok(false),
            forgotten => forgotten?,
        }
    }
    store.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_looked_at_is_verifiable() {
        let check = |elements: &[(&str, Value)], expected: bool| {
            let elements = elements.iter().map(|(name, value)| ((*name).into(), value.clone()));
            assert_eq!(is_verifiable(&elements.collect()), expected);
        };
        let full = || Value::Digest(Checksum::of(b"x"));
        let empty = || Value::Digest(Checksum::of(b""));
        check(&[("command", "c".into()), ("output o", full())], true);
        check(&[("output o", full()), ("output p", full()), ("input i", empty())], true);
        check(&[("command", "c".into()), ("input i", full())], false);
        check(&[("output o", full()), ("output stamp", empty())], false);
        check(&[("output o", full()), ("output d", "directory".into())], false);
        check(&[("output o", full()), ("late", "printed".into())], false);
    }
}
