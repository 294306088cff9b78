//! What a case consists of: limits, what the scheduler's owner does, what happens meanwhile.
//!
//! Every part of a script makes sense without the others, so that proptest can shorten one at
//! will: numbers are taken modulo what there is, and what does not apply does nothing.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::JobStatus;

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) limits: Limits,
    /// What happened before there was a scheduler.
    pub(super) before: Event,
    pub(super) calls: Vec<Call>,
    /// One happens whenever the scheduler reads the clock, and as many as it takes to wake it.
    pub(super) events: Vec<Event>,
    /// In the end the scheduler is dropped as it is, and not driven on.
    pub(super) is_dropped: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    pub(super) capacities: Vec<u32>,
    pub(super) max_active: Option<usize>,
    pub(super) max_load: Option<f64>,
}

/// What the owner of a scheduler does.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// At once, or after a delay.
    Submit(Spec, Option<Delay>),
    NextReady,
    Start(usize),
    /// All that may start, in a group.
    StartAll,
    Wait,
    TryWait,
    Clear,
    Interrupt,
    LetHappen(Event),
}

/// What happens outside of the scheduler's thread.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Nothing,
    Pass(Delay),
    /// One of the running jobs ends.
    End(usize),
    /// One of the running jobs asks to be told when to stop.
    Listen(usize),
    Suspend,
    Resume,
    Trigger,
    Kill,
    Load(u8),
}

/// In milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delay(pub(super) u16);

/// A job.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) queue: usize,
    pub(super) tokens: u32,
    pub(super) priority: i32,
    pub(super) urgency: u64,
    pub(super) timeout: Duration,
    /// How often it is not ready, and after how long to start it again.
    pub(super) not_ready: u32,
    pub(super) again: Option<Delay>,
    pub(super) end: End,
    /// What happens while its work runs, and whether the work looks afterwards if it is to stop.
    pub(super) meanwhile: Event,
    pub(super) looks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    With(JobStatus),
    Panic,
}

impl From<Delay> for Duration {
    fn from(delay: Delay) -> Self {
        Self::from_millis(delay.0.into())
    }
}

pub(super) fn script() -> impl Strategy<Value = Script> {
    let before = prop_oneof![9 => Just(Event::Nothing), 1 => event()];
    let happens = (vec(call(), 0..40), vec(event(), 0..60));
    (limits(), before, happens, prop::bool::weighted(0.1)).prop_map(
        |(limits, before, (calls, events), is_dropped)| Script {
            limits,
            before,
            calls,
            events,
            is_dropped,
        },
    )
}

fn limits() -> impl Strategy<Value = Limits> {
    let max_active = prop::option::weighted(0.3, 1usize..5);
    let max_load = prop::option::weighted(0.2, (0u8..5).prop_map(f64::from));
    (vec(0u32..5, 1..4), max_active, max_load)
        .prop_map(|(capacities, max_active, max_load)| Limits { capacities, max_active, max_load })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => (spec(), later()).prop_map(|(spec, delay)| Call::Submit(spec, delay)),
        4 => Just(Call::StartAll),
        2 => Just(Call::NextReady),
        2 => any::<usize>().prop_map(Call::Start),
        6 => Just(Call::Wait),
        2 => Just(Call::TryWait),
        2 => event().prop_map(Call::LetHappen),
        1 => prop_oneof![9 => Just(Call::TryWait), 2 => Just(Call::Clear), 1 => Just(Call::Interrupt)],
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Nothing),
        4 => delay().prop_map(Event::Pass),
        6 => any::<usize>().prop_map(Event::End),
        3 => any::<usize>().prop_map(Event::Listen),
        1 => Just(Event::Suspend),
        1 => Just(Event::Resume),
        1 => (0u8..6).prop_map(Event::Load),
        1 => prop_oneof![8 => Just(Event::Nothing), 2 => Just(Event::Trigger), 1 => Just(Event::Kill)],
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let end = prop_oneof![
        4 => Just(End::With(JobStatus::Success)),
        2 => Just(End::With(JobStatus::Failure)),
        1 => Just(End::Panic),
    ];
    let timeout = prop_oneof![
        3 => Just(Duration::MAX),
        2 => delay().prop_map(Duration::from),
    ];
    let meanwhile = prop_oneof![3 => Just(Event::Nothing), 1 => event()];
    let urgency = prop_oneof![1 => Just(0u64), 1 => 0u64..4];
    let needs = (any::<usize>(), any::<u32>(), -2i32..3, urgency);
    (
        needs,
        timeout,
        prop_oneof![3 => Just(0u32), 1 => 1u32..4],
        later(),
        end,
        meanwhile,
        any::<bool>(),
    )
        .prop_map(
            |(
                (queue, tokens, priority, urgency),
                timeout,
                not_ready,
                again,
                end,
                meanwhile,
                looks,
            )| Spec {
                queue,
                tokens,
                priority,
                urgency,
                timeout,
                not_ready,
                again,
                end,
                meanwhile,
                looks,
            },
        )
}

fn later() -> impl Strategy<Value = Option<Delay>> {
    prop::option::weighted(0.4, delay())
}

fn delay() -> impl Strategy<Value = Delay> {
    (0u16..20).prop_map(Delay)
}
