//! What is known of earlier runs: the records that they left.
//!
//! - `run`: a run as it was recorded, and the reading of it.
//! - `choice`: which run is meant.
//! - `cause`: what began a chain of actions that ran because of each other.
//! - `compare`: in what two runs differ.
//!
//! Nothing here looks at files of the project or at the store: what was, was.

mod cause;
mod choice;
mod compare;
mod run;

pub(crate) use cause::{first_cause, origins, predecessor_at_cause};
pub(crate) use choice::{Choice, Recorded};
pub(crate) use compare::{Change, Comparison};
#[cfg(test)]
pub(crate) use run::tests::recorded;
pub(crate) use run::{Attempt, RecordedAction, RecordedRun};
