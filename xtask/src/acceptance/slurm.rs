//! `cargo xtask acceptance slurm`: actions on a Slurm cluster that is damaged while they run.
//!
//! The cases are a script, `acceptance/slurm`: it installs Slurm where that is absent, starts
//! clusters of its own, one for each case, and leaves none of them. Its last line is the sum. It
//! takes the place of this process, so that Ctrl-C is its own affair.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;

/// Which cases, and of which walk.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The walk to check, instead of the one of this workspace without optimization
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
    /// Only the cases that have this in their name; may be given several times
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
    /// Keep what the cases made, also of those that passed
    #[arg(long)]
    keep: bool,
}

/// Becomes the script.
///
/// # Errors
///
/// Walk does not build, or there is no Python.
pub(super) fn run(root: &Path, options: &Options) -> Result<bool> {
    let walk = match &options.walk {
        Some(_) => command::walk(root, options.walk.as_deref())?,
        None => debug_walk(root)?,
    };
    let evidence = command::target_directory(root)?.join("acceptance/slurm");
    let mut script = Command::new("python3");
    script.arg("-B").arg(root.join("xtask/acceptance/slurm"));
    script.arg("--walk").arg(walk).arg("--evidence").arg(evidence);
    script.args(options.only.iter().map(|case| format!("--only={case}")));
    script.args(options.keep.then_some("--keep"));
    Err(script.exec()).context("cannot run python3")
}

fn debug_walk(root: &Path) -> Result<PathBuf> {
    command::succeed(&mut command::cargo(root, &["build", "--locked", "--package", "walk-cli"]))?;
    Ok(command::target_directory(root)?.join("debug/walk"))
}
