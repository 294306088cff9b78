//! Times of builds with nothing to do, and how much memory they take.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::tree::Tree;
use crate::command;
use crate::table::median;

/// Of one program in one tree.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) full: Duration,
    /// The median of the rounds.
    pub(crate) null: Duration,
    /// In KiB; nothing where GNU time is not installed.
    pub(crate) peak: Option<u64>,
}

/// Takes the figures of trees that have just been built; they have turns, and who begins alternates.
///
/// # Errors
///
/// A build fails.
pub(crate) fn null(trees: &[&Tree<'_>], rounds: usize) -> Result<Vec<Figures>> {
    let mut times = vec![Vec::new(); trees.len()];
    for round in 0..rounds {
        for turn in 0..trees.len() {
            let index = (turn + round) % trees.len();
            let outcome = trees[index].ninja(&[])?;
            ensure!(outcome.success, "a build fails:\n{}", outcome.output);
            times[index].push(outcome.time);
        }
    }
    let figures = trees.iter().zip(times).map(|(tree, times)| {
        Ok(Figures { full: tree.time, null: median(times), peak: peak(tree)? })
    });
    figures.collect()
}

/// The resident set of a build with nothing to do, at its largest.
fn peak(tree: &Tree<'_>) -> Result<Option<u64>> {
    const TIME: &str = "/usr/bin/time";
    if !command::is_installed(TIME) {
        return Ok(None);
    }
    let report = tree.build.with_extension("peak");
    let ninja = tree.kit.command(&tree.kit.ninja);
    let mut timed = Command::new(TIME);
    timed.args(["-f", "%M", "-o"]).arg(&report).arg(ninja.get_program());
    for (name, value) in ninja.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    command::succeed(timed.current_dir(&tree.build))?;
    let text = std::fs::read_to_string(&report)?;
    let number = text.trim().parse().with_context(|| format!("{TIME} says {text:?}"))?;
    Ok(Some(number))
}
