//! Runs walk and ninja on the same graph and takes their times.
//!
//! Cold, then with nothing to do, then with one leaf edited; in every round each has its turn,
//! and who begins alternates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::edit::edit;
use super::graph::{Graph, Shape};
use super::tree;
use crate::command;
use crate::table::{Table, human, median};

/// A program that builds, with a tree of its own.
struct Builder<'a> {
    program: &'a Path,
    tree: PathBuf,
}

/// What to compare, and how thoroughly.
pub(crate) struct Plan<'a> {
    pub(crate) walk: &'a Path,
    /// Or `None` where it is not installed.
    pub(crate) ninja: Option<&'a Path>,
    /// Where the trees are written.
    pub(crate) folder: &'a Path,
    pub(crate) rounds: usize,
}

/// Adds the rows of one graph to the table.
///
/// # Errors
///
/// A build fails, or a leaf that was edited is not built.
pub(crate) fn compare(plan: &Plan<'_>, shape: Shape, size: usize, table: &mut Table) -> Result<()> {
    let graph = Graph::new(shape, size);
    let mut builders = Vec::new();
    for (name, program) in [("walk", Some(plan.walk)), ("ninja", plan.ninja)] {
        let Some(program) = program else { continue };
        let tree = plan.folder.join(format!("{}-{size}-{name}", shape.name()));
        tree::write(&graph, &tree)?;
        builders.push(Builder { program, tree });
    }
    let label = format!("{} {}", shape.name(), graph.actions.len());
    let cold = rounds(&builders, 1, &|builder, _| builder.build())?;
    table.row(row(&label, "cold", &cold));
    rounds(&builders, 1, &|builder, _| builder.build())?;
    let null = rounds(&builders, plan.rounds, &|builder, _| builder.build())?;
    table.row(row(&label, "nothing to do", &null));
    let leaf = rounds(&builders, plan.rounds, &|builder, round| builder.leaf(&graph, round))?;
    table.row(row(&label, "one leaf", &leaf));
    Ok(())
}

impl Builder<'_> {
    fn build(&self) -> Result<Duration> {
        let jobs = std::thread::available_parallelism()?.to_string();
        let mut command = Command::new(self.program);
        command.args(["-j", &jobs]).current_dir(&self.tree);
        Ok(command::succeed(&mut command)?.time)
    }

    /// Edits the leaf, builds, and makes sure that its output is another one.
    fn leaf(&self, graph: &Graph, round: usize) -> Result<Duration> {
        let (leaf, reader) = &graph.leaf;
        let output = self.tree.join(&graph.actions[*reader].output);
        let (before, leaf) = (fs::read(&output)?, self.tree.join(leaf));
        edit(&leaf, round)?;
        // A tool that goes by times misses an edit in the same tick of the clock as its output.
        while fs::metadata(&leaf)?.modified()? <= fs::metadata(&output)?.modified()? {
            edit(&leaf, round)?;
        }
        let time = self.build()?;
        ensure!(fs::read(&output)? != before, "{} is not built again", output.display());
        Ok(time)
    }
}

/// The median of the rounds, for each of the builders.
fn rounds(
    builders: &[Builder<'_>],
    count: usize,
    measure: &dyn Fn(&Builder<'_>, usize) -> Result<Duration>,
) -> Result<Vec<Duration>> {
    let mut times = vec![Vec::new(); builders.len()];
    for round in 0..count {
        for turn in 0..builders.len() {
            let index = (turn + round) % builders.len();
            times[index].push(measure(&builders[index], round)?);
        }
    }
    Ok(times.into_iter().map(median).collect())
}

fn row(label: &str, state: &str, times: &[Duration]) -> Vec<String> {
    let mut cells = vec![label.to_owned(), state.to_owned()];
    cells.extend(times.iter().map(|time| human(*time)));
    if let [walk, ninja] = *times {
        cells.push(format!("{:.2}", walk.as_secs_f64() / ninja.as_secs_f64()));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_ends_with_the_ratio_if_there_are_two() {
        let (walk, ninja) = (Duration::from_millis(30), Duration::from_millis(40));
        let expected = ["wide 10", "cold", "30 ms", "40 ms", "0.75"];
        assert_eq!(row("wide 10", "cold", &[walk, ninja]), expected);
        assert_eq!(row("wide 10", "cold", &[walk]), expected[..3]);
    }

    #[test]
    fn builders_take_turns() {
        let builder = |name| Builder { program: Path::new(name), tree: PathBuf::new() };
        let order = std::cell::RefCell::new(String::new());
        let measure = |builder: &Builder<'_>, _| {
            *order.borrow_mut() += &builder.program.to_string_lossy();
            Ok(Duration::ZERO)
        };
        rounds(&[builder("w"), builder("n")], 3, &measure).expect("nothing fails");
        assert_eq!(order.into_inner(), "wnnwwn");
    }
}
