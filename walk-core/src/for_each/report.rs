//! How a [`for_each`](super::for_each) ended.
//!
//! Where everything succeeded there is nothing to keep for each vertex, and nothing is kept.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use walk_dag::{Dag, SharedFrontier, Vertex};

use crate::JobStatus;

/// How a [`for_each`](crate::for_each) ended.
#[derive(Debug)]
pub struct ForEachReport<E> {
    succeeded: usize,
    skipped: usize,
    unreached: usize,
    failures: Vec<Failure<E>>,
    /// By vertex; none at all if all succeeded.
    statuses: Vec<Option<JobStatus>>,
    interrupted: bool,
    threads: usize,
    duration: Duration,
}

/// A visit that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<E> {
    /// The vertex that was visited.
    pub vertex: Vertex,
    /// Its id.
    pub uid: String,
    /// What went wrong.
    pub cause: FailureCause<E>,
}

/// What went wrong in a visit.
#[derive(Debug, PartialEq, Eq)]
pub enum FailureCause<E> {
    /// It returned this error.
    Failed(E),
    /// It panicked with this text.
    Panicked(String),
}

/// What one thread did.
pub(super) struct Part<E> {
    pub(super) succeeded: usize,
    pub(super) skipped: usize,
    pub(super) failures: Vec<(Vertex, FailureCause<E>)>,
}

/// How the run as a whole ended.
pub(super) struct Ended {
    pub(super) interrupted: bool,
    pub(super) duration: Duration,
}

impl<E> Default for Part<E> {
    fn default() -> Self {
        Self { succeeded: 0, skipped: 0, failures: Vec::new() }
    }
}

impl<E> ForEachReport<E> {
    pub(super) fn new<D>(
        dag: &Dag<D>,
        frontier: &SharedFrontier<'_>,
        parts: Vec<Part<E>>,
        ended: &Ended,
    ) -> Self {
        let threads = parts.len();
        let succeeded = parts.iter().map(|it| it.succeeded).sum();
        let skipped = parts.iter().map(|it| it.skipped).sum();
        let failures = parts.into_iter().flat_map(|it| it.failures);
        let mut failures: Vec<Failure<E>> = failures
            .map(|(vertex, cause)| Failure { vertex, uid: dag.uid(vertex).to_owned(), cause })
            .collect();
        failures.sort_unstable_by_key(|it| it.vertex);
        let unreached = dag.len() - succeeded - skipped - failures.len();
        let statuses =
            if succeeded == dag.len() { Vec::new() } else { statuses(dag, frontier, &failures) };
        let Ended { interrupted, duration } = *ended;
        Self { succeeded, skipped, unreached, failures, statuses, interrupted, threads, duration }
    }

    /// Returns true if every vertex was visited and succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.statuses.is_empty()
    }

    /// Returns the failures, in the order of the graph.
    #[must_use]
    pub fn failures(&self) -> &[Failure<E>] {
        &self.failures
    }

    /// Returns the report, unless a visit failed.
    ///
    /// # Errors
    ///
    /// Returns the first failure in the order of the graph. That the run was interrupted is not an
    /// error.
    pub fn into_result(mut self) -> Result<Self, Failure<E>> {
        if self.failures.is_empty() { Ok(self) } else { Err(self.failures.swap_remove(0)) }
    }

    /// Returns how the visit of `vertex` ended: [`JobStatus::Success`], [`JobStatus::Failure`],
    /// [`JobStatus::ForceFail`] if it was not visited because of a failure of another, or `None`
    /// if the run stopped before.
    ///
    /// # Panics
    ///
    /// May panic if the vertex is of another, larger graph.
    #[must_use]
    pub fn status(&self, vertex: Vertex) -> Option<JobStatus> {
        if self.is_success() { Some(JobStatus::Success) } else { self.statuses[vertex.index()] }
    }

    /// Returns how many visits succeeded.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        self.succeeded
    }

    /// Returns how many vertices were not visited because of a failure of another.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Returns how many vertices the run did not reach because it stopped before.
    #[must_use]
    pub fn unreached(&self) -> usize {
        self.unreached
    }

    /// Returns true if the run was told to stop.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Returns how many threads took part.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Returns how long the run took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

fn statuses<D, E>(
    dag: &Dag<D>,
    frontier: &SharedFrontier<'_>,
    failures: &[Failure<E>],
) -> Vec<Option<JobStatus>> {
    let status = |vertex| match (frontier.has_ended(vertex), frontier.is_blocked(vertex)) {
        (false, _) => None,
        (true, false) => Some(JobStatus::Success),
        (true, true) => Some(JobStatus::ForceFail),
    };
    let mut statuses: Vec<_> = dag.vertices().map(status).collect();
    for failure in failures {
        statuses[failure.vertex.index()] = Some(JobStatus::Failure);
    }
    statuses
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            FailureCause::Failed(error) => write!(f, "`{}` failed: {error}", self.uid),
            FailureCause::Panicked(text) => write!(f, "`{}` panicked: {text}", self.uid),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Failure<E> {}
