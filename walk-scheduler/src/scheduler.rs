//! The loop's other half: what waits, what runs, and the one call that blocks.
//!
//! The scheduler belongs to one thread and shares nothing with its workers but what a
//! [`Run`] holds; all that happens reaches it as a [`Message`]. It does not know
//! what a tag means, what depends on what, or whether a job is a process.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbeam_channel::Receiver;

use crate::limits::Limits;
use crate::os;
use crate::permits::Permits;
use crate::queues::{Entry, QueueId, Queues, SubmitError};
use crate::run::Run;
use crate::worker::{self, Assignment, Crew, Ended, Message, Workers};
use crate::{InterruptCause, Job, JobContext, JobOutcome, SchedulingParams};

/// Runs jobs on threads within the limits of named queues; each job is tagged with a `T`.
///
/// Dropping a scheduler interrupts what runs and waits until nothing of it is left alive.
///
/// ```
/// use walk_scheduler::{Job, JobContext, JobStatus, Scheduler, SchedulingParams, Wake};
///
/// let mut scheduler = Scheduler::new(&SchedulingParams::default());
/// for name in ["first", "second"] {
///     scheduler.submit(name, Job::new(|_: &JobContext| JobStatus::Success)).unwrap();
/// }
/// let mut ended = Vec::new();
/// loop {
///     while let Some(ready) = scheduler.next_ready() {
///         scheduler.start(ready);
///     }
///     match scheduler.wait() {
///         Wake::Finished(finished) => ended.push(finished.tag),
///         Wake::Ready => (),
///         Wake::Idle => break,
///     }
/// }
/// assert_eq!(ended, ["first", "second"]);
/// ```
pub struct Scheduler<T> {
    queues: Queues<T>,
    /// By the moment of the run's clock at which the delay is over, then in order of submission.
    delayed: BTreeMap<(Duration, u64), Entry<T>>,
    submissions: u64,
    running: BTreeMap<usize, Running<T>>,
    free_slots: BTreeSet<usize>,
    /// How many jobs are about to be started: they have their tokens.
    handed_out: usize,
    limits: Limits,
    permits: Permits,
    /// No running job times out before this moment of the run's clock.
    quiet_until: Duration,
    /// Every running job has been told that the run is interrupted.
    told: bool,
    job_timeout: Duration,
    max_active_jobs: usize,
    run: Arc<Run>,
    inbox: Receiver<Message>,
    crew: Box<dyn Crew>,
}

struct Running<T> {
    tag: T,
    queue: QueueId,
    tokens: u32,
    attempt: u32,
    started: SystemTime,
    context: Arc<JobContext>,
}

/// A job that has its tokens and is to be started now.
///
/// Its tokens, and its place among [`SchedulingParams::max_active`], are taken until it was started
/// and collected.
#[derive(Debug)]
#[must_use = "the tokens of a job that is never started stay taken"]
pub struct Ready<T> {
    /// The submitter's tag.
    pub tag: T,
    job: Job,
    queue: QueueId,
}

/// A job that ended.
#[derive(Debug)]
pub struct Finished<T> {
    /// The submitter's tag.
    pub tag: T,
    /// What came of the job.
    pub outcome: JobOutcome,
}

/// Why [`Scheduler::wait`] returned.
#[derive(Debug)]
pub enum Wake<T> {
    /// A job ended.
    Finished(Finished<T>),
    /// A job that was not ready before may be now: call [`Scheduler::next_ready`].
    Ready,
    /// Nothing runs, and nothing will become ready by itself.
    Idle,
}

impl<T> Scheduler<T> {
    /// Prepares to run jobs; there are no threads yet.
    #[must_use]
    pub fn new(params: &SchedulingParams) -> Self {
        let limits = Limits::new(params, os::load_average);
        Self::with(params, limits, Box::new(Workers::default()))
    }

