//! Acceptance runs that are scripts in Python, in `acceptance/NAME`: they start the real servers.
//!
//! A script installs what it needs, starts its servers anew for each case, leaves none of them, and
//! closes with the sum. It is given walk without optimization, which has all its assertions.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;

/// One of them.
pub(crate) struct Script {
    /// The folder in `acceptance`.
    pub(crate) name: &'static str,
    /// What the walk that it uses is built with.
    pub(crate) features: &'static [&'static str],
}

/// Walks that share a cache of results.
pub(crate) const CACHE: Script = Script { name: "cache", features: &["--features", "grpc"] };

/// Walks whose actions run on Slurm.
pub(crate) const SLURM: Script = Script { name: "slurm", features: &[] };

/// Which cases, and of which walk.
#[derive(clap::Args)]
pub(crate) struct Cases {
    /// The walk to check, instead of the one of this workspace without optimization; for the cache
    /// built with the feature `grpc`
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
    /// Only the cases that have this in their name; may be given several times
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
}

impl Script {
    /// Returns the command that runs all of it.
    ///
    /// # Errors
    ///
    /// Walk does not build.
    pub(crate) fn command(&self, root: &Path) -> Result<Command> {
        let mut arguments = vec!["build", "--locked", "--package", "walk-cli"];
        arguments.extend(self.features);
        command::succeed(&mut command::cargo(root, &arguments))?;
        let target = command::target_directory(root)?;
        // Whoever builds meanwhile builds another one, perhaps without the features.
        let own = target.join("acceptance").join(format!("walk-for-{}", self.name));
        fs::create_dir_all(target.join("acceptance"))?;
        fs::copy(target.join("debug/walk"), &own).context("cannot copy walk")?;
        self.with(root, &own)
    }

    /// Becomes the script, so that Ctrl-C is its own affair; `more` goes to it.
    ///
    /// # Errors
    ///
    /// Walk does not build, or there is no Python.
    pub(super) fn become_it(&self, root: &Path, cases: &Cases, more: &[String]) -> Result<bool> {
        let mut script = match &cases.walk {
            Some(_) => self.with(root, &command::walk(root, cases.walk.as_deref())?)?,
            None => self.command(root)?,
        };
        script.args(cases.only.iter().map(|case| format!("--only={case}"))).args(more);
        Err(script.exec()).context("cannot run python3")
    }

    fn with(&self, root: &Path, walk: &Path) -> Result<Command> {
        let evidence = command::target_directory(root)?.join("acceptance").join(self.name);
        let mut script = Command::new("python3");
        script.arg("-B").arg(root.join("xtask/acceptance").join(self.name));
        script.arg("--walk").arg(walk).arg("--evidence").arg(evidence);
        Ok(script)
    }
}
