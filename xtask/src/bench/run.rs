//! Chooses what to measure and prints the tables.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::graph::Shape;
use super::inside;
use super::outside::{self, Plan};
use crate::command;
use crate::table::Table;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// How many actions the graphs have
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1000,10000,20000")]
    n: Vec<usize>,
    /// What the graphs look like
    #[arg(long, value_enum, value_delimiter = ',', default_value = "layered,wide")]
    shape: Vec<Shape>,
    /// How often each figure is taken
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = at_least_one)]
    rounds: usize,
    /// The walk to measure, instead of the one of this workspace
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The command, beside ninja
    Walk,
    /// Jobs that do nothing, in one process
    Jobs,
    /// Closures over graphs, in one process, beside other executors
    Closures,
    /// Building and walking large graphs
    Dag,
    /// The crates' own benchmarks
    Micro,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// `cargo xtask bench`: prints a table for each part; true unless it cannot measure.
///
/// # Errors
///
/// Something does not build or fails while it is measured.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let wants = |part| options.parts.is_empty() || options.parts.contains(&part);
    if wants(Part::Walk) {
        walk(root, options)?;
    }
    if wants(Part::Jobs) {
        let mut table = Table::new(&["in one process", "median of 3"]);
        inside::jobs(root, &[10_000, 100_000, 200_000], &mut table)?;
        println!("{table}");
    }
    if wants(Part::Closures) {
        println!("{}", inside::closures(root)?);
    }
    if wants(Part::Dag) {
        println!("{}", inside::dag(root)?);
    }
    if wants(Part::Micro) {
        print!("{}", inside::micro(root)?);
    }
    Ok(true)
}

fn walk(root: &Path, options: &Options) -> Result<()> {
    let walk = command::walk(root, options.walk.as_deref())?;
    let folder = command::target_directory(root)?.join("bench");
    let ninja = command::is_installed("ninja").then_some(Path::new("ninja"));
    if ninja.is_none() {
        println!(
            "ninja is not installed, so there is no column for it: apt-get install ninja-build"
        );
    }
    let plan = Plan { walk: &walk, ninja, folder: &folder, rounds: options.rounds };
    let mut table = Table::new(&["graph", "state", "walk", "ninja", "walk/ninja"]);
    for shape in &options.shape {
        for size in &options.n {
            outside::compare(&plan, *shape, *size, &mut table)?;
        }
    }
    println!("medians of {} rounds; cold is taken once\n{table}", options.rounds);
    Ok(())
}