    fn with(params: &SchedulingParams, limits: Limits, crew: Box<dyn Crew>) -> Self {
        let (outbox, inbox) = crossbeam_channel::unbounded();
        let run = Arc::new(Run::new(params, outbox));
        params.interrupt.enlist(&run);
        Self {
            queues: Queues::new(&params.queues),
            delayed: BTreeMap::new(),
            submissions: 0,
            running: BTreeMap::new(),
            free_slots: BTreeSet::new(),
            handed_out: 0,
            limits,
            permits: Permits::new(params.jobserver.clone(), &run),
            quiet_until: Duration::MAX,
            told: false,
            job_timeout: params.job_timeout,
            max_active_jobs: 0,
            run,
            inbox,
            crew,
        }
    }

    /// Lets a job wait in its queue, behind those of the same priority and urgency.
    ///
    /// A job that ended may be submitted again, as a further attempt.
    ///
    /// # Errors
    ///
    /// Refuses a job that could never run: its queue does not exist, or has fewer tokens than
    /// the job takes.
    pub fn submit(&mut self, tag: T, job: Job) -> Result<(), SubmitError> {
        let entry = self.queues.admit(tag, job)?;
        self.ripen();
        self.queues.push(entry);
        Ok(())
    }

    /// Lets a job wait in its queue once `delay` is over, behind those there by then; meanwhile it
    /// holds no tokens. As that of timeouts, its time stands still while the run is suspended.
    ///
    /// # Errors
    ///
    /// As for [`submit`](Self::submit).
    pub fn submit_after(&mut self, tag: T, job: Job, delay: Duration) -> Result<(), SubmitError> {
        let entry = self.queues.admit(tag, job)?;
        let moment = self.run.clock().now().saturating_add(delay);
        self.delayed.insert((moment, self.submissions), entry);
        self.submissions += 1;
        Ok(())
    }

    /// Takes a job that fits in what is free, along with its tokens; none once interrupted, or
    /// when the limits over all queues are reached.
    ///
    /// In a queue the highest priority goes first, then the highest urgency, then the earliest
    /// submission; a job that does not fit holds back all behind it. Between queues the same order decides.
    pub fn next_ready(&mut self) -> Option<Ready<T>> {
        if !self.is_open() {
            return None;
        }
        self.ripen();
        if !self.queues.has_fitting() || !self.permits.allow(self.active()) {
            return None;
        }
        let Entry { tag, job, queue } = self.queues.pop()?;
        self.handed_out += 1;
        Some(Ready { tag, job, queue })
    }

    /// Returns the slot in which the next job will be started: the smallest free one.
    #[must_use]
    pub fn next_slot(&self) -> usize {
        self.free_slots.first().copied().unwrap_or(self.running.len())
    }

    /// Starts a job in the smallest free slot, and returns the slot.
    pub fn start(&mut self, ready: Ready<T>) -> usize {
        let Ready { tag, mut job, queue } = ready;
        self.handed_out -= 1;
        let slot = self.next_slot();
        self.free_slots.pop_first();
        let (tokens, attempt) = (job.get_tokens(), job.begin_attempt());
        let limit = job.get_timeout().unwrap_or(self.job_timeout);
        let context = Arc::new(JobContext::new(slot, attempt, limit, Arc::clone(&self.run)));
        let deadline = context.deadline();
        let (started, shared) = (SystemTime::now(), Arc::clone(&context));
        self.running.insert(slot, Running { tag, queue, tokens, attempt, started, context });
        self.quiet_until = self.quiet_until.min(deadline);
        self.max_active_jobs = self.max_active_jobs.max(self.running.len());
        self.crew.assign(Assignment { job, context: shared });
        slot
    }

