//! Runs jobs of walk-scheduler on a Slurm cluster.
//!
//! A [`Cluster`] drives `sbatch`, `squeue` and `scancel` as programs. Each attempt at an [`Errand`]
//! has a directory on a file system that all nodes share; what the job itself writes there is the
//! truth about it, and `squeue` says only whether it may still be alive. On the node the errand is
//! run by [`run_attempt`], which the caller's own program calls when it is started as the runner.
//!
//! # What is promised
//!
//! - One attempt runs at most once, however often it was submitted: it is claimed by creating a
//!   file that must not exist.
//! - Two attempts at one errand never run at the same time. Before another one begins the earlier
//!   one is fenced: either nobody claimed it and we do, or its runner answered that nothing of it
//!   is left, or its runner was not seen for so long that it has stopped the command itself
//!   ([`Settings::lease`]).
//! - A call of `squeue` that fails means nothing. An error of `sbatch` does not mean that nothing
//!   was submitted.
//! - What was running when this process was killed is taken over by the next one that asks for the
//!   same errand with the same [`Errand::key`], and stopped if the key is another.
//!
//! # What this crate does not do
//!
//! It knows no graph, no fingerprint and no manifest. It gives Slurm no dependencies and never has
//! it run a job again (`--no-requeue`). It handles no signal.

mod attempt;
mod books;
mod calls;
mod cluster;
mod collector;
mod errand;
mod error;
mod judge;
mod question;
mod runner;
mod sender;
mod silence;
mod slurm;
mod task;
mod text;
mod waiting;

pub use cluster::{Cluster, Settings};
pub use errand::Errand;
pub use error::ClusterError;
pub use runner::{run_attempt, run_task_of};
pub use slurm::{Presence, look_around};
pub use task::Task;
