//! A walk that does as its case says, and notes whatever is not as it should be.
//!
//! Its store knows what is durable: a walk that is stopped by an error loses what was not
//! committed, as one does that is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::hint;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use walk_core::{
    Action, Dag, Decision, Error, Event, Fingerprint, Interrupt, Job, JobContext, JobOutcome,
    JobStatus, Phase, Report, Requeue, SchedulingParams, SkipReason, Walk, defaults,
};

use super::model::{Expected, fingerprint};
use super::{Case, Does, End, Kept, Stop};

/// The fingerprints that were saved, by the number of their action.
pub(super) type Store = BTreeMap<usize, Fingerprint>;

#[derive(Debug)]
pub(super) enum Failure {
    /// As the case asks.
    Asked,
    Walk(Error),
}

pub(super) struct RandomWalk<'a> {
    case: &'a Case,
    params: SchedulingParams,
    before: Store,
    store: Store,
    /// What was saved or forgotten and not committed.
    pending: BTreeMap<usize, Option<Fingerprint>>,
    seen: Seen,
    running: BTreeMap<usize, usize>,
    queued: BTreeSet<usize>,
    begun: Arc<Mutex<Begun>>,
    events: usize,
    hooks: usize,
    has_failed: bool,
    complaint: Option<String>,
}

/// What events told.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) statuses: Vec<Option<JobStatus>>,
    pub(super) attempts: Vec<u32>,
    pub(super) decided: Vec<u32>,
    pub(super) was_interrupted: Vec<bool>,
    pub(super) most_active: usize,
    /// Those that count (S11).
    pub(super) failures: usize,
}

/// What the works of jobs tell.
#[derive(Debug, Default)]
struct Begun {
    counts: BTreeMap<usize, u32>,
    /// Started after the interruption.
    forbidden: BTreeSet<usize>,
    complaint: Option<String>,
}