    /// Blocks until a job ended, a delayed one may start, or nothing is left to wait for.
    ///
    /// This is where jobs are told to stop: those whose time is over, and, once the run is
    /// interrupted, all. Processes and [`JobContext::is_interrupted`] also notice by themselves.
    pub fn wait(&mut self) -> Wake<T> {
        loop {
            self.interrupt_due();
            if self.ripen() {
                return Wake::Ready;
            }
            if self.running.is_empty() {
                if self.may_start() {
                    return Wake::Ready;
                }
                if self.delayed.is_empty() || self.is_interrupted() {
                    self.permits.settle(self.active());
                    return Wake::Idle;
                }
            }
            if self.has_come() {
                return Wake::Ready;
            }
            self.permits.settle(self.active());
            let limit = self.time_left();
            if let Some(Message::Ended(ended)) = self.crew.receive(&self.inbox, limit) {
                return Wake::Finished(self.finish(ended));
            }
        }
    }

    /// Returns a job that has already ended, without blocking.
    pub fn try_wait(&mut self) -> Option<Finished<T>> {
        loop {
            if let Message::Ended(ended) = self.inbox.try_recv().ok()? {
                return Some(self.finish(ended));
            }
        }
    }

    /// Returns how many jobs run; those that ended count until they are collected.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Returns how many jobs ever ran at once.
    #[must_use]
    pub fn max_active_jobs(&self) -> usize {
        self.max_active_jobs
    }

    /// Returns true once this run was interrupted, after which nothing more starts.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.run.is_stopped()
    }

    /// Interrupts this run, as [`Interrupt::trigger`](crate::Interrupt::trigger) does for all runs
    /// that share the handle.
    pub fn interrupt(&mut self) {
        self.run.stop();
        self.interrupt_due();
    }

    /// Forgets all jobs that have not started, delayed ones included, and returns their tags.
    pub fn clear_waiting(&mut self) -> Vec<T> {
        let delayed = std::mem::take(&mut self.delayed).into_values().map(|entry| entry.tag);
        let mut tags = self.queues.clear();
        tags.extend(delayed);
        tags
    }
}

impl<T> Scheduler<T> {
    fn may_start(&self) -> bool {
        self.is_open() && self.queues.has_fitting()
    }

    /// Returns how many jobs run or are about to.
    fn active(&self) -> usize {
        self.running.len() + self.handed_out
    }

    /// Returns whether a job may start now that only waited for a token of the jobserver.
    fn has_come(&mut self) -> bool {
        self.may_start() && self.permits.are_there(self.active())
    }

    /// Returns true if one more job may start, should its queue have the tokens.
    fn is_open(&self) -> bool {
        !self.is_interrupted() && self.limits.allow(self.running.len(), self.handed_out)
    }

    /// Puts delayed jobs whose delay is over into their queues; returns whether there were any.
    fn ripen(&mut self) -> bool {
        if self.delayed.is_empty() || self.is_interrupted() {
            return false;
        }
        let now = self.run.clock().now();
        let mut any = false;
        while let Some(entry) = self.delayed.first_entry().filter(|it| it.key().0 <= now) {
            self.queues.push(entry.remove());
            any = true;
        }
        any
    }

    /// Tells jobs to stop that are to stop and have not been told.
    fn interrupt_due(&mut self) {
        if self.is_interrupted() && !self.told {
            self.told = true;
            self.running.values().for_each(|it| tell(&it.context, InterruptCause::Run));
        }
        let now = self.run.clock().now();
        if now >= self.quiet_until {
            let contexts = || self.running.values().map(|it| &it.context);
            let overdue = contexts().filter(|it| it.deadline() <= now);
            overdue.for_each(|context| tell(context, InterruptCause::Timeout));
            let coming = contexts().map(|it| it.deadline()).filter(|&deadline| deadline > now);
            self.quiet_until = coming.min().unwrap_or(Duration::MAX);
        }
    }

    /// Returns for how long there is nothing to do if no message comes; `None` if for ever.
    fn time_left(&self) -> Option<Duration> {
        let ripe = self.delayed.keys().next().filter(|_| !self.is_interrupted());
        let moment = ripe.map_or(self.quiet_until, |&(moment, _)| moment.min(self.quiet_until));
        if moment == Duration::MAX { None } else { self.run.clock().until(moment) }
    }

