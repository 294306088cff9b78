//! The world around a scheduler under test: time, load, a crew that plays, and what happens when.
//!
//! There is one per thread, as the clock and the load are plain functions. All happens on that
//! thread: an event is let in wherever the scheduler reads the clock, and whenever it would sleep.
//! Nothing here panics, for the scheduler's own `drop` may be what called: the first complaint is
//! kept, the run is interrupted, and all goes home.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::panic;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::model::{Model, Tag};
use super::script::{End, Event};
use crate::clock::Clock;
use crate::worker::{self, Assignment, Crew, Message};
use crate::{Interrupt, InterruptCause, Job, JobContext, JobStatus};

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local!(static WORLD: RefCell<World> = RefCell::default());

#[derive(Default)]
pub(super) struct World {
    pub(super) model: Model,
    /// Time that passed, suspended or not.
    time: Duration,
    events: VecDeque<Event>,
    assignments: BTreeMap<usize, Assignment>,
    interrupt: Option<Interrupt>,
    /// Something happens just now, and nothing else does meanwhile.
    is_busy: bool,
    complaint: Option<String>,
    /// The run was interrupted when the present call began, or when the scheduler last slept.
    pub(super) was_stopped: bool,
}

/// Makes a new world; returns what interrupts it.
pub(super) fn create(model: Model, events: Vec<Event>) -> Interrupt {
    WORLD.set(World { model, is_busy: true, ..World::default() });
    let interrupt = Interrupt::with_clock(Clock::by(read));
    with(|world| {
        world.interrupt = Some(interrupt.clone());
        world.events = events.into();
    });
    interrupt
}

/// Has the scheduler do something, with things happening meanwhile; the world is still otherwise.
pub(super) fn meanwhile<R>(call: impl FnOnce() -> R) -> R {
    with(|world| {
        world.is_busy = false;
        world.was_stopped = world.model.is_stopped;
    });
    let result = call();
    with(|world| world.is_busy = true);
    result
}

pub(super) fn with<R>(look: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(look)
}

pub(super) fn complaint() -> Option<String> {
    with(|world| world.complaint.clone())
}

/// Keeps the first complaint, if it is one, and has all go home.
pub(super) fn demand(is_so: bool, complaint: impl FnOnce() -> String) {
    if is_so || with(|world| world.complaint.is_some()) {
        return;
    }
    let text = complaint();
    with(|world| world.complaint = Some(text));
    stop(Interrupt::trigger);
}

/// The load of the simulated machine.
#[expect(clippy::unnecessary_wraps, reason = "as the scheduler asks for it")]
pub(super) fn load() -> Option<f64> {
    Some(with(|world| world.model.load))
}

/// A job that does as it was specified.
pub(super) fn job(tag: Tag) -> Job {
    let spec = with(|world| world.model.spec(tag).clone());
    Job::new(move |cx: &JobContext| play(tag, cx))
        .queue(spec.queue.to_string())
        .tokens(spec.tokens)
        .priority(spec.priority)
        .urgency(spec.urgency)
        .timeout(spec.timeout)
}

/// Lets something happen.
pub(super) fn happen(event: &Event) {
    match *event {
        Event::Nothing => (),
        Event::Pass(delay) => pass(delay.into()),
        Event::End(number) => pick(number).into_iter().for_each(end),
        Event::Listen(number) => pick(number).into_iter().for_each(listen),
        Event::Suspend => {
            with(|world| world.model.is_suspended = true);
            interrupt().suspend();
        }
        Event::Resume => {
            interrupt().resume();
            with(|world| world.model.is_suspended = false);
        }
        Event::Trigger => stop(Interrupt::trigger),
        Event::Kill => {
            with(|world| world.model.is_killed = true);
            stop(Interrupt::kill);
        }
        Event::Load(load) => with(|world| world.model.load = load.into()),
    }
}

/// Those who run the jobs: each job runs in the moment in which it ends.
#[derive(Debug)]
pub(super) struct Players;

impl Crew for Players {
    fn assign(&mut self, assignment: Assignment) {
        with(|world| world.assignments.insert(assignment.context.slot(), assignment));
    }

    fn receive(&mut self, inbox: &Receiver<Message>, limit: Option<Duration>) -> Option<Message> {
        if let Ok(message) = inbox.try_recv() {
            return Some(message);
        }
        check_sleep(limit);
        let end = limit.map(|limit| with(|world| world.time.saturating_add(limit)));
        loop {
            if let Ok(message) = inbox.try_recv() {
                return Some(message);
            }
            if end.is_some_and(|end| with(|world| world.time >= end)) {
                return None;
            }
            exclusively(|| next_event(limit));
        }
    }

    fn join(&mut self) {
        let left = with(|world| world.assignments.len());
        demand(left == 0, || format!("{left} jobs still run when the threads are to end"));
    }
}

/// What the clock asks, which is when something may happen behind the scheduler's back.
fn read() -> Instant {
    if !with(|world| world.is_busy) {
        // The load was looked at already.
        let event = with(|world| world.events.pop_front());
        let event = event.filter(|it| !matches!(it, Event::Load(_)));
        exclusively(|| happen(&event.unwrap_or(Event::Nothing)));
    }
    with(|world| *EPOCH + world.time)
}

fn exclusively(act: impl FnOnce()) {
    let was_busy = with(|world| std::mem::replace(&mut world.is_busy, true));
    act();
    with(|world| world.is_busy = was_busy);
}

