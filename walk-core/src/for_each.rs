//! Calls a closure for each vertex of a graph, on several threads.
//!
//! [`run`](crate::run) is for actions: it decides, forgets, queues, watches and collects each, on
//! one thread, for a microsecond. Work that takes less than that wants nothing but the order. Here
//! the graph's [`SharedFrontier`] says what is ready, a [`Team`] does it, and this file adds what
//! becomes of failures. It keeps no record of anything that succeeded.

mod report;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use walk_dag::{Dag, SharedFrontier, Vertex};
use walk_scheduler::{Ahead, Interrupt, Team, catch_panic};

use self::report::{Ended, Part};
pub use self::report::{Failure, FailureCause, ForEachReport};

/// Calls `visit` for each vertex of `dag`, after it has returned for all that the vertex depends
/// on, on as many threads as the machine runs at once; see [`ForEach`] for the details.
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::OnceLock;
/// use walk_core::{Dag, for_each};
///
/// let mut dag = Dag::builder();
/// dag.add_vertex("sum", OnceLock::new(), ["two", "three"]);
/// dag.add_vertex("two", OnceLock::new(), [""; 0]);
/// dag.add_vertex("three", OnceLock::new(), [""; 0]);
/// let dag = dag.build()?;
///
/// let report = for_each(&dag, |vertex, value| {
///     let result = match dag.uid(vertex) {
///         "two" => 2,
///         "three" => 3,
///         _ => dag.predecessors(vertex).iter().filter_map(|it| dag[*it].get()).sum(),
///     };
///     value.set(result).expect("a vertex is visited once");
///     Ok::<(), Infallible>(())
/// });
/// assert!(report.is_success());
/// assert_eq!(dag[dag.vertex("sum").unwrap()].get(), Some(&5));
/// # Ok::<(), walk_core::DagError>(())
/// ```
pub fn for_each<D, E, F>(dag: &Dag<D>, visit: F) -> ForEachReport<E>
where
    D: Sync,
    E: Send,
    F: Fn(Vertex, &D) -> Result<(), E> + Sync,
{
    ForEach::new(dag).run(visit)
}

/// Calls a closure for each vertex of a graph: [`for_each`], with its limits said.
///
/// - What a visit wrote can be read by the visits of all that depends on its vertex.
/// - A visit that returns an error or panics is a failure. All that depends on its vertex,
///   directly or not, is not visited; the rest is, unless [`max_failures`](Self::max_failures)
///   says otherwise.
/// - The calling thread takes part, and starts others when there is something for them to do: a
///   chain never leaves it. All end with the run.
/// - A visit may call [`for_each`] itself; the inner run has threads of its own.
/// - There are no queues, priorities, timeouts or events, and nothing is remembered: for those
///   there is [`run`](crate::run).
///
/// ```
/// use std::num::NonZeroU32;
/// use walk_core::{Dag, ForEach, JobStatus};
///
/// let mut dag = Dag::builder();
/// dag.add_vertex("parse", "1 2 x", [""; 0]);
/// dag.add_vertex("sum", "", ["parse"]);
/// let dag = dag.build()?;
/// let parse = |_, text: &&str| text.split(' ').try_for_each(|it| it.parse().map(|_: u32| ()));
///
/// let report = ForEach::new(&dag).run(parse);
/// assert_eq!(report.failures()[0].to_string(), "`parse` failed: invalid digit found in string");
/// assert_eq!(report.status(dag.vertex("sum").unwrap()), Some(JobStatus::ForceFail));
///
/// let report = ForEach::new(&dag).max_failures(NonZeroU32::MIN).run(parse);
/// assert_eq!(report.status(dag.vertex("sum").unwrap()), None); // the run stopped before
/// # Ok::<(), walk_core::DagError>(())
/// ```
#[derive(Debug)]
pub struct ForEach<'a, D> {
    dag: &'a Dag<D>,
    team: Team,
    interrupt: Interrupt,
    max_failures: Option<NonZeroU32>,
}

impl<'a, D: Sync> ForEach<'a, D> {
    /// Makes a run over all of `dag`, as [`for_each`] does it.
    #[must_use]
    pub fn new(dag: &'a Dag<D>) -> Self {
        Self { dag, team: Team::default(), interrupt: Interrupt::default(), max_failures: None }
    }

    /// Sets how many threads take part at most, the calling one included: with one, vertices are
    /// visited on the calling thread and in the same order each time.
    #[must_use]
    pub fn workers(mut self, count: NonZeroUsize) -> Self {
        self.team = Team::new(count);
        self
    }

    /// Sets what interrupts the run: once it is triggered, no more visits begin.
    ///
    /// A closure cannot be suspended or killed; one that takes long may look at the interrupt
    /// itself.
    #[must_use]
    pub fn interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.interrupt = interrupt.clone();
        self
    }

    /// Sets after how many failures no more visits begin: never, if this is not called.
    #[must_use]
    pub fn max_failures(mut self, count: NonZeroU32) -> Self {
        self.max_failures = Some(count);
        self
    }

    /// Calls `visit` for each vertex and its data, and returns when all visits have ended.
    pub fn run<E, F>(&self, visit: F) -> ForEachReport<E>
    where
        E: Send,
        F: Fn(Vertex, &D) -> Result<(), E> + Sync,
    {
        let started = Instant::now();
        let frontier = SharedFrontier::new(self.dag);
        let seeds: Vec<Vertex> = frontier.ready().collect();
        let round = Round { settings: self, frontier, failed: AtomicU32::new(0), visit };
        let parts = self.team.run(&seeds, Part::default, |part, vertex, ahead| {
            round.end(part, vertex, ahead);
        });
        let (interrupted, duration) = (self.interrupt.is_triggered(), started.elapsed());
        let ended = Ended { interrupted, duration };
        ForEachReport::new(self.dag, &round.frontier, parts, &ended)
    }
}

/// One run, as all threads see it.
struct Round<'a, D, F> {
    settings: &'a ForEach<'a, D>,
    frontier: SharedFrontier<'a>,
    failed: AtomicU32,
    visit: F,
}

impl<D, F> Round<'_, D, F> {
    /// Visits `vertex`, or skips it below a failure, and puts what is ready by that ahead. Once
    /// the run is stopping it does neither, so that what is left drains away.
    fn end<E>(&self, part: &mut Part<E>, vertex: Vertex, ahead: &mut Ahead<Vertex>)
    where
        F: Fn(Vertex, &D) -> Result<(), E>,
    {
        if self.is_stopping() {
            return;
        }
        if self.frontier.is_blocked(vertex) {
            part.skipped += 1;
            return self.frontier.fail(vertex, |it| ahead.push(it));
        }
        let cause = match catch_panic(|| (self.visit)(vertex, &self.settings.dag[vertex])) {
            Ok(Ok(())) => {
                part.succeeded += 1;
                return self.frontier.complete(vertex, |it| ahead.push(it));
            }
            Ok(Err(error)) => FailureCause::Failed(error),
            Err(text) => FailureCause::Panicked(text),
        };
        part.failures.push((vertex, cause));
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.frontier.fail(vertex, |it| ahead.push(it));
    }

    fn is_stopping(&self) -> bool {
        let enough = self.settings.max_failures.map_or(u32::MAX, NonZeroU32::get);
        self.settings.interrupt.is_triggered() || self.failed.load(Ordering::Relaxed) >= enough
    }
}
