//! Runs the steps one by one, a line for each, and closes with the sum.
//!
//! A step that cannot even start has failed; the others go on.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use super::cases::{self, Cases, INVENTIONS};
use super::fuzz::{self, Fuzzing};
use super::long::{self, Repetition};
use super::servers::{self, SERVERS, Servers};
use super::steps::{Done, STEPS};
use super::strace;
use super::tally::Tally;
use crate::table;

/// How much to test.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also repeat the tests ported from e3, to find what happens rarely, try many more of the
    /// cases that tests make up, run the fuzzers, and the acceptance runs with real servers
    #[arg(long)]
    long: bool,
    #[command(flatten)]
    repetition: Repetition,
    #[command(flatten)]
    cases: Cases,
    #[command(flatten)]
    fuzzing: Fuzzing,
    #[command(flatten)]
    servers: Servers,
}

/// `cargo xtask test`: true if everything passed. The last line printed is the sum.
///
/// # Errors
///
/// Standard output is closed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let mut sum = Tally::default();
    for step in STEPS {
        sum += show(step.name, || (step.run)(root))?;
    }
    if options.long {
        sum += show("strace", || strace::install(root))?;
        sum += show("repetition", || long::run(root, &options.repetition))?;
        sum += run_cases(root, options.cases.count)?;
        sum += run_fuzzers(root, options.fuzzing.seconds)?;
        for script in SERVERS.iter().filter(|_| !options.servers.without) {
            sum += tell(&format!("acceptance {}", script.name), || servers::run(root, script))?;
        }
    }
    println!("{sum}");
    Ok(sum.failed == 0)
}

/// Tries many cases of each kind, and tells what was counted.
fn run_cases(root: &Path, count: u32) -> Result<Tally> {
    let mut sum = Tally::default();
    for invention in INVENTIONS.iter().filter(|_| count > 0) {
        sum += tell(invention.name, || cases::run(root, invention, count))?;
    }
    Ok(sum)
}

/// Builds the fuzzers and runs each, a line for each.
fn run_fuzzers(root: &Path, seconds: u32) -> Result<Tally> {
    if seconds == 0 {
        return Ok(Tally::default());
    }
    let mut targets = Vec::new();
    let mut sum = show("fuzzers", || {
        targets = fuzz::build(root)?;
        Ok(Done { tally: Tally::one(true), output: String::new() })
    })?;
    for target in targets {
        sum += tell(&format!("fuzz {target}"), || fuzz::run(root, &target, seconds))?;
    }
    Ok(sum)
}

/// Runs a step and prints its line; what it printed itself only if it failed.
fn show(name: &str, step: impl FnOnce() -> Result<Done>) -> Result<Tally> {
    let silent = |done: Done| {
        let output = if done.tally.failed == 0 { String::new() } else { done.output };
        Done { output, ..done }
    };
    tell(name, || step().map(silent))
}

/// Runs a step and prints its line, and what it printed itself.
fn tell(name: &str, step: impl FnOnce() -> Result<Done>) -> Result<Tally> {
    print!("{name:<22}");
    io::stdout().flush()?;
    let start = Instant::now();
    let done = step()
        .unwrap_or_else(|error| Done { tally: Tally::one(false), output: format!("{error:#}") });
    let verdict = if done.tally.failed == 0 { "ok" } else { "FAILED" };
    println!("{verdict:<8}{:>9}   {}", table::human(start.elapsed()), done.tally);
    if !done.output.is_empty() {
        println!("{}", indent(&done.output));
    }
    Ok(done.tally)
}

fn indent(output: &str) -> String {
    output.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_cannot_start_has_failed() {
        let tally = show("broken", || anyhow::bail!("no such program")).expect("it prints");
        assert_eq!(tally, Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn output_of_a_step_cannot_be_taken_for_the_closing_line() {
        assert_eq!(indent("1 passed, 0 failed\nx"), "    1 passed, 0 failed\n    x");
    }
}