/// Lets the next thing happen while the scheduler sleeps; in the end, whatever may wake it.
fn next_event(limit: Option<Duration>) {
    if let Some(event) = with(|world| world.events.pop_front()) {
        return happen(&event);
    }
    if with(|world| world.model.is_suspended) {
        happen(&Event::Resume);
    } else if pick(0).is_some() {
        happen(&Event::End(0));
    } else if let Some(limit) = limit {
        pass(limit);
    } else {
        // It wakes of the interruption; unless it was interrupted already.
        let told_before = complaint().filter(|_| !std::thread::panicking());
        demand(false, || "it sleeps, and nothing will ever wake it".to_owned());
        assert!(told_before.is_none(), "{told_before:?}, and now it never wakes");
    }
}

/// The scheduler is about to sleep: it must have done all there was to do.
fn check_sleep(limit: Option<Duration>) {
    if limit == Some(Duration::ZERO) {
        return;
    }
    let now = with(|world| world.model.now);
    let (moment, expected) = (limit.map(|it| now + it), with(|world| world.model.next_moment()));
    demand(expected.is_none_or(|it| moment.is_some_and(|moment| moment <= it)), || {
        format!("it sleeps until {moment:?}, and should wake at {expected:?}")
    });
    demand(moment.is_none_or(|it| with(|world| world.model.moments.contains(&it))), || {
        format!("it sleeps until {moment:?}, when nothing is to be done")
    });
    let deaf = with(|world| world.untold());
    demand(deaf.is_none(), || format!("it sleeps, and job {deaf:?} was not told to stop"));
    let model_wakes = with(|world| !world.model.is_stopped && world.model.has_news());
    demand(!model_wakes, || "it sleeps while a job could start".to_owned());
    with(|world| world.was_stopped = world.model.is_stopped);
}

fn pass(time: Duration) {
    with(|world| {
        world.time = world.time.saturating_add(time);
        if !world.model.is_suspended {
            world.model.now = world.model.now.saturating_add(time);
        }
    });
}

fn interrupt() -> Interrupt {
    with(|world| world.interrupt.clone()).expect("made with the world")
}

fn stop(how: fn(&Interrupt)) {
    with(|world| world.model.is_stopped = true);
    exclusively(|| how(&interrupt()));
}

/// The slot of one of the jobs that have not ended.
fn pick(number: usize) -> Option<usize> {
    with(|world| {
        let slots: Vec<_> = world.assignments.keys().copied().collect();
        slots.get(number.checked_rem(slots.len())?).copied()
    })
}

fn listen(slot: usize) {
    let context = with(|world| {
        world.model.running.get_mut(&slot).expect("it runs").listens = true;
        world.assignments[&slot].context.clone()
    });
    context.on_interrupt(move || {
        let is_due = with(|world| {
            world.model.running.get_mut(&slot).expect("it runs").is_told = true;
            world.model.is_to_stop(slot)
        });
        demand(is_due, || format!("the job in slot {slot} is told to stop, for no reason"));
    });
}

/// Runs the job in a slot from its beginning to its end.
fn end(slot: usize) {
    let assignment = with(|world| world.assignments.remove(&slot)).expect("picked");
    let was_to_stop = with(|world| world.model.is_to_stop(slot));
    worker::carry_out(assignment);
    with(|world| world.ended(slot, was_to_stop));
    let is_begun = with(|world| world.model.running[&slot].is_begun);
    demand(is_begun != was_to_stop, || {
        format!("the work in slot {slot} began: {is_begun}, it was to stop: {was_to_stop}")
    });
}

/// What the work of a job does.
fn play(tag: Tag, cx: &JobContext) -> JobStatus {
    let spec = with(|world| world.model.spec(tag).clone());
    with(|world| world.model.running.get_mut(&cx.slot()).expect("it runs").is_begun = true);
    let is_its = with(|world| world.model.running[&cx.slot()].tag == tag);
    demand(is_its, || format!("job {tag} runs in slot {}, which is another's", cx.slot()));
    if !matches!(spec.meanwhile, Event::End(_) | Event::Listen(_) | Event::Load(_)) {
        happen(&spec.meanwhile);
    }
    if spec.looks {
        let is_to_stop = with(|world| world.model.is_to_stop(cx.slot()));
        demand(cx.is_interrupted() == is_to_stop, || format!("job {tag}: {is_to_stop} is not so"));
        with(|world| {
            world.model.running.get_mut(&cx.slot()).expect("it runs").is_told |= is_to_stop;
        });
    }
    if cx.attempt() <= spec.not_ready {
        return JobStatus::NotReady;
    }
    match spec.end {
        End::With(status) => status,
        End::Panic => panic::resume_unwind(Box::new("as asked")),
    }
}

impl World {
    /// Notes what may be said of the end of a job.
    fn ended(&mut self, slot: usize, was_to_stop: bool) {
        let (is_stopped, is_overdue) = (self.model.is_stopped, self.model.is_overdue(slot));
        let running = self.model.running.get_mut(&slot).expect("it runs");
        let is_cut = was_to_stop || running.is_told || is_overdue;
        running.may_say = [
            (!is_cut).then_some(None),
            (is_cut && is_stopped).then_some(Some(InterruptCause::Run)),
            (is_cut && is_overdue).then_some(Some(InterruptCause::Timeout)),
        ]
        .into_iter()
        .flatten()
        .collect();
        self.model.ended.push(slot);
    }

    /// A job that should have been told to stop.
    pub(super) fn untold(&self) -> Option<Tag> {
        let mut running = self.model.running.iter();
        let untold = running.find(|(slot, it)| {
            it.listens && !it.is_told && it.may_say.is_empty() && self.model.is_to_stop(**slot)
        });
        untold.map(|(_, it)| it.tag)
    }
}
