//! The state that walk keeps for a manifest of ninja: it is walk's own, with walk's own lock.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use walk_plan::{Held, Loaded, Lock, StateDir, WalkError};

use crate::project::introduce;

/// A state directory that is ours.
#[derive(Debug)]
pub(super) struct State {
    pub(super) dir: StateDir,
    /// The store and the digests, while no walk has them.
    pub(super) loaded: Option<Loaded>,
    _lock: Lock,
}

impl State {
    /// Takes the lock of the directory at `path`. While another walk has it, says so and waits;
    /// returns whether it had to, as what was read before may have changed.
    pub(super) fn lock(path: PathBuf) -> Result<(Self, bool), WalkError> {
        let dir = StateDir::new(path);
        dir.create()?;
        let who = introduce(std::process::id(), "ninja", SystemTime::now());
        let (lock, has_waited) = match dir.try_lock(&who)? {
            Held::Ours(lock) => (lock, false),
            Held::By(holder) => {
                let _ = writeln!(io::stderr(), "waiting for walk ({holder}) ...");
                (dir.lock(&who)?, true)
            }
        };
        Ok((Self { dir, loaded: None, _lock: lock }, has_waited))
    }

    /// Takes the store and the digests out; they are read the first time.
    pub(super) fn load(&mut self) -> Result<Loaded, WalkError> {
        match self.loaded.take() {
            Some(loaded) => Ok(loaded),
            None => self.dir.load(),
        }
    }
}
