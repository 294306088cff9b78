//! Times of builds with nothing to do, and how much memory they take.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::tree::Tree;
use crate::command;
use crate::table::median;

/// How often something is timed.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// Builds of everything; the one that was there anyway is the first.
    pub(crate) full: usize,
    /// Builds with nothing to do.
    pub(crate) null: usize,
}

/// Of one program in one tree: medians of the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) full: Duration,
    pub(crate) null: Duration,
    /// In KiB; nothing where GNU time is not installed.
    pub(crate) peak: Option<u64>,
}

/// Takes the figures of trees that have just been built; they have turns, and who begins
/// alternates.
///
/// # Errors
///
/// A build fails.
pub(crate) fn measure(trees: &mut [&mut Tree<'_>], rounds: Rounds) -> Result<Vec<Figures>> {
    let mut full: Vec<_> = trees.iter().map(|tree| vec![tree.time]).collect();
    let mut null = vec![Vec::new(); trees.len()];
    for (round, index) in turns(trees.len(), rounds.full.saturating_sub(1)) {
        trees[index].clear().with_context(|| format!("round {round}"))?;
        full[index].push(trees[index].build()?.time);
    }
    for (_, index) in turns(trees.len(), rounds.null) {
        let outcome = trees[index].ninja(&[])?;
        ensure!(outcome.success, "a build fails:\n{}", outcome.output);
        null[index].push(outcome.time);
    }
    let figures = trees.iter().zip(full.into_iter().zip(null)).map(|(tree, (full, null))| {
        Ok(Figures { full: median(full), null: median(null), peak: peak(tree)? })
    });
    figures.collect()
}

/// Each round with each index, another one first every time.
fn turns(count: usize, rounds: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rounds).flat_map(move |round| (0..count).map(move |turn| (round, (turn + round) % count)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_begins_alternates() {
        let order: Vec<_> = turns(2, 3).map(|(_, index)| index).collect();
        assert_eq!(order, [0, 1, 1, 0, 0, 1]);
    }
}
