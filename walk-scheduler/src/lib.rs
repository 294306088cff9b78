//! Runs jobs on threads, within the limits of named queues, and leaves nothing behind.
//!
//! A [`Job`] is [`Work`] and what it takes while it runs: tokens of a queue. A [`Scheduler`]
//! knows nothing of dependencies, whatever is submitted may run, and nothing of names: a job is
//! tagged with whatever its submitter likes. Driving it is a loop of four calls:
//!
//! ```
//! use std::collections::BTreeMap;
//! use walk_scheduler::{Job, JobContext, JobStatus, Scheduler, SchedulingParams, Wake};
//!
//! let queues = BTreeMap::from([("cpu".to_owned(), 4), ("network".to_owned(), 1)]);
//! let mut scheduler = Scheduler::new(&SchedulingParams { queues, ..Default::default() });
//! let work = |_: &JobContext| JobStatus::Success;
//! scheduler.submit("download", Job::new(work).queue("network"))?;
//! scheduler.submit("compile", Job::new(work).queue("cpu").tokens(2))?;
//! let mut successes = 0;
//! loop {
//!     while let Some(ready) = scheduler.next_ready() {    // has its tokens
//!         scheduler.start(ready);                         // has a thread
//!     }
//!     match scheduler.wait() {                            // the only call that blocks
//!         Wake::Finished(finished) if finished.outcome.status.is_success() => successes += 1,
//!         Wake::Finished(finished) => eprintln!("{} failed", finished.tag),
//!         Wake::Ready => (),
//!         Wake::Idle => break,
//!     }
//! }
//! assert_eq!(successes, 2);
//! # Ok::<(), walk_scheduler::SubmitError>(())
//! ```
//!
//! # The way of a job
//!
//! ```text
//!  submit ──▶ waits in its queue ──next_ready──▶ Ready ──start──▶ runs in a slot ──wait──▶ Finished
//!    ▲            ▲      (tokens are taken)                            │
//!    │            └── delay is over ◀── submit_after ◀─────────────────┤   the job comes back
//!    └─────────────────────────────────────────────────────────────────┘   with its outcome
//! ```
//!
//! - In a queue the highest priority starts first, equals by [urgency](Job::urgency), and then in
//!   order of submission. The first in line is never overtaken, however little those behind it take, so that nobody starves; other
//!   queues go on.
//! - Over all queues together, no more jobs run than [`SchedulingParams::max_active`] says (ninja's
//!   `-j`), and nothing is added to a machine that is loaded: [`SchedulingParams::max_load`] (its
//!   `-l`), or takes more than its share of a GNU make's [`Jobserver`]. One job may always run.
//! - What could never run is refused at once, with a [`SubmitError`] that says why.
//! - Each running job has a slot, the smallest number free, which also names its thread.
//! - A panic is a failure of the job that panicked: [`Ending::Panicked`].
//! - Each job has a timeout, and all that run are watched. [`Interrupt`] stops, kills, suspends and
//!   resumes whole runs from any thread. An interrupted job is a failure that says
//!   [`Ending::Interrupted`].
//!
//! # Commands
//!
//! [`Process`] is work that runs a command, in a process group of its own, with its output in a
//! file. Killing it means all that descends from it: SIGTERM, a grace period, SIGKILL, and then
//! those that left the group are looked for until there are none. To that end the calling process
//! becomes the subreaper of its descendants when it runs the first command (Linux). Should this
//! process itself be killed, a guardian that outlives it does the same for all that it started.
//!
//! # What this crate does not do
//!
//! It installs no signal handler, prints nothing and reads no configuration; it logs with `log`.
//! It never waits for children that it did not start. It cannot kill a closure: one that never
//! looks at [`JobContext::is_interrupted`] holds its slot, and in the end the scheduler's drop,
//! until it returns; other jobs go on.

mod clock;
mod context;
mod gate;
mod interrupt;
mod job;
mod jobserver;
mod limits;
mod mark;
mod os;
mod outcome;
mod params;
mod permits;
mod process;
mod program;
mod queues;
mod run;
mod scarce;
mod scheduler;
mod status;
mod team;
mod worker;

pub use context::JobContext;
pub use interrupt::Interrupt;
pub use job::{DEFAULT_QUEUE, Job, Work};
pub use jobserver::Jobserver;
pub use mark::JOB_ID;
pub use outcome::{Ending, InterruptCause, JobOutcome};
pub use params::SchedulingParams;
pub use process::{ExitProtocol, Output, Process, Stdin};
pub use queues::SubmitError;
pub use scheduler::{Finished, Ready, Scheduler, Wake};
pub use status::JobStatus;
pub use team::{Ahead, Team};
pub use worker::catch_panic;
