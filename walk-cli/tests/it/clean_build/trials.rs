//! Tries histories, one seed after the other, and makes one that goes wrong shorter.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::path::PathBuf;

use super::graph::Dialect;
use super::history::{History, Tally};

/// How many seeds are tried unless it is said otherwise; half of them in each language.
const CASES: u64 = 8;

/// How many steps a history has.
const STEPS: usize = 8;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|it| it.parse().unwrap_or_else(|_| panic!("{name}={it}: a number?")))
}

/// The seeds to try, and the steps of each.
fn wanted() -> (Range<u64>, Vec<usize>) {
    let seeds = match number("WALK_SEED") {
        Some(seed) => seed..seed + 1,
        None => number("WALK_CASES").map_or(0..CASES, some_seeds),
    };
    let steps = env::var("WALK_STEPS").ok().map(|it| {
        it.split(',').map(|it| it.parse().expect("WALK_STEPS are numbers with commas")).collect()
    });
    (seeds, steps.unwrap_or_else(|| (0..STEPS).collect()))
}

/// Others each time: those of every run are known to go well.
fn some_seeds(count: u64) -> Range<u64> {
    let first = RandomState::new().hash_one(()) >> 16;
    first..first + count
}

/// Tries a history, and all shorter ones if it goes wrong.
fn try_seed(dialect: Dialect, seed: u64, mut steps: Vec<usize>, sum: &mut Tally) {
    let Err(mut report) = History::run(dialect, seed, &steps, sum) else { return };
    for step in steps.clone() {
        let fewer: Vec<usize> = steps.iter().copied().filter(|it| *it != step).collect();
        if let Err(shorter) = History::run(dialect, seed, &fewer, &mut Tally::default()) {
            (steps, report) = (fewer, shorter);
        }
    }
    let list = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let directory: PathBuf = report.directory.keep();
    panic!(
        "WALK_SEED={seed} WALK_STEPS={list}, kept in {}\n{}\n\n{}",
        directory.display(),
        report.history.join("\n"),
        report.failure
    );
}

fn check(dialect: Dialect, parity: u64) {
    let (seeds, steps) = wanted();
    let mut sum = Tally::default();
    for seed in seeds.filter(|it| it % 2 == parity) {
        try_seed(dialect, seed, steps.clone(), &mut sum);
    }
    println!("{dialect:?}: {sum}");
}

#[test]
fn any_history_of_a_walk_manifest_ends_as_a_clean_build() {
    check(Dialect::Toml, 0);
}

#[test]
fn any_history_of_a_ninja_manifest_ends_as_a_clean_build() {
    check(Dialect::Ninja, 1);
}
