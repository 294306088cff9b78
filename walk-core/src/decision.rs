//! Whether to run an action, and why: the answers of the hooks.
//!
//! Plain values without behaviour, so that the question "why did this run?" is answered by
//! the same value that made it run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use walk_dag::{Dag, Vertex};

use crate::{Diff, Job, JobStatus};

/// When a fingerprint is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the job runs, to know whether it has to.
    Prediction,
    /// After the job succeeded, to be saved.
    Final,
}

/// What to do with an action.
#[derive(Debug)]
pub enum Decision {
    /// Run this job.
    Run(Job),
    /// Run nothing: the action ends at once, with this status.
    Done(JobStatus),
}

/// Whether a job that ended is queued again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requeue {
    /// It is not: the action ended.
    #[default]
    No,
    /// It is, behind those of the same priority that wait.
    Now,
    /// It is, after this time, during which it holds no token.
    After(Duration),
}

/// Whether the result of an action is up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Fresh,
    /// It is not, or it may not be.
    Dirty(DirtyReason),
}

/// Why an action has to be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirtyReason {
    /// No earlier success is on record.
    NoPrevious,
    /// Its fingerprint cannot be known before it runs.
    NoPrediction,
    /// This predecessor keeps no fingerprint, so it may have changed.
    UntrackedPredecessor(String),
    /// These elements of its fingerprint changed.
    Changed(Diff),
    /// The user asked for it this time.
    Forced,
    /// It is declared to run every time.
    Always,
    /// Something else, in the words of whoever decided.
    Other(Arc<str>),
}

/// Why an action was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its result is up to date.
    Fresh,
    /// Some predecessors failed.
    FailedPredecessors {
        /// Those that it depends on directly.
        failed: Vec<Vertex>,
        /// Those whose own job failed first; shared, so that a long chain below one failure
        /// holds the list once.
        origins: Arc<[Vertex]>,
    },
}

impl DirtyReason {
    /// Returns the names of the elements that changed, in order.
    pub fn changed_names(&self) -> impl Iterator<Item = &str> {
        let diff = if let Self::Changed(diff) = self { Some(diff) } else { None };
        diff.into_iter().flat_map(Diff::names).map(AsRef::as_ref)
    }
}

impl SkipReason {
    /// Returns the reason in words, with the ids of `dag`.
    ///
    /// ```
    /// # use walk_core::{Dag, SkipReason};
    /// # let dag: Dag<()> = Dag::builder().build().unwrap();
    /// assert_eq!(SkipReason::Fresh.describe(&dag), "up to date");
    /// ```
    #[must_use]
    pub fn describe<D>(&self, dag: &Dag<D>) -> String {
        let uids = |vertices: &[Vertex]| {
            vertices.iter().map(|&it| format!("`{}`", dag.uid(it))).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Fresh => "up to date".into(),
            Self::FailedPredecessors { failed, origins } if failed[..] == origins[..] => {
                format!("{} failed", uids(failed))
            }
            Self::FailedPredecessors { failed, origins } => {
                format!("{} failed, because of {}", uids(failed), uids(origins))
            }
        }
    }
}

impl fmt::Display for DirtyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrevious => f.write_str("no earlier success on record"),
            Self::NoPrediction => f.write_str("result unknown until it runs"),
            Self::UntrackedPredecessor(uid) => write!(f, "`{uid}` keeps no fingerprint"),
            Self::Changed(_) => {
                write!(f, "changed: {}", self.changed_names().collect::<Vec<_>>().join(", "))
            }
            Self::Forced => f.write_str("forced"),
            Self::Always => f.write_str("it always runs"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl From<Job> for Decision {
    fn from(job: Job) -> Self {
        Self::Run(job)
    }
}

impl From<JobStatus> for Decision {
    fn from(status: JobStatus) -> Self {
        Self::Done(status)
    }
}

impl From<DirtyReason> for Freshness {
    fn from(reason: DirtyReason) -> Self {
        Self::Dirty(reason)
    }
}
