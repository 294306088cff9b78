//! A closure for each vertex: S8, S11, F4 and D8 without jobs, on random graphs and threads.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_core::{
    Dag, DagBuilder, FailureCause, ForEach, ForEachReport, Interrupt, JobStatus, Vertex, for_each,
};

use crate::cases::prove;

/// What a visit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Succeed,
    Fail,
    Panic,
    Interrupt,
}

/// A graph as predecessors of lower numbers, added in a random order, and what its visits do.
#[derive(Clone, Debug)]
struct Case {
    predecessors: Vec<BTreeSet<usize>>,
    order: Vec<usize>,
    acts: Vec<Act>,
    workers: usize,
    max_failures: Option<NonZeroU32>,
}

fn case(act: impl Strategy<Value = Act> + Clone + 'static) -> impl Strategy<Value = Case> {
    let max_failures = prop_oneof![3 => Just(0_u32), 1 => 1..4_u32].prop_map(NonZeroU32::new);
    (1..60_usize, 1..5_usize, max_failures).prop_flat_map(move |(count, workers, max_failures)| {
        let edges = vec((0..count, 0..count), 0..count * 3);
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (edges, order, vec(act.clone(), count)).prop_map(move |(edges, order, acts)| {
            let mut predecessors = vec![BTreeSet::new(); count];
            for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
                predecessors[one.max(other)].insert(one.min(other));
            }
            Case { predecessors, order, acts, workers, max_failures }
        })
    })
}

/// What a test knows of a vertex.
#[derive(Debug, Default)]
struct Seen {
    number: usize,
    visits: AtomicU32,
    ended: OnceLock<()>,
}

impl Case {
    fn dag(&self) -> Dag<Seen> {
        let mut builder = DagBuilder::new();
        for &number in &self.order {
            let seen = Seen { number, ..Seen::default() };
            let predecessors = self.predecessors[number].iter().map(ToString::to_string);
            builder.add_vertex(number.to_string(), seen, predecessors);
        }
        builder.build().expect("no cycle")
    }

    fn run(&self, dag: &Dag<Seen>, interrupt: &Interrupt) -> ForEachReport<String> {
        let workers = NonZeroUsize::new(self.workers).expect("some");
        let mut settings = ForEach::new(dag).workers(workers).interrupt(interrupt);
        if let Some(count) = self.max_failures {
            settings = settings.max_failures(count);
        }
        settings.run(|vertex, seen| {
            assert_eq!(dag[vertex].number, seen.number);
            seen.visits.fetch_add(1, Ordering::Relaxed);
            let mut predecessors = dag.predecessors(vertex).iter();
            assert!(predecessors.all(|it| dag[*it].ended.get().is_some()), "out of order");
            seen.ended.set(()).expect("each is visited once");
            match self.acts[seen.number] {
                Act::Succeed => (),
                Act::Fail => return Err(format!("{} fails", seen.number)),
                // Without the hook, which would print.
                Act::Panic => std::panic::resume_unwind(Box::new("it panics")),
                Act::Interrupt => interrupt.trigger(),
            }
            Ok(())
        })
    }

    /// The failures and what is below them, if nothing stops the run.
    fn fated(&self) -> Vec<JobStatus> {
        let mut statuses: Vec<JobStatus> = Vec::new();
        for (predecessors, act) in self.predecessors.iter().zip(&self.acts) {
            let is_blocked = predecessors.iter().any(|it| !statuses[*it].is_success());
            statuses.push(match act {
                _ if is_blocked => JobStatus::ForceFail,
                Act::Fail | Act::Panic => JobStatus::Failure,
                Act::Succeed | Act::Interrupt => JobStatus::Success,
            });
        }
        statuses
    }
}

/// Runs `act` on a thread of its own: one that never ends is a failure, not a test that hangs.
fn ends<R: Send + 'static>(act: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(act()));
    result.recv_timeout(Duration::from_secs(60)).expect("it ends, and does not panic")
}

fn check(case: Case) -> Result<(), TestCaseError> {
    let (case, dag, interrupt, report) = ends(move || {
        let (dag, interrupt) = (case.dag(), Interrupt::default());
        let report = case.run(&dag, &interrupt);
        (case, dag, interrupt, report)
    });
    let fated = case.fated();
    let enough = case.max_failures.map_or(usize::MAX, |it| it.get() as usize);
    let is_stopped = interrupt.is_triggered() || report.failures().len() >= enough;
    let mut counts = [0; 4];
    for vertex in dag.vertices() {
        let (seen, status) = (&dag[vertex], report.status(vertex));
        let was_visited = matches!(status, Some(JobStatus::Success | JobStatus::Failure));
        prop_assert_eq!(seen.visits.load(Ordering::Relaxed), u32::from(was_visited));
        prop_assert!(status == Some(fated[seen.number]) || (is_stopped && status.is_none()));
        counts[match status {
            Some(JobStatus::Success) => 0,
            Some(JobStatus::Failure) => 1,
            Some(_) => 2,
            None => 3,
        }] += 1;
    }
    let failed = report.failures().len();
    let told = [report.succeeded(), failed, report.skipped(), report.unreached()];
    prop_assert_eq!(told, counts);
    prop_assert_eq!(report.is_success(), told[0] == dag.len());
    prop_assert_eq!(report.is_interrupted(), interrupt.is_triggered());
    prop_assert!(report.threads() <= case.workers && failed < enough.saturating_add(case.workers));
    prop_assert!(report.failures().is_sorted_by_key(|it| it.vertex));
    for failure in report.failures() {
        let number = dag[failure.vertex].number;
        prop_assert_eq!(&failure.uid, &number.to_string());
        let expected = match case.acts[number] {
            Act::Panic => FailureCause::Panicked("it panics".to_owned()),
            _ => FailureCause::Failed(format!("{number} fails")),
        };
        prop_assert_eq!(&failure.cause, &expected);
    }
    Ok(())
}

