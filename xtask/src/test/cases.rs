//! Tests that make up what happens: many more cases of them than every run has time for.
//!
//! They are built as users get walk, since most of their time is spent in it. Each takes the
//! number of cases from `WALK_CASES`, prints what it counted, and says how to repeat what fails.

use std::path::Path;

use anyhow::Result;

use super::steps::Done;
use super::tally::Tally;
use crate::command;

/// Tests of that kind.
pub(crate) struct Invention {
    pub(crate) name: &'static str,
    package: &'static str,
    filter: &'static str,
}

/// All of them.
pub(crate) const INVENTIONS: &[Invention] = &[
    Invention { name: "cases: histories", package: "walk-cli", filter: "clean_build::" },
    Invention { name: "cases: schedules", package: "walk-scheduler", filter: "simulation::" },
    Invention { name: "cases: crashes", package: "walk-plan", filter: "crash::" },
    Invention { name: "cases: system calls", package: "walk-cli", filter: "system_calls::" },
];

/// How many cases to try.
#[derive(clap::Args)]
pub(crate) struct Cases {
    /// How many cases the tests that make them up try; 0 leaves them out
    #[arg(long = "cases", value_name = "N", default_value_t = 2000, requires = "long")]
    pub(super) count: u32,
}

/// Tries `count` cases; the output tells what the tests counted, or what they complain about.
///
/// # Errors
///
/// The tests cannot be started.
pub(crate) fn run(root: &Path, invention: &Invention, count: u32) -> Result<Done> {
    let arguments = ["test", "--release", "--quiet", "--locked", "--tests"];
    let mut command = command::cargo(root, &arguments);
    command.args(["--package", invention.package, invention.filter, "--", "--nocapture"]);
    let outcome = command::run(command.env("WALK_CASES", count.to_string()))?;
    let mut tally = Tally::of_tests(&outcome.output);
    if tally.passed + tally.failed == 0 || (!outcome.success && tally.failed == 0) {
        // Did not compile, or there are no such tests any more.
        tally += Tally::one(false);
    }
    let output = if tally.failed == 0 { counted(&outcome.output) } else { outcome.output };
    Ok(Done { tally, output })
}

/// The lines that the tests themselves printed.
fn counted(output: &str) -> String {
    let is_own = |line: &&str| {
        let is_harness = ["running ", "test "].iter().any(|it| line.starts_with(it));
        !is_harness && line.contains(|it: char| it.is_alphanumeric())
    };
    output.lines().filter(is_own).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_counted_is_told_apart_from_the_harness() {
        let output = "\nrunning 2 tests\n7 kills\ntest a::b ... ok\n.Toml: 3 cases\n.\n\n\
                      test result: ok. 2 passed; 0 failed; 0 ignored";
        assert_eq!(counted(output), "7 kills\n.Toml: 3 cases");
    }
}
