//! What holds for whatever graph, however its jobs end, and wherever a run is stopped.
//!
//! A case is walked three times over one store: as it comes, with a stop in it; again, with some
//! sources edited and all failures mended; and once more, with nothing to do. What each walk has
//! to come to is said by a model, which goes through the actions one by one.

mod model;
mod walk;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_core::{Dag, JobStatus, Report, SchedulingParams, run};

use crate::cases::prove;
use model::{Expected, expect};
use walk::{Failure, RandomWalk, Seen, Store, demand};

#[derive(Clone, Debug)]
struct Case {
    /// Each depends on some of those before it.
    actions: Vec<Spec>,
    /// In which order they are given to the graph.
    order: Vec<u32>,
    limits: Limits,
    stop: Stop,
    edits: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Limits {
    tokens: u32,
    max_active: Option<NonZeroU32>,
    max_failures: Option<NonZeroU32>,
}

/// An action.
#[derive(Clone, Debug)]
struct Spec {
    /// One bit for each action before it, from the nearest.
    predecessors: u32,
    version: u32,
    fingerprint: Kept,
    does: Does,
    tokens: u32,
    priority: i32,
}

/// Whether an action has a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Always,
    AfterJob,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// A job that is ready at this attempt, and asks for so many further ones.
    Run {
        ready_at: u32,
        asks: u32,
        waits: bool,
        end: End,
    },
    Nothing(JobStatus),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    With(JobStatus),
    Panic,
}

/// What stops a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Never,
    /// An interruption within the event of this number.
    AtEvent(usize),
    /// One by the job of an action.
    ByJob(usize),
    /// One from another thread, after so many turns of a loop.
    FromAside(u16),
    /// An error of the hook call of this number.
    AtHook(usize),
}

#[test]
fn d8_s7_s11_f1_to_f8_whatever_stops_a_walk_the_next_one_makes_up_for_it() {
    prove(100, 20_000, &case(), |case| play(case).map_err(TestCaseError::fail));
}

fn case() -> impl Strategy<Value = Case> {
    let limits = (1u32..5, 0u32..5, 0u32..4).prop_map(|(tokens, active, failures)| Limits {
        tokens,
        max_active: NonZeroU32::new(active),
        max_failures: NonZeroU32::new(failures),
    });
    let stop = prop_oneof![
        4 => Just(Stop::Never),
        2 => (0usize..60).prop_map(Stop::AtEvent),
        1 => (0usize..20).prop_map(Stop::ByJob),
        1 => any::<u16>().prop_map(Stop::FromAside),
        2 => (0usize..120).prop_map(Stop::AtHook),
    ];
    (vec(spec(), 0..20), vec(any::<u32>(), 20), limits, stop, vec(0usize..20, 0..3)).prop_map(
        |(actions, order, limits, stop, edits)| Case { actions, order, limits, stop, edits },
    )
}

fn spec() -> impl Strategy<Value = Spec> {
    let predecessors = prop_oneof![Just(0), Just(1), any::<u32>().prop_map(|it| it & it >> 8)];
    let fingerprint =
        prop_oneof![6 => Just(Kept::Always), 1 => Just(Kept::AfterJob), 1 => Just(Kept::Never)];
    let end = prop_oneof![
        8 => Just(End::With(JobStatus::Success)),
        1 => Just(End::With(JobStatus::Unchanged)),
        1 => Just(End::With(JobStatus::Failure)),
        1 => Just(End::Panic),
    ];
    let nothing = prop_oneof![Just(JobStatus::Success), Just(JobStatus::Failure)];
    let attempts = prop_oneof![3 => Just((1, 0)), 1 => (1u32..4, 0u32..4)];
    let does = prop_oneof![
        8 => (attempts, any::<bool>(), end).prop_map(|((ready_at, asks), waits, end)| {
            Does::Run { ready_at, asks, waits, end }
        }),
        1 => nothing.prop_map(Does::Nothing),
    ];
    (predecessors, fingerprint, does, any::<u32>(), -1i32..2).prop_map(
        |(predecessors, fingerprint, does, tokens, priority)| Spec {
            predecessors,
            version: 0,
            fingerprint,
            does,
            tokens,
            priority,
        },
    )
}

