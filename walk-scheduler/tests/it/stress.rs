//! What only real threads can show: runs that are interrupted, suspended and resumed from other
//! threads while jobs of all kinds come and go, several of them under one handle.
//!
//! Nobody says in which order things happen, so nothing is compared with a model: limits hold,
//! every job is collected once for each start, nothing starts after an interruption, and every
//! case ends. One that does not is given up after a while that is long even on a busy machine.

use std::collections::BTreeMap;
use std::hint;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_scheduler::{
    Ending, Interrupt, InterruptCause, Job, JobContext, JobOutcome, JobStatus, Process, Scheduler,
    SchedulingParams, Wake,
};

use crate::cases::prove;
use crate::support::{FOREVER, eventually, until_interrupted};

#[derive(Clone, Debug)]
struct Case {
    /// What is run under one handle, each on a thread of its own.
    runs: Vec<Plan>,
    /// What threads do to the handle.
    hands: Vec<Vec<Deed>>,
    /// In the end all runs are interrupted, and until then what is endless has no timeout.
    is_cut: bool,
}

#[derive(Clone, Debug)]
struct Plan {
    tokens: u32,
    max_active: Option<NonZeroU32>,
    jobs: Vec<Spec>,
    /// After so many jobs the scheduler is dropped.
    leave_after: usize,
}

#[derive(Clone, Debug)]
struct Spec {
    kind: Kind,
    tokens: u32,
    priority: i32,
    timeout: Option<Duration>,
    delay: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Spin(u16),
    Panic,
    /// Ready at its attempt of this number.
    NotReady(u32),
    /// Looks until it is told to stop.
    Look,
    /// Sleeps until it is told to stop.
    Listen,
    Trigger,
    True,
    Sleep,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Spin(u16),
    Suspend,
    Resume,
    Trigger,
    Kill,
}

#[test]
fn s1_to_s8_many_runs_under_one_handle_end_whatever_is_done_to_it() {
    prove(60, 0, &case(false), play_in_time);
}

#[test]
fn s7_commands_end_whatever_is_done_to_their_runs() {
    prove(8, 0, &case(true), play_in_time);
}

fn case(with_commands: bool) -> impl Strategy<Value = Case> {
    let deed = prop_oneof![
        6 => any::<u16>().prop_map(Deed::Spin),
        2 => Just(Deed::Suspend),
        2 => Just(Deed::Resume),
        1 => Just(Deed::Trigger),
        1 => Just(Deed::Kill),
    ];
    (vec(plan(with_commands), 1..4), vec(vec(deed, 0..12), 0..3), any::<bool>())
        .prop_map(|(runs, hands, is_cut)| Case { runs, hands, is_cut })
}

fn plan(with_commands: bool) -> impl Strategy<Value = Plan> {
    let count = if with_commands { 0..8 } else { 0..40 };
    let leave_after = prop_oneof![4 => Just(usize::MAX), 1 => 0usize..10];
    let max_active = (0u32..6).prop_map(NonZeroU32::new);
    (0u32..6, max_active, vec(spec(with_commands), count), leave_after).prop_map(
        |(tokens, max_active, jobs, leave_after)| Plan { tokens, max_active, jobs, leave_after },
    )
}

fn spec(with_commands: bool) -> impl Strategy<Value = Spec> {
    let commands = if with_commands { 8 } else { 0 };
    let kind = prop_oneof![
        12 => any::<u16>().prop_map(Kind::Spin),
        2 => Just(Kind::Panic),
        3 => (1u32..4).prop_map(Kind::NotReady),
        2 => Just(Kind::Look),
        2 => Just(Kind::Listen),
        1 => prop_oneof![7 => Just(Kind::Spin(1)), 1 => Just(Kind::Trigger)],
        commands => prop_oneof![Just(Kind::True), Just(Kind::Sleep)],
    ];
    let micros = |most: u64| prop::option::weighted(0.3, (0..most).prop_map(Duration::from_micros));
    (kind, any::<u32>(), -1i32..2, micros(3_000), micros(500)).prop_map(
        |(kind, tokens, priority, timeout, delay)| Spec { kind, tokens, priority, timeout, delay },
    )
}

impl Case {
    /// Whether somebody interrupts the runs in the end.
    fn is_cut(&self) -> bool {
        self.is_cut && !self.hands.is_empty()
    }
}

