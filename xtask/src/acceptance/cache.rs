//! `cargo xtask acceptance cache`: walks that share a cache of results, which is damaged meanwhile.
//!
//! Two servers of the Remote Execution API are fetched with pip.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::script::{self, CACHE};

/// Which cases, and of which walk.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    script: script::Cases,
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
    let keep = options.keep.iter().map(|it| format!("--keep={}", it.display()));
    CACHE.become_it(root, &options.script, &keep.collect::<Vec<_>>())
}
