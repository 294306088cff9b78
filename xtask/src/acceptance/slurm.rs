//! `cargo xtask acceptance slurm`: actions on a Slurm cluster that is damaged while they run.
//!
//! Slurm is installed where it is absent; each case has a cluster of its own.

use std::path::Path;

use anyhow::Result;

use super::script::{self, SLURM};

/// Which cases, and of which walk.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    script: script::Cases,
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
    let keep = options.keep.then(|| "--keep".to_owned());
    SLURM.become_it(root, &options.script, keep.as_slice())
}
