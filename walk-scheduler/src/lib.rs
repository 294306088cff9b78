//! Runs jobs on threads, within the limits of named queues.
mod clock;
mod context;
mod interrupt;
mod job;
mod os;
mod outcome;
mod params;
mod process;
mod program;
mod queues;
mod run;
mod scheduler;
mod status;
mod worker;

pub use context::JobContext;
pub use interrupt::Interrupt;
pub use job::{DEFAULT_QUEUE, Job, Work};
pub use outcome::{Ending, InterruptCause, JobOutcome};
pub use params::SchedulingParams;
pub use process::{ExitProtocol, JOB_ID, Output, Process, Stdin};
pub use queues::SubmitError;
pub use scheduler::{Finished, Ready, Scheduler, Wake};
pub use status::JobStatus;
