//! Through which children are spawned; closed while a run is suspended.
//!
//! Between a child's start and its place on the run's list nobody else knows of it. Were the run
//! suspended just then, and its process stopped right after, the child would run on. So suspending
//! waits for those that are being spawned, and no other is spawned before the run goes on. A run
//! that was told to stop has nothing more to wait for: its gate stays open, whoever comes later.

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
    stays_open: bool,
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

    /// Lets nobody in any more, and waits until nobody is inside; unless it stays open.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = !state.stays_open;
        drop(state);
        drop(self.wait_while(|state| state.is_closed && state.inside > 0));
    }

    /// Lets everybody in.
    pub(crate) fn open(&self) {
        self.state().is_closed = false;
        self.changed.notify_all();
    }

    /// Lets everybody in, from now on.
    pub(crate) fn open_for_good(&self) {
        self.state().stays_open = true;
        self.open();
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn s7_a_gate_closed_just_after_its_run_was_stopped_kept_jobs_waiting() {
        let gate = Gate::default();
        gate.open_for_good();
        gate.close();
        let first = gate.enter();
        gate.close();
        drop((first, gate.enter()));
    }

    #[test]
    fn who_waits_is_let_in_and_nobody_before() {
        let check = |open: fn(&Gate)| {
            let gate = Gate::default();
            gate.close();
            let (entered, entry) = mpsc::channel();
            thread::scope(|scope| {
                scope.spawn(|| {
                    drop(gate.enter());
                    entered.send(())
                });
                assert!(entry.recv_timeout(Duration::from_millis(5)).is_err());
                open(&gate);
                entry.recv().expect("it is let in");
            });
        };
        check(Gate::open);
        check(Gate::open_for_good);
    }

    #[test]
    fn closing_waits_for_those_inside() {
        let gate = Gate::default();
        let inside = gate.enter();
        let (closed, closing) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                gate.close();
                closed.send(())
            });
            assert!(closing.recv_timeout(Duration::from_millis(5)).is_err());
            drop(inside);
            closing.recv().expect("it is closed");
        });
    }
}