    fn finish(&mut self, ended: Ended) -> Finished<T> {
        let Ended { slot, job, status, ending, interrupted, duration, left_behind } = ended;
        let running = self.running.remove(&slot).expect("only a running job ends");
        let Running { tag, queue, tokens, attempt, started, .. } = running;
        self.free_slots.insert(slot);
        self.queues.release(queue, tokens);
        let outcome = JobOutcome {
            job,
            status,
            ending,
            started,
            duration,
            slot,
            attempt,
            interrupted,
            left_behind,
        };
        Finished { tag, outcome }
    }
}

impl<T> Drop for Scheduler<T> {
    fn drop(&mut self) {
        if !self.running.is_empty() {
            self.interrupt();
            while let Wake::Finished(_) = self.wait() {}
        }
        self.permits.settle(0);
        self.crew.join();
        self.run.finish();
    }
}

impl<T> fmt::Debug for Scheduler<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("running", &self.running.len())
            .field("delayed", &self.delayed.len())
            .field("interrupted", &self.is_interrupted())
            .finish_non_exhaustive()
    }
}

fn tell(context: &JobContext, cause: InterruptCause) {
    log::debug!("interrupting the job in slot {}: {cause}", context.slot());
    let Some(hook) = context.interrupt(cause) else { return };
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(hook)) {
        let text = worker::panic_text(payload);
        log::warn!("the interrupt hook of the job in slot {} panicked: {text}", context.slot());
    }
}

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::JobStatus;

    thread_local!(static LOAD: Cell<f64> = const { Cell::new(0.0) });

    /// Four jobs and four tokens, on a machine whose load is `LOAD` and may be 3.
    fn four_jobs() -> Scheduler<u32> {
        let mut params = SchedulingParams { max_load: Some(3.0), ..SchedulingParams::default() };
        params.queues.insert("default".to_owned(), 4);
        let limits = Limits::new(&params, || Some(LOAD.get()));
        let mut scheduler = Scheduler::with(&params, limits, Box::new(Workers::default()));
        for number in 0..4 {
            let job = Job::new(|_: &JobContext| JobStatus::Success);
            scheduler.submit(number, job).expect("it fits");
        }
        scheduler
    }

    /// Starts what may start; returns how many.
    fn start_all(scheduler: &mut Scheduler<u32>) -> usize {
        let group: Vec<_> = std::iter::from_fn(|| scheduler.next_ready()).collect();
        group.into_iter().map(|ready| scheduler.start(ready)).count()
    }

    /// The next wake, with the number of the job that ended.
    fn wake(scheduler: &mut Scheduler<u32>) -> Option<u32> {
        match scheduler.wait() {
            Wake::Finished(finished) => Some(finished.tag),
            Wake::Ready => None,
            Wake::Idle => panic!("jobs are left"),
        }
    }

    #[test]
    fn on_a_loaded_machine_jobs_run_one_by_one_to_the_end() {
        LOAD.set(100.0);
        let mut scheduler = four_jobs();
        for number in 0..4 {
            assert_eq!(wake(&mut scheduler), None, "with nothing running one may start");
            assert_eq!(start_all(&mut scheduler), 1);
            assert_eq!(wake(&mut scheduler), Some(number));
        }
        assert!(matches!(scheduler.wait(), Wake::Idle));
        assert_eq!(scheduler.max_active_jobs(), 1);
    }

    #[test]
    fn the_load_is_looked_at_again_when_a_job_ended() {
        LOAD.set(1.5);
        let mut scheduler = four_jobs();
        assert_eq!(start_all(&mut scheduler), 2, "the second is load 2.5, a third would be 3.5");
        LOAD.set(3.0);
        assert!(wake(&mut scheduler).is_some());
        assert_eq!(start_all(&mut scheduler), 0, "one still runs");
        LOAD.set(0.0);
        assert!(wake(&mut scheduler).is_some());
        assert_eq!(start_all(&mut scheduler), 2);
    }
}
