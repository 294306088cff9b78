//! The acceptance runs with real servers: Slurm clusters, and caches of the Remote Execution API.
//!
//! They take a quarter of an hour, install packages, and are no part of every run for that.

use std::path::Path;

use anyhow::Result;

use super::steps::Done;
use super::tally::Tally;
use crate::acceptance::{CACHE, SLURM, Script};
use crate::command;

/// Whether they are run.
#[derive(clap::Args)]
pub(crate) struct Servers {
    /// Leave out the acceptance runs with real servers
    #[arg(long = "without-servers", requires = "long")]
    pub(super) without: bool,
}

/// All of them.
pub(crate) const SERVERS: [&Script; 2] = [&CACHE, &SLURM];

/// Runs one; the output has the line of each case.
///
/// # Errors
///
/// Walk does not build, or there is no Python.
pub(crate) fn run(root: &Path, script: &Script) -> Result<Done> {
    let outcome = command::run(&mut script.command(root)?)?;
    let mut tally = Tally::of_script(&outcome.output);
    if tally.passed + tally.failed == 0 || (!outcome.success && tally.failed == 0) {
        // It did not get to its end.
        tally += Tally::one(false);
    }
    Ok(Done { tally, output: outcome.output })
}