/// D8: every vertex once, after all that it depends on.
#[test]
fn every_vertex_is_visited_once_and_in_order() {
    prove(300, 200, &case(Just(Act::Succeed)), check);
}

/// F4, S8, S11: failures and panics skip exactly what is below them, and stop the run if asked to.
#[test]
fn failures_skip_what_is_below_them_and_nothing_else() {
    let act = prop_oneof![8 => Just(Act::Succeed), 1 => Just(Act::Fail), 1 => Just(Act::Panic)];
    prove(600, 200, &case(act), check);
}

/// S7: an interrupted run ends, and tells what it did not reach.
#[test]
fn an_interrupt_stops_a_run_anywhere() {
    let act = prop_oneof![
        20 => Just(Act::Succeed), 1 => Just(Act::Fail), 1 => Just(Act::Interrupt)
    ];
    prove(300, 200, &case(act), check);
}

/// S7: once it is triggered nothing begins.
#[test]
fn a_run_that_was_interrupted_before_visits_nothing() {
    let interrupt = Interrupt::default();
    interrupt.trigger();
    let dag = chain(3);
    let visit = |_: Vertex, (): &()| -> Result<(), Infallible> { unreachable!("it is stopped") };
    let report = ForEach::new(&dag).interrupt(&interrupt).run(visit);
    assert_eq!((report.is_interrupted(), report.unreached()), (true, 3));
    assert!(!report.is_success());
}

#[test]
fn an_empty_graph_is_a_success() {
    let report = for_each(&chain(0), |_, ()| Err("it is not called"));
    assert!(report.is_success() && report.into_result().is_ok());
}

/// S11: with one thread the count is exact.
#[test]
fn nothing_more_starts_after_the_given_number_of_failures() {
    let mut builder = DagBuilder::new();
    (0..9).for_each(|it| {
        builder.add_vertex(it.to_string(), (), [""; 0]);
    });
    let dag = builder.build().expect("no cycle");
    let settings = ForEach::new(&dag).workers(NonZeroUsize::MIN);
    let settings = settings.max_failures(NonZeroU32::new(2).expect("two"));
    let report = settings.run(|vertex, ()| if vertex.index() > 3 { Err("no") } else { Ok(()) });
    let counts = [report.succeeded(), report.failures().len(), report.unreached()];
    assert_eq!(counts, [4, 2, 3]);
    let error = report.into_result().expect_err("two failed");
    assert_eq!(error.to_string(), "`4` failed: no");
}

/// S8: the text of a panic, and which vertex it was.
#[test]
fn a_panic_names_its_vertex() {
    let dag = chain(2);
    let report = for_each(&dag, |vertex, ()| -> Result<(), Infallible> {
        let (vertex, number) = (vertex.index(), 7);
        if vertex == 0 {
            std::panic::resume_unwind(Box::new(format!("not {number}")))
        }
        Ok(())
    });
    assert_eq!(report.failures()[0].to_string(), "`0` panicked: not 7");
    assert_eq!(report.skipped(), 1);
}

/// A chain of a hundred thousand below one failure, without recursion.
#[test]
fn a_long_chain_is_skipped() {
    let dag = chain(100_000);
    let report = for_each(&dag, |_, ()| Err::<(), _>("no"));
    assert_eq!((report.skipped(), report.threads()), (99_999, 1));
}

/// What is independent runs at once, and a run within a visit has threads of its own.
#[test]
fn runs_within_runs_end() {
    let sum = ends(|| {
        let mut builder = DagBuilder::new();
        (0..8).for_each(|it| {
            builder.add_vertex(it.to_string(), (), [""; 0]);
        });
        let dag = builder.build().expect("no cycle");
        let (sum, workers) = (AtomicUsize::new(0), NonZeroUsize::new(2).expect("two"));
        let report = ForEach::new(&dag).workers(workers).run(|outer, ()| {
            let both = Barrier::new(2);
            ForEach::new(&dag).workers(workers).run(|inner, ()| {
                if inner.index() == 0 || inner.index() == 7 {
                    both.wait();
                }
                sum.fetch_add(outer.index() * inner.index(), Ordering::Relaxed);
                Ok::<(), Infallible>(())
            });
            Ok::<(), Infallible>(())
        });
        assert!(report.is_success());
        sum.into_inner()
    });
    assert_eq!(sum, 28 * 28);
}

fn chain(count: usize) -> Dag<()> {
    let mut builder = DagBuilder::new();
    let vertices: Vec<Vertex> =
        (0..count).map(|it| builder.add_vertex(it.to_string(), (), [""; 0])).collect();
    vertices.windows(2).for_each(|pair| builder.add_edge(pair[0], pair[1]));
    builder.build().expect("no cycle")
}
