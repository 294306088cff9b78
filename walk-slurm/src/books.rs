//! What is known of the attempts that are open, shared by the threads of a cluster.
//!
//! One lock, held only to read and write memory: never over a file or a program.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::attempt::{Attempt, Verdict, stem};
use crate::judge::Looks;
use crate::slurm::Line;

/// How an attempt came out.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// Its runner said so.
    Ended(Verdict),
    /// It will never say anything: another attempt may follow, once this one is fenced.
    Lost(String),
    /// It cannot be run, for a reason that another attempt does not change.
    Failed(String),
    /// Slurm ended it for its time.
    TimedOut,
}

/// Where an attempt is on its way to Slurm.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// To be submitted, not before then.
    Waiting(Instant),
    /// It may have been submitted: the next good look at the queue tells. Then it is tried again.
    Unsure { pause: Duration },
    /// A program is submitting it.
    Sending,
    /// It was submitted.
    Sent,
    /// It never will be.
    Refused,
}

/// What is known of one open attempt.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) attempt: Attempt,
    /// What its errand is called, or its directory if that is not known.
    pub(crate) name: String,
    /// What it asks of Slurm.
    pub(crate) demands: Vec<String>,
    pub(crate) stage: Stage,
    pub(crate) job: Option<String>,
    /// A runner that cannot write for so long stops its command.
    pub(crate) lease: Duration,
    pub(crate) submitted: Instant,
    pub(crate) line: Option<Line>,
    /// In how many good looks in a row it was not there, nor heard of.
    pub(crate) absent: u32,
    /// Since when Slurm says that it runs no more.
    pub(crate) over_since: Option<Instant>,
    /// What its runner last wrote, and when we first saw that.
    pub(crate) beat: Option<(String, Instant)>,
    pub(crate) fate: Option<Fate>,
    /// Whether it is to be stopped: nobody asks for its result any more.
    pub(crate) is_revoked: bool,
    /// Whether nothing of it can run any more.
    pub(crate) is_fenced: bool,
    pub(crate) cancelling: Cancelling,
}

/// What is known of an attempt at the moment when it is told to stop.
#[derive(Debug, Default)]
pub(crate) struct Disowned {
    /// Whether nobody had claimed it.
    pub(crate) is_fenced: bool,
    /// The last sign of life of its runner, and how long ago that was first seen.
    pub(crate) beat: Option<String>,
    pub(crate) silence: Duration,
}

/// Whether `scancel` was told of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelling {
    Not,
    /// It was told at that moment, and has not answered, or not well.
    Told(Instant),
    Done,
}

impl Cancelling {
    /// Returns whether it is time to tell it, or to tell it again.
    pub(crate) fn is_due(self) -> bool {
        match self {
            Self::Not => true,
            Self::Told(at) => at.elapsed() > Duration::from_secs(5),
            Self::Done => false,
        }
    }
}

impl Entry {
    pub(crate) fn new(attempt: Attempt, demands: Vec<String>, lease: Duration) -> Self {
        let now = Instant::now();
        Self {
            name: attempt.id(),
            attempt,
            demands,
            stage: Stage::Waiting(now),
            job: None,
            lease,
            submitted: now,
            line: None,
            absent: 0,
            over_since: None,
            beat: None,
            fate: None,
            is_revoked: false,
            is_fenced: false,
            cancelling: Cancelling::Not,
        }
    }

    /// Says that an earlier process made it: what was claimed was submitted, the rest may have been.
    pub(crate) fn found_again(&mut self) {
        self.job = self.attempt.job();
        if let Ok(spec) = self.attempt.spec() {
            self.lease = Duration::from_millis(spec.lease_ms);
            self.name = spec.name;
        }
        self.stage = if self.attempt.is_claimed() {
            Stage::Sent
        } else {
            Stage::Unsure { pause: Duration::ZERO }
        };
    }

    /// Says that it is to stop.
    pub(crate) fn revoke(&mut self, found: Disowned) {
        if !self.is_revoked && self.beat.is_none() {
            let since = Instant::now().checked_sub(found.silence).unwrap_or_else(Instant::now);
            // It may have been claimed just now, however long ago it was submitted.
            self.submitted = since;
            self.beat = found.beat.map(|it| (it, since));
        }
        self.is_fenced |= found.is_fenced;
        self.is_revoked = true;
    }

