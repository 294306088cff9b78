//! The state that walk keeps for a manifest of ninja: it is walk's own, with walk's own lock.
//!
//! ninja has no lock, and generators rely on that: commands call ninja again, to clean or to
//! build something else, in the directory whose build has started them. To wait for that
//! build would be to wait for ever. Such an inner call gets a state of its own below the outer
//! one, which begins with what the outer one knows.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process;
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use walk_core::Store;
use walk_plan::{Held, Loaded, Lock, StateDir, WalkError};

use crate::project::{introduce, is_outer, say_waiting};

/// A state directory that is ours.
#[derive(Debug)]
pub(super) struct State {
    pub(super) dir: StateDir,
    /// The store and the digests, while no walk has them.
    pub(super) loaded: Option<Loaded>,
    /// The thread that reads them, the first time.
    loading: Option<JoinHandle<Result<Loaded, WalkError>>>,
    /// The state of the build that started this one.
    outer: Option<StateDir>,
    pub(super) lock: Lock,
}

impl State {
    /// Takes the lock of the directory at `path`. While another walk has it, says so and waits;
    /// returns whether it had to, as what was read before may have changed.
    pub(super) fn lock(path: PathBuf) -> Result<(Self, bool), WalkError> {
        let dir = StateDir::new(path);
        dir.create()?;
        let (lock, has_waited) = match dir.try_lock(&who())? {
            Held::Ours(lock) => (lock, false),
            Held::By(holder) if is_outer(&holder) => {
                let (inner, has_waited) = Self::lock(dir.path().join("inner"))?;
                return Ok((Self { outer: Some(dir), ..inner }, has_waited));
            }
            Held::By(holder) => {
                say_waiting(&holder);
                (dir.lock(&who())?, true)
            }
        };
        Ok((Self { dir, loading: None, loaded: None, outer: None, lock }, has_waited))
    }

    /// Takes the lock of the directory at `path`, if there is a state and nobody has the lock,
    /// and begins to read it on another thread: with nothing to do, that and the reading of the
    /// manifest are most of a build.
    pub(super) fn begin(path: PathBuf) -> Result<Option<Self>, WalkError> {
        let dir = StateDir::new(path);
        let lock = dir.exists().then(|| dir.try_lock(&who())).transpose()?;
        let Some(Held::Ours(lock)) = lock else { return Ok(None) };
        let its = dir.clone();
        // Without a thread it is read when it is asked for.
        let loading = thread::Builder::new().name("state".into()).spawn(move || its.load()).ok();
        Ok(Some(Self { dir, loading, loaded: None, outer: None, lock }))
    }

    /// Takes the store and the digests out; they are read the first time.
    pub(super) fn load(&mut self) -> Result<Loaded, WalkError> {
        if let Some(loading) = self.loading.take() {
            return loading.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        match (self.loaded.take(), &self.outer) {
            (Some(loaded), _) => Ok(loaded),
            (None, None) => self.dir.load(),
            (None, Some(outer)) => {
                let mut store = self.dir.open_store()?;
                copy(outer, &mut store)?;
                Loaded::new(Box::new(store), self.dir.was_killed())
            }
        }
    }
}

/// What those who wait are told.
fn who() -> String {
    introduce(process::id(), "ninja", SystemTime::now())
}

/// Copies what `from` knows; what only `to` knows stays.
fn copy(from: &StateDir, to: &mut dyn Store) -> Result<(), WalkError> {
    let Some(mut from) = from.read_store()? else { return Ok(()) };
    from.preload()?;
    for name in from.uids()? {
        if let Some(fingerprint) = from.load_fingerprint(&name)? {
            to.save_fingerprint(&name, Some(&fingerprint))?;
        }
        to.save_note(&name, from.load_note(&name)?.as_deref())?;
    }
    to.save_digests(&from.load_digests()?)?;
    Ok(to.commit()?)
}
