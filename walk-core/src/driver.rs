//! The loop that joins the graph, the walk and the scheduler.
//!
//! It is the one file that imports everything. Each turn goes one way: decide and submit all
//! that is ready, forget and start all that fits, wait for one, collect all that ended. What was
//! saved and forgotten is committed once a turn, before anything starts and before the
//! turn blocks, so that a store writes in groups and a crash finds every running action
//! forgotten and every finished one saved.

use std::time::{Duration, Instant};

use walk_dag::{Dag, Frontier, Vertex};
use walk_scheduler::{Finished, Ready, Scheduler, Wake};

use crate::report::RunEnd;
use crate::state::State;
use crate::{
    Action, Decision, Error, Event, Job, JobOutcome, JobStatus, Report, Requeue, SchedulingParams,
    SkipReason, Walk, defaults,
};

/// Walks `dag`, asking `walk` what to do with each action.
///
/// Returns when every action has ended, or, if the run was told to stop (by
/// [`Interrupt`](crate::Interrupt), or by
/// [`max_failures`](SchedulingParams::max_failures)), when every job that was started has.
///
/// # Errors
///
/// Returns the first error of a hook of `walk`, or of the scheduler, after stopping and
/// collecting the jobs that run.
pub fn run<W: Walk>(walk: &mut W, dag: &Dag<W::Data>) -> Result<Report, W::Error> {
    let started = Instant::now();
    let mut params = SchedulingParams::default();
    walk.set_scheduling_params(&mut params);
    let state = State::new(dag);
    let mut driver = Driver {
        walk,
        state: &state,
        frontier: Frontier::new(dag),
        scheduler: Scheduler::new(&params),
        decided: Vec::new(),
        submitted: 0,
        failures_left: params.max_failures.map(std::num::NonZeroU32::get),
    };
    driver.drive()?;
    let end = RunEnd {
        interrupted: driver.scheduler.is_interrupted(),
        max_active_jobs: driver.scheduler.max_active_jobs(),
        duration: started.elapsed(),
    };
    drop(driver);
    Ok(Report::new(state, &end))
}

/// Dropping it, after an error or a panic of a hook, stops and collects what runs.
struct Driver<'a, W: Walk> {
    walk: &'a mut W,
    state: &'a State<'a, W::Data>,
    frontier: Frontier<'a>,
    scheduler: Scheduler<Vertex>,
    /// The jobs of a turn, until all of its actions are decided.
    decided: Vec<(Action<'a, W::Data>, Job)>,
    /// How many jobs are in the scheduler.
    submitted: usize,
    /// How many more failures stop the run; `None` if none does.
    failures_left: Option<u32>,
}

impl<'a, W: Walk> Driver<'a, W> {
    fn drive(&mut self) -> Result<(), W::Error> {
        loop {
            self.decide_ready()?;
            self.start_ready()?;
            match self.scheduler.wait() {
                Wake::Finished(finished) => self.collect_finished(finished)?,
                Wake::Ready => {}
                Wake::Idle => return self.commit(),
            }
        }
    }

    fn decide_ready(&mut self) -> Result<(), W::Error> {
        while !self.is_stopping()
            && let Some(vertex) = self.frontier.next_ready()
        {
            let action = self.action(vertex);
            match self.walk.get_job(&action)? {
                Decision::Run(job) => self.queue(action, job),
                Decision::Done(status) => self.finish_without_job(action, status)?,
            }
        }
        self.submit_decided()
    }

    fn queue(&mut self, action: Action<'a, W::Data>, job: Job) {
        let reason = action.dirty_reason();
        self.walk.on_event(&Event::Queued { action, reason, queue: job.get_queue() });
        self.decided.push((action, job));
    }

    /// Submits the jobs of this turn, once it is known how many they are: a job that is alone
    /// starts at once, and how urgent it is makes no difference.
    fn submit_decided(&mut self) -> Result<(), W::Error> {
        if self.is_stopping() {
            self.decided.clear();
        }
        if self.submitted + self.decided.len() > 1 && !self.decided.is_empty() {
            self.walk.prioritize(&mut self.decided);
        }
        self.submitted += self.decided.len();
        for (action, job) in std::mem::take(&mut self.decided) {
            let submitted = self.scheduler.submit(action.vertex(), job);
            submitted.map_err(|source| submit_error(&action, source))?;
        }
        Ok(())
    }