/// Plays a case on other threads, and gives up on it if it does not end.
fn play_in_time(case: Case) -> Result<(), TestCaseError> {
    let (ended, end) = mpsc::channel();
    let text = format!("{case:?}");
    let player = thread::spawn(move || ended.send(play(&case)));
    match end.recv_timeout(FOREVER) {
        Ok(result) => {
            player.join().expect("it has ended").expect("somebody listens");
            result.map_err(TestCaseError::fail)
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs: {text}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("it panicked: {text}"),
    }
}

fn play(case: &Case) -> Result<(), String> {
    let handle = Handle { interrupt: Interrupt::default(), was_told: Arc::default() };
    let begin = Barrier::new(case.runs.len() + case.hands.len());
    let left = AtomicUsize::new(case.hands.len());
    thread::scope(|scope| {
        let runs = case.runs.iter().map(|plan| {
            scope.spawn(|| {
                begin.wait();
                Driver::new(plan, &handle, case.is_cut()).drive()
            })
        });
        let runs: Vec<_> = runs.collect();
        for deeds in &case.hands {
            scope.spawn(|| {
                begin.wait();
                // A run that is suspended for ever may rest.
                deeds.iter().chain([&Deed::Resume]).copied().for_each(|it| handle.act(it));
                if case.is_cut && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    handle.act(Deed::Trigger);
                }
            });
        }
        runs.into_iter().try_for_each(|run| run.join().map_err(|_| "a driver panicked")?)
    })
}

/// What interrupts all runs, and whether it has.
#[derive(Clone)]
struct Handle {
    interrupt: Interrupt,
    was_told: Arc<AtomicBool>,
}

impl Handle {
    fn act(&self, deed: Deed) {
        match deed {
            Deed::Spin(turns) => spin(turns),
            Deed::Suspend => self.interrupt.suspend(),
            Deed::Resume => self.interrupt.resume(),
            Deed::Trigger => self.tell(Interrupt::trigger),
            Deed::Kill => self.tell(Interrupt::kill),
        }
    }

    fn tell(&self, how: fn(&Interrupt)) {
        how(&self.interrupt);
        self.was_told.store(true, Ordering::SeqCst);
    }

    /// From now on nothing may start.
    fn was_told(&self) -> bool {
        self.was_told.load(Ordering::SeqCst)
    }
}

fn spin(turns: u16) {
    for _ in 0..turns {
        hint::spin_loop();
    }
    thread::yield_now();
}

/// The owner of one scheduler.
struct Driver<'a> {
    plan: &'a Plan,
    handle: &'a Handle,
    is_cut: bool,
    scheduler: Scheduler<usize>,
    /// By slot.
    running: BTreeMap<usize, usize>,
    started: Vec<u32>,
    collected: Vec<u32>,
}

impl<'a> Driver<'a> {
    fn new(plan: &'a Plan, handle: &'a Handle, is_cut: bool) -> Self {
        let params = SchedulingParams {
            queues: BTreeMap::from([("default".to_owned(), plan.tokens)]),
            max_active: plan.max_active,
            interrupt: handle.interrupt.clone(),
            grace: Duration::from_millis(100),
            ..SchedulingParams::default()
        };
        let none = vec![0; plan.jobs.len()];
        let scheduler = Scheduler::new(&params);
        let running = BTreeMap::new();
        Self { plan, handle, is_cut, scheduler, running, started: none.clone(), collected: none }
    }

    fn drive(mut self) -> Result<(), String> {
        for (tag, spec) in self.plan.jobs.iter().enumerate() {
            self.submit(tag, self.job(spec), spec.delay)?;
        }
        let mut ends = 0;
        while ends < self.plan.leave_after {
            self.start_all()?;
            match self.scheduler.wait() {
                Wake::Finished(it) => self.collect(it.tag, it.outcome)?,
                Wake::Ready => continue,
                Wake::Idle => return self.check_all_collected(),
            }
            ends += 1;
        }
        Ok(())
    }

    fn submit(&mut self, tag: usize, job: Job, delay: Option<Duration>) -> Result<(), String> {
        let submitted = match delay {
            None => self.scheduler.submit(tag, job),
            Some(delay) => self.scheduler.submit_after(tag, job, delay),
        };
        submitted.map_err(|error| error.to_string())
    }

