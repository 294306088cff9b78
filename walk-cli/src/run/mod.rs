//! `walk run`: brings targets up to date.
//!
//! - `command` is the way of one run, from the arguments to the exit.
//! - `stages` is that of a manifest of ninja, which takes several walks.
//! - `occasion` is what the run is part of: a command, or a watch that goes on after it.
//! - `setup` makes of the arguments what a run is set up with.
//! - `telling` makes what records tell of a plan.
//! - `watch` hears what happens and tells the terminal and the records.
//! - `outline` is the graph as the estimate of the time that is left needs it.
//! - `tally` counts how actions ended, and what exit that is; `summary` is what is said of
//!   it in the end.
//! - `oddities` is what was odd about actions that succeeded: flaky, slow.
//! - `logging` is where warnings go.

mod command;
mod stages;

mod occasion;
mod setup;

mod outline;
mod watch;

mod summary;
mod tally;
mod telling;

mod oddities;

mod logging;

pub(crate) use command::run;
pub(crate) use logging::{log_through, start_log, was_anything_logged};
pub(crate) use occasion::{Occasion, Step, Tap};
pub(crate) use oddities::habit;
pub(crate) use tally::Tally;
pub(crate) use telling::{start_of, tell};
pub(crate) use watch::command_text;
