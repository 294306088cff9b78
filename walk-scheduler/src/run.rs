//! What one scheduler shares with its threads: whether to stop, the clock, the children.
//!
//! The list of children is there so that a request reaches them from any thread. A child is on it
//! from its spawning until just before it is reaped, and signals are sent under the list's lock;
//! so a signal never goes to a process id that has become somebody else's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::clock::Clock;
use crate::gate::{Gate, Inside};
use crate::os::Leash;
use crate::worker::Message;

/// What one scheduler shares with its threads.
#[derive(Debug)]
pub(crate) struct Run {
    clock: Arc<Clock>,
    grace: Duration,
    stopped: AtomicBool,
    killed: AtomicBool,
    gate: Gate,
    children: Mutex<Vec<Arc<Leash>>>,
    outbox: Sender<Message>,
}

impl Run {
    pub(crate) fn new(clock: Arc<Clock>, grace: Duration, outbox: Sender<Message>) -> Self {
        let (stopped, killed) = (AtomicBool::new(false), AtomicBool::new(false));
        let gate = Gate::default();
        Self { clock, grace, stopped, killed, gate, children: Mutex::default(), outbox }
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
        self.stopped.store(true, Ordering::SeqCst);
        self.gate.open();
        self.notify();
    }

    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.stop();
    }

    pub(crate) fn pause(&self) {
        if !self.is_stopped() {
            self.gate.close();
        }
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

    /// Puts a child on the list; if the run is suspended just now, so is the child.
    pub(crate) fn enlist(&self, child: &Arc<Leash>) {
        let mut children = self.children();
        children.push(Arc::clone(child));
        if self.clock.is_suspended() {
            child.pause();
        }
    }

    /// Takes a child off the list, after which it may be reaped.
    pub(crate) fn dismiss(&self, child: &Arc<Leash>) {
        self.children().retain(|it| !Arc::ptr_eq(it, child));
    }

    /// Makes every thread that waits for something look again.
    fn notify(&self) {
        self.children().iter().for_each(|child| child.ring());
        self.send(Message::Notice);
    }

    fn children(&self) -> MutexGuard<'_, Vec<Arc<Leash>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