    fn start_all(&mut self) -> Result<(), String> {
        loop {
            let was_told = self.handle.was_told();
            let Some(ready) = self.scheduler.next_ready() else { return Ok(()) };
            demand(!was_told, "a job is ready after an interruption")?;
            let tag = ready.tag;
            let slot = self.scheduler.start(ready);
            self.started[tag] += 1;
            demand(self.running.insert(slot, tag).is_none(), "a slot is taken twice")?;
            let active = self.running.len();
            demand(slot < active, "a slot is not the smallest")?;
            demand(self.plan.max_active.is_none_or(|it| active <= it.get() as usize), "too many")?;
            let taken: u32 = self.running.values().map(|&tag| self.tokens(tag)).sum();
            demand(taken <= self.plan.tokens, "more tokens are taken than there are")?;
        }
    }

    fn collect(&mut self, tag: usize, outcome: JobOutcome) -> Result<(), String> {
        demand(self.running.remove(&outcome.slot) == Some(tag), "another job had that slot")?;
        self.collected[tag] += 1;
        demand(self.collected[tag] == self.started[tag], "collected twice")?;
        demand(outcome.attempt == self.started[tag], "an attempt is not counted")?;
        let spec = &self.plan.jobs[tag];
        check_end(spec, &outcome)?;
        if outcome.status == JobStatus::NotReady {
            self.submit(tag, outcome.job, spec.delay)?;
        }
        Ok(())
    }

    fn check_all_collected(&self) -> Result<(), String> {
        demand(self.running.is_empty() && self.started == self.collected, "a job is lost")?;
        let all = self.scheduler.is_interrupted() || self.started.iter().all(|&it| it > 0);
        demand(all, "a job was never started")
    }

    fn tokens(&self, tag: usize) -> u32 {
        self.plan.jobs[tag].tokens % (self.plan.tokens + 1)
    }

    fn job(&self, spec: &Spec) -> Job {
        let handle = self.handle.clone();
        let job = match spec.kind {
            Kind::Listen => until_interrupted(),
            Kind::True => Job::new(Process::new("true")),
            Kind::Sleep => Job::new(Process::new("sleep").arg("600")),
            kind => Job::new(move |cx: &JobContext| work(kind, cx, &handle)),
        };
        // What only ends when it is told to must be told.
        let is_endless = matches!(spec.kind, Kind::Look | Kind::Listen | Kind::Sleep);
        let timeout =
            spec.timeout.or((is_endless && !self.is_cut).then_some(Duration::from_millis(5)));
        let job = job.tokens(spec.tokens % (self.plan.tokens + 1)).priority(spec.priority);
        timeout.into_iter().fold(job, Job::timeout)
    }
}

fn work(kind: Kind, cx: &JobContext, handle: &Handle) -> JobStatus {
    match kind {
        Kind::Spin(turns) => spin(turns),
        Kind::Panic => std::panic::resume_unwind(Box::new("as asked")),
        Kind::NotReady(wanted) if cx.attempt() < wanted => return JobStatus::NotReady,
        Kind::Look => eventually("it is told", || cx.is_interrupted().then_some(())),
        Kind::Trigger => handle.tell(Interrupt::trigger),
        _ => (),
    }
    JobStatus::Success
}

/// Whether a job ended as its kind may.
fn check_end(spec: &Spec, outcome: &JobOutcome) -> Result<(), String> {
    let is_endless = matches!(spec.kind, Kind::Look | Kind::Listen | Kind::Sleep);
    let right = match (outcome.interrupted, &outcome.ending) {
        (Some(InterruptCause::Timeout), _) if !is_endless && spec.timeout.is_none() => false,
        (Some(cause), ending) => {
            outcome.status == JobStatus::Failure && *ending == Some(Ending::Interrupted(cause))
        }
        (None, _) if is_endless => false,
        (None, Some(Ending::Panicked(text))) => spec.kind == Kind::Panic && text == "as asked",
        (None, _) => spec.kind != Kind::Panic && outcome.status != JobStatus::Failure,
    };
    demand(right, &format!("{spec:?} ended as {outcome:?}"))
}

fn demand(is_so: bool, otherwise: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.to_owned()) }
}
