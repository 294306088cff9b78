//! Who is at work, who sleeps, and when all is done.
//!
//! Two rules make it exact. Only who is at work adds to a surplus, and stops being at work only
//! once its own is empty: so when nobody is at work, nothing is left. And who goes to sleep says so
//! first and then looks at every surplus under its lock, while who adds to one looks afterwards
//! whether anybody sleeps: so one of the two sees the other. It does not know what the work is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::lock;

/// Who is at work, and who is not.
#[derive(Debug)]
pub(super) struct Rest {
    at_work: AtomicUsize,
    /// How many can be called: asleep or not started. Changed with the lobby locked.
    idle: AtomicUsize,
    given_up: AtomicBool,
    lobby: Mutex<Lobby>,
    bell: Condvar,
}

#[derive(Debug)]
struct Lobby {
    asleep: usize,
    /// Of those who were asleep, those who were called and have not woken yet.
    called: usize,
    started: usize,
    not_started: usize,
}

/// Who was called.
pub(super) enum Called {
    /// Nobody, or one that was asleep.
    Started,
    /// The worker of this number, which counts as being at work already.
    NotStarted(usize),
}

impl Rest {
    /// One is at work, `others` are not started.
    pub(super) fn new(others: usize) -> Self {
        let lobby = Lobby { asleep: 0, called: 0, started: 1, not_started: others };
        Self {
            at_work: AtomicUsize::new(1),
            idle: AtomicUsize::new(others),
            given_up: AtomicBool::new(false),
            lobby: Mutex::new(lobby),
            bell: Condvar::new(),
        }
    }

    /// One more is at work; whoever still has something to give knows that it is.
    pub(super) fn join(&self) {
        self.at_work.fetch_add(1, Ordering::Relaxed);
    }

    /// One less is at work.
    pub(super) fn leave(&self) {
        if self.at_work.fetch_sub(1, Ordering::AcqRel) == 1 {
            drop(lock(&self.lobby));
            self.bell.notify_all();
        }
    }

    /// Returns true once all is done.
    pub(super) fn is_over(&self) -> bool {
        self.at_work.load(Ordering::Acquire) == 0
    }

    /// Has everybody stop without doing the rest.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn has_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed) > 0
    }

    /// Calls one who can be called; one that is asleep rather than one that is not started.
    #[cold]
    pub(super) fn call(&self) -> Called {
        let mut lobby = lock(&self.lobby);
        if lobby.asleep > 0 {
            lobby.asleep -= 1;
            lobby.called += 1;
            self.count_idle(&lobby);
            self.bell.notify_one();
        } else if lobby.not_started > 0 {
            lobby.not_started -= 1;
            lobby.started += 1;
            self.count_idle(&lobby);
            self.join();
            return Called::NotStarted(lobby.started - 1);
        }
        Called::Started
    }

    /// The worker that [`call`](Self::call) said to start cannot be started, and none will be.
    pub(super) fn hire_no_more(&self) {
        let mut lobby = lock(&self.lobby);
        lobby.not_started = 0;
        self.count_idle(&lobby);
        drop(lobby);
        self.leave();
    }

    /// Sleeps until called or all is done, unless `is_something_left`.
    pub(super) fn sleep(&self, is_something_left: impl Fn() -> bool) {
        let mut lobby = lock(&self.lobby);
        lobby.asleep += 1;
        self.count_idle(&lobby);
        if is_something_left() {
            lobby.asleep -= 1;
            self.count_idle(&lobby);
            return;
        }
        while lobby.called == 0 && !self.is_over() {
            lobby = self.bell.wait(lobby).unwrap_or_else(PoisonError::into_inner);
        }
        lobby.called = lobby.called.saturating_sub(1);
    }

    fn count_idle(&self, lobby: &Lobby) {
        self.idle.store(lobby.asleep + lobby.not_started, Ordering::Relaxed);
    }
}