    /// Returns whether its runner gave a sign of life a short time ago.
    pub(crate) fn is_heard(&self) -> bool {
        self.beat.as_ref().is_some_and(|it| it.1.elapsed() < self.lease)
    }

    /// Returns how long it may take until a runner that says nothing has stopped its command.
    pub(crate) fn patience(&self) -> Duration {
        self.patience_at(Instant::now())
    }

    /// Returns how long it took from that moment on.
    pub(crate) fn patience_at(&self, at: Instant) -> Duration {
        // Before it writes for the first time there is nothing that could be silent.
        let since = self.beat.as_ref().map_or(self.submitted, |it| it.1);
        (self.lease + self.lease / 4).saturating_sub(at.saturating_duration_since(since))
    }

    /// Returns whether nothing of it runs, and nothing of it stands in the queue.
    pub(crate) fn is_done_with(&self) -> bool {
        let is_settled = match self.stage {
            Stage::Waiting(_) | Stage::Refused => true,
            Stage::Sending | Stage::Unsure { .. } => false,
            Stage::Sent => self.job.is_none() || self.cancelling == Cancelling::Done,
        };
        self.is_fenced && is_settled
    }

    pub(crate) fn looks(&self) -> Looks {
        Looks {
            absent: self.absent,
            age: self.submitted.elapsed(),
            over_for: self.over_since.map(|it| it.elapsed()).unwrap_or_default(),
        }
    }

    /// Returns whether somebody still waits for something to happen to it.
    pub(crate) fn is_open(&self) -> bool {
        if self.is_revoked { !self.is_done_with() } else { self.fate.is_none() }
    }
}

/// All open attempts, by their id.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) entries: BTreeMap<String, Entry>,
    /// What an earlier process left, by the name of the errand, until somebody asks for it.
    pub(crate) left: BTreeMap<String, Vec<Attempt>>,
    /// How often the queue was looked at with success, and since when it was not.
    pub(crate) looks: u64,
    /// Up to which of them somebody wants the next one soon.
    pub(crate) curious: u64,
    pub(crate) blind_since: Option<Instant>,
    /// When somebody was last told that something is waited for, and whether that was Slurm alone.
    pub(crate) waits_told: Option<(Instant, bool)>,
    /// How many attempts are waited for that were recalled, and the errands of those that did not
    /// end.
    pub(crate) recalls: usize,
    pub(crate) unended: Vec<String>,
    /// Reasons for waiting that were told.
    pub(crate) told: Vec<String>,
    pub(crate) is_closed: bool,
    pub(crate) batches: u32,
}

impl State {
    /// Returns the attempts at the errand of this name that are not over.
    pub(crate) fn attempts_at(&self, name: &str) -> Vec<Attempt> {
        let start = format!("{}.", stem(name));
        let of_it = self.entries.range(start.clone()..).take_while(|it| it.0.starts_with(&start));
        of_it.map(|it| it.1.attempt.clone()).collect()
    }
}

/// The state and what wakes those who wait for a change of it.
#[derive(Debug, Default)]
pub(crate) struct Books {
    state: Mutex<State>,
    changed: Condvar,
}

impl Books {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self) {
        self.changed.notify_all();
    }

    /// Waits for a change, and for no longer than `pause`.
    pub(crate) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        pause: Duration,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Where the files of a cluster are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) root: PathBuf,
}

impl Places {
    /// The attempts.
    pub(crate) fn attempts(&self) -> PathBuf {
        self.root.join("a")
    }

    /// The scripts and lists of job arrays.
    pub(crate) fn batches(&self) -> PathBuf {
        self.root.join("b")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its job waited in the queue for longer than a lease, and has just been claimed.
    #[test]
    fn a_runner_that_begins_while_it_is_revoked_has_the_whole_lease_to_stop() {
        let lease = Duration::from_secs(4);
        let mut entry = Entry::new(Attempt::at("/nowhere/a.1"), Vec::new(), lease);
        let long_ago = Duration::from_secs(10);
        entry.submitted =
            Instant::now().checked_sub(long_ago).expect("the machine runs for longer");
        entry.revoke(Disowned::default());
        assert!(entry.patience() > lease, "{:?}", entry.patience());
        assert!(!entry.is_done_with());
    }
}