    fn finish_without_job(
        &mut self,
        action: Action<'a, W::Data>,
        status: JobStatus,
    ) -> Result<(), W::Error> {
        let reason = action.skip_reason();
        let saved = reason == Some(&SkipReason::Fresh)
            && action.new_fingerprint() == action.prev_fingerprint();
        if status.is_success() && !saved {
            defaults::save_final(self.walk, &action)?;
        }
        action.cells().status.set(Some(status));
        self.walk.on_event(&Event::Skipped { action, status, reason });
        if reason.is_none() {
            self.count_failure(status);
        }
        self.frontier.complete(action.vertex());
        Ok(())
    }

    fn start_ready(&mut self) -> Result<(), W::Error> {
        let mut group: Vec<Ready<Vertex>> = Vec::new();
        while let Some(ready) = self.scheduler.next_ready() {
            // From here on the old result is in doubt: a run that dies must not leave it
            // looking like a success.
            self.walk.save_fingerprint(&self.action(ready.tag), None)?;
            self.state.unsaved.set(true);
            group.push(ready);
        }
        self.commit()?;
        for ready in group {
            let action = self.action(ready.tag);
            // Told before: a job may write to the terminal as soon as it is started.
            let slot = self.scheduler.next_slot();
            self.walk.on_event(&Event::Started { action, slot });
            self.scheduler.start(ready);
        }
        Ok(())
    }

    fn collect_finished(&mut self, first: Finished<Vertex>) -> Result<(), W::Error> {
        let mut next = Some(first);
        while let Some(Finished { tag, outcome }) = next {
            self.collect(self.action(tag), outcome)?;
            next = self.scheduler.try_wait();
        }
        Ok(())
    }

    fn collect(
        &mut self,
        action: Action<'a, W::Data>,
        outcome: JobOutcome,
    ) -> Result<(), W::Error> {
        let requeue = self.walk.collect(&action, &outcome)?;
        if requeue != Requeue::No && !self.is_stopping() {
            return self.requeue(action, outcome, requeue);
        }
        self.submitted -= 1;
        action.ended(&outcome);
        self.walk.on_event(&Event::Finished { action, outcome: &outcome });
        self.count_failure(outcome.status);
        self.frontier.complete(action.vertex());
        Ok(())
    }

    fn requeue(
        &mut self,
        action: Action<'a, W::Data>,
        outcome: JobOutcome,
        requeue: Requeue,
    ) -> Result<(), W::Error> {
        let delay = if let Requeue::After(delay) = requeue { delay } else { Duration::ZERO };
        // As in e3: should the run stop meanwhile, this is how the action ended.
        action.ended(&outcome);
        self.walk.on_event(&Event::Requeued { action, outcome: &outcome, delay });
        let submitted = if delay.is_zero() {
            self.scheduler.submit(action.vertex(), outcome.job)
        } else {
            self.scheduler.submit_after(action.vertex(), outcome.job, delay)
        };
        submitted.map_err(|source| submit_error(&action, source))
    }

    fn count_failure(&mut self, status: JobStatus) {
        if status.is_success() {
            return;
        }
        if let Some(left) = &mut self.failures_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.scheduler.clear_waiting();
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.failures_left == Some(0) || self.scheduler.is_interrupted()
    }

    fn commit(&mut self) -> Result<(), W::Error> {
        if self.state.unsaved.replace(false) { self.walk.commit() } else { Ok(()) }
    }

    fn action(&self, vertex: Vertex) -> Action<'a, W::Data> {
        Action::new(self.state, vertex)
    }
}

fn submit_error<D, E: From<Error>>(
    action: &Action<'_, D>,
    source: walk_scheduler::SubmitError,
) -> E {
    Error::Submit { uid: action.uid().into(), source }.into()
}
