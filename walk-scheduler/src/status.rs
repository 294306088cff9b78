//! What a job comes to, in one word that has an exit code.
//!
//! Words and numbers are those of e3's `ReturnValue`, so that a script written for e3 keeps its
//! meaning. This file does not know how a job ran; [`Ending`](crate::Ending) tells that.

use std::fmt;

/// What a job came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// The job did what it was for (0).
    Success,
    /// The job did not do what it was for (1).
    Failure,
    /// The job cannot run yet, and asks to be queued again (75, `EX_TEMPFAIL`).
    NotReady,
    /// The job was not run because one that it depends on failed (123).
    ForceFail,
    /// Nothing can be said of the job (124).
    Unknown,
    /// The job was not run because its result is up to date (125).
    Skip,
    /// The job ran and left its result as it was (126).
    Unchanged,
}

impl JobStatus {
    /// Returns true if what depends on the job may run: success, skip or unchanged.
    ///
    /// ```
    /// use walk_scheduler::JobStatus;
    ///
    /// assert!(JobStatus::Skip.is_success());
    /// assert!(!JobStatus::Unknown.is_success());
    /// ```
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Success | Self::Skip | Self::Unchanged)
    }

    /// Returns the exit code that stands for the status in e3's protocol.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::NotReady => 75,
            Self::ForceFail => 123,
            Self::Unknown => 124,
            Self::Skip => 125,
            Self::Unchanged => 126,
        }
    }

    /// Returns the status that an exit code stands for in e3's protocol; a code that it does not
    /// list is a failure.
    ///
    /// ```
    /// use walk_scheduler::JobStatus;
    ///
    /// assert_eq!(JobStatus::from_exit_code(75), JobStatus::NotReady);
    /// assert_eq!(JobStatus::from_exit_code(6), JobStatus::Failure);
    /// ```
    #[must_use]
    pub fn from_exit_code(code: i32) -> Self {
        match code {
            0 => Self::Success,
            75 => Self::NotReady,
            123 => Self::ForceFail,
            124 => Self::Unknown,
            125 => Self::Skip,
            126 => Self::Unchanged,
            _ => Self::Failure,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::NotReady => "not ready",
            Self::ForceFail => "force fail",
            Self::Unknown => "unknown",
            Self::Skip => "skip",
            Self::Unchanged => "unchanged",
        })
    }
}
