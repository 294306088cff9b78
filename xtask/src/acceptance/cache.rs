//! `cargo xtask acceptance cache`: walks that share a cache of results, which is damaged meanwhile.
//!
//! The cases are a script, `acceptance/cache`: it fetches two servers of the Remote Execution API
//! with pip, starts them anew for each case, and leaves none of them. Its last line is the sum. It
//! takes the place of this process, so that Ctrl-C is its own affair.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;

/// Which cases, and of which walk.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The walk to check, built with the feature `grpc`, instead of the one of this workspace
    /// without optimization
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
    /// Only the cases that have this in their name or that of their server; may be given several
    /// times
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
    /// Install the servers there, and leave them for the next time
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
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
    let evidence = command::target_directory(root)?.join("acceptance/cache");
    let mut script = Command::new("python3");
    script.arg("-B").arg(root.join("xtask/acceptance/cache"));
    script.arg("--walk").arg(walk).arg("--evidence").arg(evidence);
    script.args(options.only.iter().map(|case| format!("--only={case}")));
    if let Some(keep) = &options.keep {
        script.arg("--keep").arg(keep);
    }
    Err(script.exec()).context("cannot run python3")
}

fn debug_walk(root: &Path) -> Result<PathBuf> {
    let arguments = ["build", "--locked", "--package", "walk-cli", "--features", "grpc"];
    command::succeed(&mut command::cargo(root, &arguments))?;
    Ok(command::target_directory(root)?.join("debug/walk"))
}
