//! What stops a run, apart from the errors of the hooks themselves.

use walk_scheduler::SubmitError;

/// A run that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The job of an action could never run.
    #[error("cannot schedule `{uid}`")]
    Submit {
        /// The action.
        uid: String,
        /// What is wrong with the job.
        source: SubmitError,
    },
}
