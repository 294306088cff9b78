//! What a scheduler must do, said as plainly as possible: lists, searched from end to end.
//!
//! It knows neither threads nor channels nor how the scheduler does it. Times are those of a clock
//! that stands still while the run is suspended.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::script::{Limits, Spec};
use crate::InterruptCause;

/// The position of a job among all that were ever submitted.
pub(super) type Tag = usize;

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) limits: Limits,
    pub(super) jobs: Vec<Known>,
    pub(super) now: Duration,
    pub(super) load: f64,
    pub(super) is_suspended: bool,
    pub(super) is_stopped: bool,
    pub(super) is_killed: bool,
    pub(super) waiting: Vec<Waiting>,
    pub(super) handed_out: Vec<Tag>,
    /// By slot; those that ended stay until they are collected.
    pub(super) running: BTreeMap<usize, Running>,
    /// The slots of jobs that ended, in the order of their ends.
    pub(super) ended: Vec<usize>,
    pub(super) most_running: usize,
    /// All moments at which something was ever to be done.
    pub(super) moments: BTreeSet<Duration>,
}

/// A job, and what became of it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) spec: Spec,
    /// How often it was started.
    pub(super) attempts: u32,
    /// How often it was collected.
    pub(super) collected: u32,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) tag: Tag,
    /// Since when it stands in its queue.
    moment: Duration,
    /// Whether the scheduler was asked since then.
    is_noticed: bool,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) tag: Tag,
    pub(super) deadline: Duration,
    /// It asked to be told.
    pub(super) listens: bool,
    pub(super) is_told: bool,
    /// Its work was begun.
    pub(super) is_begun: bool,
    /// What its outcome may say of an interruption, once it ended.
    pub(super) may_say: Vec<Option<InterruptCause>>,
}

impl Model {
    pub(super) fn submit(&mut self, tag: Tag, delay: Option<Duration>) {
        let moment = self.now + delay.unwrap_or_default();
        // Behind all that were there by then, those submitted before included.
        let place = self.waiting.iter().take_while(|it| it.moment <= moment).count();
        self.waiting.insert(place, Waiting { tag, moment, is_noticed: delay.is_none() });
        self.moments.insert(moment);
    }

    /// Whether the limits over all queues let one more job start.
    pub(super) fn is_open(&self) -> bool {
        let (running, starting) = (self.running.len(), self.handed_out.len());
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let is_loaded = self.limits.max_load.is_some_and(|it| self.load + starting as f64 >= it);
        let is_full = running + starting >= self.limits.max_active.unwrap_or(usize::MAX);
        running + starting == 0 || !(is_full || is_loaded)
    }

    /// Which job is to start next, if nothing has interrupted the run.
    pub(super) fn next(&self) -> Option<Tag> {
        if !self.is_open() {
            return None;
        }
        // The order of the list is that of submission.
        let in_line = self.waiting.iter().filter(|it| it.moment <= self.now);
        let in_line: Vec<Tag> = in_line.map(|it| it.tag).collect();
        let head = |queue| {
            let mut line = in_line.iter().enumerate().filter(|it| self.spec(*it.1).queue == queue);
            let first = line.clone().map(|it| self.rank(*it.1)).max()?;
            line.find(|it| self.rank(*it.1) == first)
        };
        let heads = (0..self.limits.capacities.len()).filter_map(head);
        let fitting = heads.filter(|&(_, &tag)| {
            let spec = self.spec(tag);
            self.taken(spec.queue) + spec.tokens <= self.limits.capacities[spec.queue]
        });
        let next = fitting.min_by_key(|&(place, &tag)| (Reverse(self.rank(tag)), place));
        next.map(|(_, &tag)| tag)
    }

    pub(super) fn hand_out(&mut self, tag: Tag) {
        self.waiting.retain(|it| it.tag != tag);
        self.handed_out.push(tag);
    }

    /// Starts a job that was handed out, in the smallest free slot.
    pub(super) fn start(&mut self, tag: Tag) -> usize {
        self.handed_out.retain(|&it| it != tag);
        self.jobs[tag].attempts += 1;
        let taken = self.running.keys().enumerate().take_while(|(slot, taken)| slot == *taken);
        let slot = taken.count();
        let deadline = self.now.saturating_add(self.spec(tag).timeout);
        self.moments.insert(deadline);
        let running = Running {
            tag,
            deadline,
            listens: false,
            is_told: false,
            is_begun: false,
            may_say: Vec::new(),
        };
        self.running.insert(slot, running);
        self.most_running = self.most_running.max(self.running.len());
        slot
    }

    /// Takes the job that ended first.
    pub(super) fn collect(&mut self) -> Option<(usize, Running)> {
        if self.ended.is_empty() {
            return None;
        }
        let slot = self.ended.remove(0);
        let running = self.running.remove(&slot).expect("what ended was running");
        self.jobs[running.tag].collected += 1;
        Some((slot, running))
    }

    /// Takes note of the delays that are over.
    pub(super) fn notice(&mut self) {
        let now = self.now;
        self.waiting.iter_mut().filter(|it| it.moment <= now).for_each(|it| it.is_noticed = true);
    }

    /// Whether the scheduler is to say that jobs may be ready: a delay is over, or nothing runs.
    pub(super) fn has_news(&self) -> bool {
        let is_over = self.waiting.iter().any(|it| it.moment <= self.now && !it.is_noticed);
        is_over || (self.running.is_empty() && self.next().is_some())
    }

    /// The moment up to which the scheduler may sleep, if it is not for ever.
    pub(super) fn next_moment(&self) -> Option<Duration> {
        let delays = self.waiting.iter().map(|it| it.moment);
        let deadlines = self.running.values().map(|it| it.deadline);
        let moment = delays.chain(deadlines).filter(|&it| it > self.now).min()?;
        let will_come = moment < Duration::MAX && !self.is_suspended && !self.is_stopped;
        will_come.then_some(moment)
    }

    /// Whether a job that runs is to stop.
    pub(super) fn is_to_stop(&self, slot: usize) -> bool {
        self.is_stopped || self.is_overdue(slot)
    }

    pub(super) fn is_overdue(&self, slot: usize) -> bool {
        self.running[&slot].deadline <= self.now
    }

    /// Nothing can happen any more but by a new submission.
    pub(super) fn is_idle(&self) -> bool {
        let waits = self.waiting.iter().any(|it| it.moment > self.now);
        self.running.is_empty() && (self.is_stopped || (!waits && self.next().is_none()))
    }

    pub(super) fn spec(&self, tag: Tag) -> &Spec {
        &self.jobs[tag].spec
    }

    /// What is compared before the order of submission; one that ran already is not urgent.
    fn rank(&self, tag: Tag) -> (i32, u64) {
        let spec = self.spec(tag);
        (spec.priority, if self.jobs[tag].attempts == 0 { spec.urgency } else { 0 })
    }

    fn taken(&self, queue: usize) -> u32 {
        let active = self.running.values().map(|it| it.tag).chain(self.handed_out.iter().copied());
        active.map(|tag| self.spec(tag)).filter(|it| it.queue == queue).map(|it| it.tokens).sum()
    }
}
