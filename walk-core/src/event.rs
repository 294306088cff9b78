//! What happens during a run, told to [`Walk::on_event`](crate::Walk::on_event).

use std::time::Duration;

use crate::{Action, DirtyReason, JobOutcome, JobStatus, SkipReason};

/// Something that happened to an action.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a, D> {
    /// It has to be executed, and its job waits for tokens.
    Queued {
        /// The action.
        action: Action<'a, D>,
        /// Why it has to be executed, if that was decided by fingerprints.
        reason: Option<&'a DirtyReason>,
        /// The name of the queue.
        queue: &'a str,
    },
    /// Its job is given to a thread now.
    Started {
        /// The action.
        action: Action<'a, D>,
        /// The number of the job among those running.
        slot: usize,
    },
    /// Its job ended and is queued again.
    Requeued {
        /// The action.
        action: Action<'a, D>,
        /// How the job ended.
        outcome: &'a JobOutcome,
        /// How long the job waits before it is queued.
        delay: Duration,
    },
    /// Its job ended, and so did the action.
    Finished {
        /// The action.
        action: Action<'a, D>,
        /// How the job ended.
        outcome: &'a JobOutcome,
    },
    /// It ended without running a job.
    Skipped {
        /// The action.
        action: Action<'a, D>,
        /// How it ended.
        status: JobStatus,
        /// Why no job ran; `None` if it had to be executed and there was nothing to run.
        reason: Option<&'a SkipReason>,
    },
}

impl<'a, D> Event<'a, D> {
    /// Returns the action that something happened to.
    #[must_use]
    pub fn action(&self) -> Action<'a, D> {
        match self {
            Self::Queued { action, .. }
            | Self::Started { action, .. }
            | Self::Requeued { action, .. }
            | Self::Finished { action, .. }
            | Self::Skipped { action, .. } => *action,
        }
    }
}
