//! How a run ended: what e3 leaves in the attributes of a `Walk`.
//!
//! A report owns all it says, so that it outlives the graph and the walk.

use std::time::{Duration, SystemTime};

use walk_dag::Vertex;

use crate::state::State;
use crate::{DirtyReason, Ending, Fingerprint, InterruptCause, JobOutcome, JobStatus, SkipReason};

/// How every action of a run ended.
#[derive(Debug)]
pub struct Report {
    actions: Vec<ActionReport>,
    interrupted: bool,
    max_active_jobs: usize,
    duration: Duration,
}

/// How one action of a run ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActionReport {
    /// The id of the action.
    pub uid: String,
    /// How it ended; `None` if the run stopped before it was reached.
    pub status: Option<JobStatus>,
    /// The fingerprint that an earlier run saved.
    pub prev_fingerprint: Option<Fingerprint>,
    /// The fingerprint that this run computed last.
    pub new_fingerprint: Option<Fingerprint>,
    /// Why it had to be executed, if it had.
    pub dirty: Option<DirtyReason>,
    /// Why it was not executed, if it was not.
    pub skipped: Option<SkipReason>,
    /// When and how its job ran, the last time if it was requeued.
    pub execution: Option<Execution>,
}

/// When and how a job ran.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Execution {
    /// When it started.
    pub started: SystemTime,
    /// How long it ran.
    pub duration: Duration,
    /// The number that it had among those running.
    pub slot: usize,
    /// How often it was started.
    pub attempt: u32,
    /// How it ended, beyond its status.
    pub ending: Option<Ending>,
    /// Why it was told to stop, if it was.
    pub interrupted: Option<InterruptCause>,
}

impl Execution {
    pub(crate) fn of(outcome: &JobOutcome) -> Self {
        Self {
            started: outcome.started,
            duration: outcome.duration,
            slot: outcome.slot,
            attempt: outcome.attempt,
            ending: outcome.ending.clone(),
            interrupted: outcome.interrupted,
        }
    }
}

impl ActionReport {
    /// Returns where the failure of the action began: itself if its own job failed, others
    /// if it did not run because of them, nothing if it did not fail.
    #[must_use]
    pub fn failure_origins(&self) -> &[Vertex] {
        match &self.skipped {
            Some(SkipReason::FailedPredecessors { origins, .. }) => origins,
            _ => &[],
        }
    }

    /// Returns true if a job of the action ran or tried to.
    #[must_use]
    pub fn was_executed(&self) -> bool {
        self.execution.is_some()
    }
}

impl Report {
    pub(crate) fn new<D>(state: State<'_, D>, end: &RunEnd) -> Self {
        let dag = state.dag;
        let entries = dag.vertices().zip(state.into_actions());
        let actions = entries.map(|(vertex, cells)| ActionReport {
            uid: dag.uid(vertex).to_owned(),
            status: cells.status.get(),
            prev_fingerprint: cells.prev_fingerprint.into_inner().flatten(),
            new_fingerprint: cells
                .final_fingerprint
                .into_inner()
                .or_else(|| cells.prediction.into_inner())
                .flatten(),
            dirty: cells.dirty.into_inner().map(|it| *it),
            skipped: cells.skipped.into_inner().map(|it| *it),
            execution: cells.execution.into_inner().map(|it| *it),
        });
        Self {
            actions: actions.collect(),
            interrupted: end.interrupted,
            max_active_jobs: end.max_active_jobs,
            duration: end.duration,
        }
    }

    /// Returns every action in the order of the graph: the position is the vertex's index.
    #[must_use]
    pub fn actions(&self) -> &[ActionReport] {
        &self.actions
    }

    /// Returns what is known of the action whose id is `uid`; looks through all of them.
    #[must_use]
    pub fn action(&self, uid: &str) -> Option<&ActionReport> {
        self.actions.iter().find(|it| it.uid == uid)
    }

    /// Returns how the action whose id is `uid` ended, if it did.
    #[must_use]
    pub fn status(&self, uid: &str) -> Option<JobStatus> {
        self.action(uid)?.status
    }

    /// Returns true if every action was reached and succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.actions.iter().all(|it| it.status.is_some_and(JobStatus::is_success))
    }

    /// Returns the actions whose own job failed, or was never ready.
    pub fn failures(&self) -> impl Iterator<Item = &ActionReport> {
        self.actions.iter().filter(|it| {
            it.status.is_some_and(|status| !status.is_success() && status != JobStatus::ForceFail)
        })
    }

    /// Returns true if the run was told to stop.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Returns how many jobs ran at once at most.
    #[must_use]
    pub fn max_active_jobs(&self) -> usize {
        self.max_active_jobs
    }

    /// Returns how long the run took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

/// What the loop knows when it ends.
pub(crate) struct RunEnd {
    pub(crate) interrupted: bool,
    pub(crate) max_active_jobs: usize,
    pub(crate) duration: Duration,
}
