//! Prepares the project and makes the changes one by one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::apt;
use super::cache;
use super::changes::CHANGES;
use super::checks::Checks;
use super::ninja;
use super::project::Project;
use super::report;
use super::slurm;
use crate::command;

/// What to check.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    part: Option<Part>,
    /// The walk to check, instead of the one of this workspace
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Part {
    /// Projects whose results are shared through servers and a directory that are damaged meanwhile
    Cache(cache::Options),
    /// Projects of cmake and Meson, built by walk under the name of ninja
    Ninja(ninja::Options),
    /// Projects whose actions run on a Slurm cluster that is damaged while they do
    Slurm(slurm::Options),
    /// The page of `walk report`, in headless Chromium
    Report {
        /// The walk to check, instead of the one of this workspace
        #[arg(long, value_name = "FILE")]
        walk: Option<PathBuf>,
    },
}

/// `cargo xtask acceptance`: true if every check passed. The last line printed is the sum.
///
/// # Errors
///
/// The project cannot be prepared: no network, no compiler, or walk does not build.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    match &options.part {
        Some(Part::Cache(options)) => return cache::run(root, options),
        Some(Part::Ninja(options)) => return ninja::run(root, options),
        Some(Part::Report { walk }) => return report::run(root, walk.as_deref()),
        Some(Part::Slurm(options)) => return slurm::run(root, options),
        None => {}
    }
    let walk = command::walk(root, options.walk.as_deref())?;
    let folder = command::target_directory(root)?.join("acceptance");
    let tree = apt::fetch("zstd", &folder, &folder.join("tree"))?;
    fs::copy(root.join("xtask/acceptance/zstd.walk.toml"), tree.join("walk.toml"))?;
    println!("{} with {}", tree.display(), walk.display());
    let project = Project::new(tree, walk);
    let mut checks = Checks::default();
    for (name, change) in CHANGES {
        checks.check(name, || change(&project));
    }
    println!("{checks}");
    Ok(checks.all_passed())
}
