//! Asking runs to stop, to stop at once, to pause, to go on; from any thread.
//!
//! A request goes straight to the children and to the thread in `wait`, whatever the thread that
//! drives the run is doing. It takes locks, so it is for a thread (such as one that signal-hook's
//! iterator feeds), not for a signal handler; the library installs none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::clock::Clock;
use crate::run::Run;

/// A handle by which any thread can interrupt or suspend runs; clones are the same handle.
///
/// It holds for every run that it was given to, those not started yet included: once triggered, it
/// is not for use again.
///
/// ```
/// use walk_scheduler::{Interrupt, Job, JobContext, JobStatus, Scheduler, SchedulingParams, Wake};
///
/// let params = SchedulingParams::default();
/// let interrupt: Interrupt = params.interrupt.clone();
/// let mut scheduler = Scheduler::new(&params);
/// scheduler.submit((), Job::new(|_: &JobContext| JobStatus::Success)).unwrap();
/// std::thread::spawn(move || interrupt.trigger()).join().unwrap();
/// assert!(scheduler.next_ready().is_none());
/// assert!(matches!(scheduler.wait(), Wake::Idle));
/// ```
#[derive(Clone, Debug)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<Clock>,
    stopped: AtomicBool,
    killed: AtomicBool,
    runs: Mutex<Vec<Weak<Run>>>,
}

impl Interrupt {
    /// Asks runs to stop: nothing more starts, children get SIGTERM, and what of them is left
    /// after the grace period gets SIGKILL. Asking again changes nothing.
    pub fn trigger(&self) {
        let runs = self.runs();
        self.shared.stopped.store(true, Ordering::SeqCst);
        each(&runs, Run::stop);
    }

    /// Asks runs to stop without any grace: children get SIGKILL at once.
    pub fn kill(&self) {
        let runs = self.runs();
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.killed.store(true, Ordering::SeqCst);
        each(&runs, Run::kill);
    }

    /// Stops the children (SIGSTOP to their groups) and the clocks of all timeouts; when it
    /// returns, they are stopped. Closures cannot be stopped and go on.
    pub fn suspend(&self) {
        let runs = self.runs();
        self.shared.clock.suspend();
        each(&runs, Run::pause);
    }

    /// Lets children and clocks go on after [`suspend`](Self::suspend).
    pub fn resume(&self) {
        let runs = self.runs();
        self.shared.clock.resume();
        each(&runs, Run::unpause);
    }

    /// Returns true once runs were asked to stop.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// A handle whose runs go by this clock.
    pub(crate) fn with_clock(clock: Clock) -> Self {
        let (stopped, killed) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Shared { clock: Arc::new(clock), stopped, killed, runs: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn clock(&self) -> Arc<Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// Has `run` hear of all requests, those made before included.
    pub(crate) fn enlist(&self, run: &Arc<Run>) {
        let mut runs = self.runs();
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(run));
        if self.shared.killed.load(Ordering::SeqCst) {
            run.kill();
        } else if self.is_triggered() {
            run.stop();
        } else if self.shared.clock.is_suspended() {
            run.pause();
        }
    }

    /// Every request holds this lock until all runs know of it, so that requests do not mix.
    fn runs(&self) -> MutexGuard<'_, Vec<Weak<Run>>> {
        self.shared.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::with_clock(Clock::new())
    }
}

fn each(runs: &[Weak<Run>], tell: impl Fn(&Run)) {
    for run in runs.iter().filter_map(Weak::upgrade) {
        tell(&run);
    }
}
