//! Through which children are spawned; closed while a run is suspended.
//!
//! Between a child's start and its place on the run's list nobody else knows of it. Were the run
//! suspended just then, and its process stopped right after, the child would run on. So suspending
//! waits for those that are being spawned, and no other is spawned before the run goes on.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Through which children are spawned.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    inside: usize,
}

/// The right to spawn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Waits until the gate is open, and keeps it from being closed.
    pub(crate) fn enter(&self) -> Inside<'_> {
        let mut state = self.wait_while(|state| state.is_closed);
        state.inside += 1;
        Inside(self)
    }

    /// Lets nobody in any more, and waits until nobody is inside.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        drop(self.wait_while(|state| state.inside > 0));
    }

    /// Lets everybody in.
    pub(crate) fn open(&self) {
        self.state().is_closed = false;
        self.changed.notify_all();
    }

    fn wait_while(&self, is_waiting: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.state(), |state| is_waiting(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
        self.0.changed.notify_all();
    }
}
