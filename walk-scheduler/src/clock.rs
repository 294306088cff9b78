//! A clock that stands still while runs are suspended.
//!
//! Timeouts are told by it: a job stopped with Ctrl-Z for an hour has not run for an hour. Reading
//! it takes no lock, for every job reads it a few times; a reader that races with a resumption
//! sees a moment too early, never one too late, so that nothing times out by mistake.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const NEVER: u64 = u64::MAX;

/// Time since it was made, not counting suspensions; one thread at a time may suspend or resume.
#[derive(Debug)]
pub(crate) struct Clock {
    epoch: Instant,
    /// Nanoseconds spent suspended, without the present suspension.
    paused: AtomicU64,
    /// Nanoseconds from the epoch to the beginning of the present suspension.
    suspended_at: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let (paused, suspended_at) = (AtomicU64::new(0), AtomicU64::new(NEVER));
        Self { epoch: Instant::now(), paused, suspended_at }
    }

    pub(crate) fn now(&self) -> Duration {
        // The order of these three is what makes a race come out early.
        let suspended_at = self.suspended_at.load(Ordering::SeqCst);
        let reached = self.elapsed().min(suspended_at);
        let paused = self.paused.load(Ordering::SeqCst);
        Duration::from_nanos(reached.saturating_sub(paused))
    }

    /// Returns how long it is until `moment`, or `None` while the clock stands still.
    pub(crate) fn until(&self, moment: Duration) -> Option<Duration> {
        (!self.is_suspended()).then(|| moment.saturating_sub(self.now()))
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended_at.load(Ordering::SeqCst) != NEVER
    }

    pub(crate) fn suspend(&self) {
        if !self.is_suspended() {
            self.suspended_at.store(self.elapsed(), Ordering::SeqCst);
        }
    }

    pub(crate) fn resume(&self) {
        let suspended_at = self.suspended_at.load(Ordering::SeqCst);
        if suspended_at != NEVER {
            self.paused.fetch_add(self.elapsed() - suspended_at, Ordering::SeqCst);
            self.suspended_at.store(NEVER, Ordering::SeqCst);
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(NEVER - 1)
    }
}