pub(super) fn demand(is_so: bool, otherwise: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl<'a> RandomWalk<'a> {
    pub(super) fn new(case: &'a Case, params: SchedulingParams, store: Store) -> Self {
        let count = case.actions.len();
        let seen = Seen {
            statuses: vec![None; count],
            attempts: vec![0; count],
            decided: vec![0; count],
            was_interrupted: vec![false; count],
            most_active: 0,
            failures: 0,
        };
        Self {
            case,
            params,
            before: store.clone(),
            store,
            pending: BTreeMap::new(),
            seen,
            running: BTreeMap::new(),
            queued: BTreeSet::new(),
            begun: Arc::default(),
            events: 0,
            hooks: 0,
            has_failed: false,
            complaint: None,
        }
    }

    pub(super) fn into_store(self) -> Store {
        self.store
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.params.interrupt.is_triggered()
    }

    /// Runs it, with somebody who may interrupt it from aside.
    pub(super) fn run_with_stop(
        &mut self,
        dag: &Dag<usize>,
        run: fn(&mut Self, &Dag<usize>) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let Stop::FromAside(turns) = self.case.stop else { return run(self, dag) };
        let interrupt = self.params.interrupt.clone();
        thread::scope(|scope| {
            let aside = scope.spawn(move || {
                (0..turns).for_each(|_| hint::spin_loop());
                interrupt.trigger();
            });
            let result = run(self, dag);
            // So that whether it was interrupted is the same now and later.
            let was_interrupted = result.as_ref().is_ok_and(Report::is_interrupted);
            aside.join().expect("it only triggers");
            if !was_interrupted {
                self.params.interrupt = Interrupt::default();
            }
            result
        })
    }

    /// Compares what events told with what is expected, up to where the run was stopped.
    pub(super) fn check(&mut self, expected: &[Expected]) -> Result<Seen, String> {
        let begun = std::mem::take(&mut *self.begun.lock().expect("nobody panics with it"));
        self.complaint.take().or(begun.complaint).map_or(Ok(()), Err)?;
        demand(self.has_failed || self.running.is_empty(), "a job was not collected")?;
        demand(self.has_failed || self.pending.is_empty(), "something is not committed")?;
        for (number, expected) in expected.iter().enumerate() {
            let say = |what: &str| format!("action {number}: {what}");
            let status = self.seen.statuses[number];
            let was_cut = self.seen.was_interrupted[number];
            let is_short = status == Some(JobStatus::NotReady)
                && self.seen.attempts[number] < expected.attempts;
            let is_right = status.is_none_or(|it| it == expected.status) || was_cut || is_short;
            demand(is_right, &say(&format!("{status:?} and not {:?}", expected.status)))?;
            let attempts = self.seen.attempts[number];
            demand(attempts <= expected.attempts, &say("started too often"))?;
            let begun = begun.counts.get(&number).copied().unwrap_or(0);
            demand(begun <= attempts, &say("its work began more often than it was started"))?;
            let is_whole = status == Some(expected.status) && !was_cut && !is_short;
            demand(!is_whole || begun == expected.attempts, &say("its work did not run"))?;
            demand(self.seen.decided[number] <= 1, &say("decided twice"))?;
            demand(status.is_none() || self.have_ended(number), &say("before a predecessor"))?;
            self.check_stored(number, expected, is_whole).map_err(|it| say(&it))?;
        }
        Ok(std::mem::replace(&mut self.seen, Seen::none()))
    }

    /// F6, F7: what is stored is what was stored, unless its job started.
    fn check_stored(
        &self,
        number: usize,
        expected: &Expected,
        is_whole: bool,
    ) -> Result<(), String> {
        let stored = self.store.get(&number);
        let is_new = stored == expected.fingerprint.as_ref();
        let is_old = stored == self.before.get(&number);
        let has_run = self.seen.attempts[number] > 0;
        let is_made =
            is_whole && matches!(expected.status, JobStatus::Success | JobStatus::Unchanged);
        let is_right = match (is_made, has_run) {
            // The last to end before an error may not be committed.
            (true, _) => is_new || (self.has_failed && (stored.is_none() || (!has_run && is_old))),
            (false, true) => stored.is_none() || (self.has_failed && is_new && is_made),
            // An error may come between forgetting and starting.
            (false, false) => is_old || (self.has_failed && stored.is_none()),
        };
        demand(is_right, &format!("stored {stored:?}, made: {is_made}, has run: {has_run}"))
    }

    fn have_ended(&self, number: usize) -> bool {
        let has_ended = |it: usize| self.seen.statuses[it].is_some() && !self.queued.contains(&it);
        self.case.predecessors(number).all(has_ended)
    }

    fn complain_unless(&mut self, is_so: bool, number: usize, otherwise: &str) {
        if !is_so {
            self.complaint.get_or_insert(format!("action {number}: {otherwise}"));
        }
    }

    /// Counts the call of a hook that may fail.
    fn may_fail(&mut self) -> Result<(), Failure> {
        self.hooks += 1;
        self.has_failed |= self.case.stop == Stop::AtHook(self.hooks - 1);
        if self.has_failed { Err(Failure::Asked) } else { Ok(()) }
    }

    /// Nothing more is to be decided or to start.
    fn is_over(&self) -> bool {
        let is_told = matches!(self.case.stop, Stop::AtEvent(_)) && self.is_interrupted();
        is_told || self.seen.failures >= self.most_failures()
    }

    fn most_failures(&self) -> usize {
        self.case.limits.max_failures.map_or(usize::MAX, |it| it.get() as usize)
    }

    fn started(&mut self, number: usize, slot: usize) {
        let was_queued = self.queued.remove(&number);
        self.complain_unless(was_queued, number, "started and not queued");
        self.seen.statuses[number] = None;
        let free = (0..=slot).find(|it| !self.running.contains_key(it));
        self.complain_unless(free == Some(slot), number, "not in the smallest free slot");
        self.running.insert(slot, number);
        self.seen.attempts[number] += 1;
        let active = self.running.len();
        self.seen.most_active = self.seen.most_active.max(active);
        let most = self.case.limits.max_active.map_or(usize::MAX, |it| it.get() as usize);
        self.complain_unless(active <= most, number, "too many jobs");
        let taken: u32 = self.running.values().map(|&it| self.case.tokens(it)).sum();
        self.complain_unless(taken <= self.case.limits.tokens, number, "too many tokens");
        let is_forgotten = !self.store.contains_key(&number) && self.pending.is_empty();
        self.complain_unless(is_forgotten, number, "started, and its fingerprint is there");
    }

    fn stopped_running(&mut self, number: usize, outcome: &JobOutcome) {
        let was_there = self.running.remove(&outcome.slot) == Some(number);
        self.complain_unless(was_there, number, "collected, and not running");
        let attempt = self.seen.attempts[number];
        self.complain_unless(outcome.attempt == attempt, number, "an attempt is not counted");
    }

    fn ended(&mut self, number: usize, status: JobStatus) {
        let is_first = self.seen.statuses[number].is_none();
        self.complain_unless(is_first, number, "ended twice");
        self.seen.statuses[number] = Some(status);
    }

    fn job(&self, number: usize) -> Job {
        let Does::Run { ready_at, end, .. } = self.case.actions[number].does else {
            unreachable!("only what runs has a job")
        };
        let triggers = self.case.stop == Stop::ByJob(number);
        let (interrupt, begun) = (self.params.interrupt.clone(), Arc::clone(&self.begun));
        let work = move |cx: &JobContext| {
            note_begin(&begun, number);
            if triggers {
                interrupt.trigger();
            }
            match end {
                _ if cx.attempt() < ready_at => JobStatus::NotReady,
                End::With(status) => status,
                End::Panic => resume_unwind(Box::new("as asked")),
            }
        };
        Job::new(work).tokens(self.case.tokens(number)).priority(self.case.actions[number].priority)
    }
}

fn note_begin(begun: &Mutex<Begun>, number: usize) {
    let mut begun = begun.lock().expect("nobody panics with it");
    *begun.counts.entry(number).or_default() += 1;
    if begun.forbidden.contains(&number) {
        begun.complaint = Some(format!("action {number}: its work began after the interruption"));
    }
}

impl Seen {
    fn none() -> Self {
        Self {
            statuses: Vec::new(),
            attempts: Vec::new(),
            decided: Vec::new(),
            was_interrupted: Vec::new(),
            most_active: 0,
            failures: 0,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Walk(error)
    }
}

impl Walk for RandomWalk<'_> {
    type Data = usize;
    type Error = Failure;

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        params.clone_from(&self.params);
    }

    fn get_job(&mut self, action: &Action<'_, usize>) -> Result<Decision, Failure> {
        let number = *action.data();
        self.complain_unless(!self.is_over(), number, "decided after the end");
        self.complain_unless(self.have_ended(number), number, "decided before a predecessor ended");
        self.seen.decided[number] += 1;
        defaults::get_job(self, action)
    }

    fn create_job(&mut self, action: &Action<'_, usize>) -> Result<Decision, Failure> {
        self.may_fail()?;
        let number = *action.data();
        Ok(match self.case.actions[number].does {
            Does::Nothing(status) => Decision::Done(status),
            Does::Run { .. } => Decision::Run(self.job(number)),
        })
    }

    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, usize>,
        phase: Phase,
    ) -> Result<Option<Fingerprint>, Failure> {
        self.may_fail()?;
        let spec = &self.case.actions[*action.data()];
        if spec.fingerprint == Kept::Never
            || (spec.fingerprint == Kept::AfterJob && phase == Phase::Prediction)
        {
            return Ok(None);
        }
        let predecessors = action.predecessors();
        let known =
            predecessors.map(|it| (*it.data(), it.new_fingerprint().map(Fingerprint::checksum)));
        Ok(Some(fingerprint(spec.version, known)))
    }

    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, usize>,
    ) -> Result<Option<Fingerprint>, Failure> {
        self.may_fail()?;
        Ok(self.before.get(action.data()).cloned())
    }

    fn save_fingerprint(
        &mut self,
        action: &Action<'_, usize>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), Failure> {
        self.may_fail()?;
        let is_fresh = action.skip_reason() == Some(&SkipReason::Fresh);
        self.complain_unless(!is_fresh, *action.data(), "fresh, and written");
        self.pending.insert(*action.data(), fingerprint.cloned());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.may_fail()?;
        for (number, fingerprint) in std::mem::take(&mut self.pending) {
            match fingerprint {
                Some(fingerprint) => self.store.insert(number, fingerprint),
                None => self.store.remove(&number),
            };
        }
        Ok(())
    }

    fn collect(
        &mut self,
        action: &Action<'_, usize>,
        outcome: &JobOutcome,
    ) -> Result<Requeue, Failure> {
        let requeue = defaults::collect(self, action, outcome)?;
        let waits = matches!(self.case.actions[*action.data()].does, Does::Run { waits: true, .. });
        Ok(match requeue {
            Requeue::Now if waits => Requeue::After(Duration::from_micros(50)),
            other => other,
        })
    }

    fn request_requeue(&mut self, action: &Action<'_, usize>, outcome: &JobOutcome) -> bool {
        let does = self.case.actions[*action.data()].does;
        matches!(does, Does::Run { asks, .. } if outcome.attempt <= asks)
    }

    fn on_event(&mut self, event: &Event<'_, usize>) {
        let number = *event.action().data();
        let was_over = self.is_over();
        match event {
            Event::Queued { .. } => {
                let is_new = self.queued.insert(number);
                self.complain_unless(is_new && self.have_ended(number), number, "queued");
            }
            Event::Started { slot, .. } => {
                let is_too_late = self.seen.failures >= self.most_failures();
                self.complain_unless(!is_too_late, number, "started after too many failures");
                self.started(number, *slot);
            }
            Event::Requeued { outcome, .. } => {
                self.complain_unless(!was_over, number, "requeued after the end");
                self.stopped_running(number, outcome);
                self.queued.insert(number);
                // As it ended, should the run stop meanwhile.
                self.seen.statuses[number] = Some(outcome.status);
            }
            Event::Finished { outcome, .. } => {
                self.stopped_running(number, outcome);
                self.seen.was_interrupted[number] = outcome.interrupted.is_some();
                self.seen.failures += usize::from(!outcome.status.is_success());
                self.ended(number, outcome.status);
            }
            Event::Skipped { status, reason, .. } => {
                self.seen.failures += usize::from(reason.is_none() && !status.is_success());
                self.ended(number, *status);
            }
            other => self.complaint = Some(format!("an unknown event: {other:?}")),
        }
        if self.case.stop == Stop::AtEvent(self.events) {
            self.params.interrupt.trigger();
        }
        if matches!(event, Event::Started { .. }) && self.is_over() {
            self.begun.lock().expect("nobody panics with it").forbidden.insert(number);
        }
        self.events += 1;
    }
}
