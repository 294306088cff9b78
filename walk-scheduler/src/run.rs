//! What one scheduler shares with its threads: whether to stop, the clock, the children, and who
//! looks after them should this process be killed.
//!
//! The list of children is there so that a request reaches them from any thread. A child is on it
//! from its spawning until just before it is reaped, and signals are sent under the list's lock;
//! so a signal never goes to a process id that has become somebody else's.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::clock::Clock;
use crate::gate::{Gate, Inside};
use crate::os::{Environment, Guardian, Leash};
use crate::worker::Message;
use crate::{SchedulingParams, mark};

/// The file that is empty and takes everything.
pub(crate) const NULL: &str = "/dev/null";

/// What those that were left in the background have between SIGTERM and SIGKILL, if stopping what
/// ran took all of the grace period.
const LEAST_GRACE: Duration = Duration::from_millis(200);

/// What one scheduler shares with its threads.
#[derive(Debug)]
pub(crate) struct Run {
    clock: Arc<Clock>,
    grace: Duration,
    /// What the ids of all jobs of this run begin with.
    mark: String,
    marks: AtomicU64,
    held: Option<Arc<File>>,
    /// Where the guardian gives tokens back, and how many are held.
    token_path: Option<PathBuf>,
    held_tokens: AtomicUsize,
    /// Started for the first child; `None` inside if it cannot be.
    guardian: OnceLock<Option<Guardian>>,
    /// Taken for the first child.
    environment: OnceLock<Environment>,
    /// What children read that are to read nothing.
    null: OnceLock<File>,
    stopped_at: OnceLock<Instant>,
    stopped: AtomicBool,
    killed: AtomicBool,
    gate: Gate,
    children: Mutex<Vec<Arc<Leash>>>,
    outbox: Sender<Message>,
}

impl Run {
    pub(crate) fn new(params: &SchedulingParams, outbox: Sender<Message>) -> Self {
        Self {
            clock: params.interrupt.clock(),
            grace: params.grace,
            mark: mark::of_a_run(),
            marks: AtomicU64::new(0),
            held: params.held.clone(),
            token_path: params.jobserver.as_ref().map(|it| it.tokens().path().to_owned()),
            held_tokens: AtomicUsize::new(0),
            guardian: OnceLock::new(),
            environment: OnceLock::new(),
            null: OnceLock::new(),
            stopped_at: OnceLock::new(),
            stopped: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            gate: Gate::default(),
            children: Mutex::default(),
            outbox,
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.stopped_at.get_or_init(Instant::now);
        self.stopped.store(true, Ordering::SeqCst);
        self.gate.open_for_good();
        self.notify();
    }

    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.guardian().inspect(|it| it.hurry());
        self.stop();
    }

    pub(crate) fn pause(&self) {
        self.gate.close();
        self.children().iter().for_each(|child| child.pause());
        self.notify();
    }

    pub(crate) fn unpause(&self) {
        self.children().iter().for_each(|child| child.unpause());
        self.gate.open();
        self.notify();
    }

    pub(crate) fn send(&self, message: Message) {
        // Nobody listens once the scheduler is gone, and then nobody minds.
        let _ = self.outbox.send(message);
    }

    /// Waits until children may be spawned; while it lives, the run is not suspended.
    pub(crate) fn spawning(&self) -> Inside<'_> {
        self.gate.enter()
    }

    /// Returns a job id that no other attempt of any job has.
    pub(crate) fn new_mark(&self) -> String {
        format!("{}.{}", self.mark, self.marks.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns what all children of this run have in their environment.
    pub(crate) fn environment(&self) -> &Environment {
        self.environment.get_or_init(Environment::of_this_process)
    }

    /// Returns a file without content.
    pub(crate) fn null(&self) -> io::Result<&File> {
        if let Some(null) = self.null.get() {
            return Ok(null);
        }
        let null = File::open(NULL)?;
        Ok(self.null.get_or_init(|| null))
    }

    /// Has somebody look after the children of this run should this process be killed.
    pub(crate) fn guard(&self) {
        self.guardian.get_or_init(|| {
            let held = self.held.as_ref().map(|file| file.try_clone().map(Into::into)).transpose();
            let tokens = self.token_path.as_deref();
            let started = held.and_then(|it| Guardian::start(&self.mark, self.grace, it, tokens));
            started
                .inspect_err(|error| {
                    log::warn!("commands survive if this process is killed: no guardian: {error}");
                })
                .ok()
        });
        self.tell_tokens();
    }

    /// Has the guardian know how many tokens of a jobserver to give back should this process be killed.
    pub(crate) fn hold_tokens(&self, count: usize) {
        self.held_tokens.store(count, Ordering::SeqCst);
        self.tell_tokens();
    }

    fn tell_tokens(&self) {
        if self.token_path.is_some()
            && let Some(guardian) = self.guardian()
        {
            guardian.hold_tokens(self.held_tokens.load(Ordering::SeqCst));
        }
    }

    /// Looks after what is left in the background: that of an interrupted run is ended, that of
    /// any other goes on. No child may be on the list any more.
    pub(crate) fn finish(&self) {
        match (self.guardian(), self.stopped_at.get()) {
            (Some(guardian), Some(_)) if self.is_killed() => guardian.end_all(Duration::ZERO),
            (Some(guardian), Some(at)) => {
                guardian.end_all(self.grace.saturating_sub(at.elapsed()).max(LEAST_GRACE));
            }
            (Some(guardian), None) => guardian.dismiss(),
            (None, _) => (),
        }
    }

    /// Puts a child on the list; if the run is suspended just now, so is the child.
    pub(crate) fn enlist(&self, child: &Arc<Leash>) {
        let mut children = self.children();
        children.push(Arc::clone(child));
        self.guardian().inspect(|it| it.watch(child));
        if self.clock.is_suspended() {
            child.pause();
        }
    }

    /// Takes a child off the list, after which it may be reaped.
    pub(crate) fn dismiss(&self, child: &Arc<Leash>) {
        let mut children = self.children();
        children.retain(|it| !Arc::ptr_eq(it, child));
        self.guardian().inspect(|it| it.forget(child));
    }

    /// Returns whether there is a child that has not ended, or was not yet seen to.
    pub(crate) fn has_children(&self) -> bool {
        !self.children().is_empty()
    }

    /// Makes every thread that waits for something look again.
    fn notify(&self) {
        self.children().iter().for_each(|child| child.ring());
        self.send(Message::Notice);
    }

    fn guardian(&self) -> Option<&Guardian> {
        self.guardian.get()?.as_ref()
    }

    fn children(&self) -> MutexGuard<'_, Vec<Arc<Leash>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
