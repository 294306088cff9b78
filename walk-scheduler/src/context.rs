//! What running work is told of its surroundings, and what it may say back.
//!
//! One context belongs to one attempt and is shared by two threads: the worker that runs the job
//! and the scheduler that may have to interrupt it. All that they share is one small state under
//! one lock. No lock is held while a hook is called, so that a hook may do as it likes.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run::Run;
use crate::{Ending, InterruptCause};

/// What running work is told of its surroundings, and what it may say back.
pub struct JobContext {
    slot: usize,
    attempt: u32,
    /// How long it may take.
    limit: Duration,
    /// From when on that counts, in nanoseconds by the run's clock.
    since: AtomicU64,
    run: Arc<Run>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cause: Option<InterruptCause>,
    ended: bool,
    hook: Option<Hook>,
    ending: Option<Ending>,
    left_behind: bool,
}

type Hook = Box<dyn FnOnce() + Send>;

/// In the place of a moment: time does not count now.
const UNTIMED: u64 = u64::MAX;

impl JobContext {
    /// Returns the job's slot: a number from 0 that no other running job has.
    #[must_use]
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Returns which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns true once the job should stop: its time is over or the run was interrupted.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.cause().is_some()
    }

    /// Returns true once the run was told to end without any grace: whoever waits for something to
    /// end in an orderly way waits no longer.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.run.is_killed()
    }

    /// Has `hook` called once when the job should stop, at once if it already should; a later hook
    /// replaces an earlier one.
    ///
    /// It is called from [`Scheduler::wait`](crate::Scheduler::wait), must not block, and may
    /// still be running when the job returns. A panic in it is logged and otherwise ignored.
    pub fn on_interrupt(&self, hook: impl FnOnce() + Send + 'static) {
        if !self.is_interrupted() {
            let mut state = self.state();
            if state.cause.is_none() {
                state.hook = Some(Box::new(hook));
                return;
            }
        }
        hook();
    }

    /// Does `work` without counting its time: the job's timeout begins anew when it is done.
    ///
    /// For what may make the job needless or prepares it, and bounds its time itself.
    pub fn untimed<T>(&self, work: impl FnOnce() -> T) -> T {
        self.since.store(UNTIMED, Ordering::Relaxed);
        let done = work();
        self.since.store(nanoseconds(self.run.clock().now()), Ordering::Relaxed);
        done
    }

    /// Says how the job ends, to be found in [`JobOutcome::ending`](crate::JobOutcome::ending);
    /// the last word counts.
    pub fn report(&self, ending: Ending) {
        self.state().ending = Some(ending);
    }

    pub(crate) fn new(slot: usize, attempt: u32, limit: Duration, run: Arc<Run>) -> Self {
        let since = AtomicU64::new(nanoseconds(run.clock().now()));
        Self { slot, attempt, limit, since, run, state: Mutex::default() }
    }

    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// Returns when to stop, by the run's clock; at the earliest, as long as time does not count.
    pub(crate) fn deadline(&self) -> Duration {
        let since = match self.since.load(Ordering::Relaxed) {
            UNTIMED => self.run.clock().now(),
            since => Duration::from_nanos(since),
        };
        since.saturating_add(self.limit)
    }

    /// Returns how long the job may go on, or `None` while the clock stands still.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.run.clock().until(self.deadline())
    }

    /// Says that the job ends with processes of its own in the background.
    pub(crate) fn leave_behind(&self) {
        self.state().left_behind = true;
    }

    pub(crate) fn has_left_behind(&self) -> bool {
        self.state().left_behind
    }

    /// Marks the job as told to stop, and tells it, unless it was told before or has ended.
    pub(crate) fn interrupt(&self, cause: InterruptCause) -> Option<Hook> {
        let mut state = self.state();
        if !state.ended && state.cause.is_none() {
            state.cause = Some(cause);
        }
        state.hook.take()
    }

    /// Ends the attempt, after which nothing can interrupt it.
    pub(crate) fn close(&self) -> (Option<InterruptCause>, Option<Ending>) {
        let overdue = self.run.clock().now() >= self.deadline();
        let mut state = self.state();
        if overdue && state.cause.is_none() {
            state.cause = Some(InterruptCause::Timeout);
        }
        state.ended = true;
        state.hook = None;
        (state.cause, state.ending.take())
    }

    /// Returns why to stop, noticing by itself what the scheduler has not got round to telling.
    fn cause(&self) -> Option<InterruptCause> {
        let due = if self.run.is_stopped() {
            Some(InterruptCause::Run)
        } else if self.run.clock().now() >= self.deadline() {
            Some(InterruptCause::Timeout)
        } else {
            None
        };
        let mut state = self.state();
        state.cause = state.cause.or(due);
        state.cause
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanoseconds(moment: Duration) -> u64 {
    u64::try_from(moment.as_nanos()).unwrap_or(UNTIMED - 1)
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("slot", &self.slot)
            .field("attempt", &self.attempt)
            .field("interrupted", &self.state().cause)
            .finish_non_exhaustive()
    }
}
