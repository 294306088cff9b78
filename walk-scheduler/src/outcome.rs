//! All there is to say of a job that ended: the status, how it came about, when and where.
//!
//! Status and ending are two things: a status is decided upon, an ending is shown to a person.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::{Job, JobStatus, os};

/// A job that ended, and what came of it.
#[derive(Debug)]
pub struct JobOutcome {
    /// The job itself; submitting it again is a further attempt.
    pub job: Job,
    /// What it came to.
    pub status: JobStatus,
    /// How it came to that, if there is more to say than the status.
    pub ending: Option<Ending>,
    /// When it started.
    pub started: SystemTime,
    /// How long it ran.
    pub duration: Duration,
    /// The slot that it ran in.
    pub slot: usize,
    /// Which attempt this was, from 1.
    pub attempt: u32,
    /// Why it was told to stop, if it was; its status is then a failure.
    pub interrupted: Option<InterruptCause>,
    /// It ended by itself while processes of its group were still running in the background: they
    /// may write what nobody waits for. Those that left the group are not noticed.
    pub left_behind: bool,
}

/// How a job ended, for a person to read.
///
/// ```
/// use walk_scheduler::{Ending, InterruptCause};
///
/// assert_eq!(Ending::Exited(1).to_string(), "exit 1");
/// assert_eq!(Ending::Signaled(11).to_string(), "killed by SIGSEGV (signal 11)");
/// assert_eq!(Ending::Interrupted(InterruptCause::Timeout).to_string(), "interrupted: timeout");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The process exited with this code.
    Exited(i32),
    /// This signal killed the process.
    Signaled(i32),
    /// The job could not be started; the text names the command and the system's error.
    SpawnFailed(String),
    /// The job panicked with this text.
    Panicked(String),
    /// The job was told to stop.
    Interrupted(InterruptCause),
    /// What the job itself had to say.
    Message(String),
}

/// Why a job was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterruptCause {
    /// It ran for longer than its timeout.
    Timeout,
    /// The whole run was told to stop.
    Run,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit {code}"),
            Self::Signaled(signal) => match os::signal_name(*signal) {
                Some(name) => write!(f, "killed by {name} (signal {signal})"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Interrupted(cause) => write!(f, "interrupted: {cause}"),
            Self::SpawnFailed(text) | Self::Message(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for InterruptCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timeout => "timeout",
            Self::Run => "run",
        })
    }
}