/// Walks three times.
fn play(mut case: Case) -> Result<(), String> {
    let dag = case.dag();
    let store = BTreeMap::new();
    let store = round(&case, &dag, store)?;
    for &edited in &case.edits {
        case.actions.iter_mut().skip(edited).take(1).for_each(|it| it.version += 1);
    }
    case.mend();
    let store = round(&case, &dag, store)?;
    round(&case, &dag, store).map(drop)
}

/// Walks once, and compares what came of it with what should; returns what is stored.
fn round(case: &Case, dag: &Dag<usize>, store: Store) -> Result<Store, String> {
    let expected = expect(case, &store);
    let mut params = SchedulingParams::default();
    params.queues.insert("default".into(), case.limits.tokens);
    params.max_active = case.limits.max_active;
    params.max_failures = case.limits.max_failures;
    let mut walk = RandomWalk::new(case, params, store);
    let result = walk.run_with_stop(dag, run);
    let seen = walk.check(&expected)?;
    match result {
        Ok(report) => check_report(case, dag, &report, &expected, &seen, &walk)?,
        Err(Failure::Asked) => demand(matches!(case.stop, Stop::AtHook(_)), "an error by itself")?,
        Err(Failure::Walk(error)) => return Err(error.to_string()),
    }
    Ok(walk.into_store())
}

fn check_report(
    case: &Case,
    dag: &Dag<usize>,
    report: &Report,
    expected: &[Expected],
    seen: &Seen,
    walk: &RandomWalk<'_>,
) -> Result<(), String> {
    let statuses: Vec<_> = dag.vertices().zip(report.actions()).collect();
    let mut failures = 0;
    for (vertex, action) in statuses {
        let number = dag[vertex];
        demand(action.status == seen.statuses[number], "the report is not what events told")?;
        demand(action.was_executed() == (seen.attempts[number] > 0), "executed or not")?;
        let own = action.status.is_some_and(|it| !it.is_success() && it != JobStatus::ForceFail);
        failures += usize::from(own);
    }
    demand(report.failures().count() == failures, "failures do not add up")?;
    demand(report.max_active_jobs() == seen.most_active, "the most jobs at once")?;
    demand(report.is_interrupted() == walk.is_interrupted(), "interrupted or not")?;
    let all_reached = seen.statuses.iter().all(Option::is_some);
    let is_success = seen.statuses.iter().all(|it| it.is_some_and(JobStatus::is_success));
    demand(report.is_success() == is_success, "success or not")?;
    let limit = case.limits.max_failures.map_or(usize::MAX, |it| it.get() as usize);
    let may_stop = report.is_interrupted() || seen.failures >= limit;
    demand(all_reached || may_stop, "an action is not reached, and nothing stopped the run")?;
    let is_whole = expected.iter().zip(&seen.statuses).all(|(it, seen)| Some(it.status) == *seen);
    demand(is_whole || may_stop, "not as expected, and nothing stopped the run")
}

impl Case {
    fn dag(&self) -> Dag<usize> {
        let mut builder = Dag::builder();
        let mut order: Vec<usize> = (0..self.actions.len()).collect();
        order.sort_by_key(|&it| self.order[it]);
        for number in order {
            let predecessors = self.predecessors(number).map(|it| it.to_string());
            builder.add_vertex(number.to_string(), number, predecessors.collect::<Vec<_>>());
        }
        builder.build().expect("each depends on earlier ones")
    }

    fn predecessors(&self, number: usize) -> impl Iterator<Item = usize> + use<> {
        let bits = self.actions[number].predecessors;
        (0..number.min(32)).filter(move |it| bits >> it & 1 == 1).map(move |it| number - 1 - it)
    }

    fn tokens(&self, number: usize) -> u32 {
        self.actions[number].tokens % (self.limits.tokens + 1)
    }

    /// Has everything succeed at once.
    fn mend(&mut self) {
        self.stop = Stop::Never;
        self.limits.max_failures = None;
        for action in &mut self.actions {
            action.does = match action.does {
                Does::Nothing(_) => Does::Nothing(JobStatus::Success),
                Does::Run { waits, .. } => {
                    let end = End::With(JobStatus::Success);
                    Does::Run { ready_at: 1, asks: 0, waits, end }
                }
            };
        }
    }
}
