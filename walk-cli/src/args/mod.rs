//! What can be said on the command line.
//!
//! The documentation of each field is its help text. Every flag has an environment
//! variable `WALK_<FLAG>` that sets a default; the command line wins.

mod cli;
mod commands;
mod common;
mod run;

pub(crate) use cli::Cli;
pub(crate) use commands::{
    CleanArgs, Command, DiffArgs, GraphArgs, GraphFormat, Import, ImportArgs, PlanArgs, Question,
    ReportArgs, ReportFormat, SomeTargetArgs, TargetArgs, WatchArgs, WhyArgs,
};
pub(crate) use common::{CacheWish, ColorWish, Common};
pub(crate) use run::{ProgressWish, RunArgs};
