//! The fuzzers of `fuzz/`: arbitrary bytes for whatever reads files that somebody else wrote.
//!
//! cargo-fuzz builds them with the stable compiler, because no sanitizer is asked for: there is no
//! unsafe code to watch, and panics, hangs and memory are libFuzzer's own business. What a run
//! learns is kept below `fuzz/target`, for the next run to begin with; the seeds stay as they are.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::steps::Done;
use super::tally::Tally;
use crate::command;

/// The version that is installed if there is none.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// What one input may take: seconds, and MB. Real ones take microseconds.
const LIMITS: [&str; 2] = ["-timeout=25", "-rss_limit_mb=2048"];

/// How long to look for what breaks.
#[derive(clap::Args)]
pub(crate) struct Fuzzing {
    /// How long each fuzz target runs; 0 leaves them out
    #[arg(long = "fuzz-seconds", value_name = "N", default_value_t = 60, requires = "long")]
    pub(super) seconds: u32,
}

/// Builds the fuzz targets; returns their names.
///
/// # Errors
///
/// cargo-fuzz cannot be installed, or a target does not compile.
pub(crate) fn build(root: &Path) -> Result<Vec<String>> {
    if !command::run(&mut command::cargo(root, &["fuzz", "--version"]))?.success {
        install(root)?;
    }
    command::succeed(&mut command::cargo(root, &["fuzz", "build", "--sanitizer=none"]))?;
    let listing = command::succeed(&mut command::cargo(root, &["fuzz", "list"]))?;
    Ok(listing.output.lines().map(str::to_owned).collect())
}

/// Without optimisation and debug information it takes a minute instead of several.
fn install(root: &Path) -> Result<()> {
    let mut install = command::cargo(root, &["install", "--locked", "--debug", CARGO_FUZZ]);
    command::succeed(install.env("CARGO_PROFILE_DEV_DEBUG", "0"))
        .context("cargo-fuzz is missing and cannot be installed")?;
    Ok(())
}

/// Runs a target for a while. If it crashes, the output tells the input and how to try it again.
///
/// # Errors
///
/// The target cannot be started.
pub(crate) fn run(root: &Path, target: &str, seconds: u32) -> Result<Done> {
    let (learned, seeds) =
        (format!("fuzz/target/corpus/{target}"), format!("fuzz/corpus/{target}"));
    fs::create_dir_all(root.join(&learned)).with_context(|| format!("cannot make {learned}"))?;
    let time = format!("-max_total_time={seconds}");
    let mut command = command::cargo(root, &["fuzz", "run", "--sanitizer=none", target]);
    // Not every target has seeds, and no checkout an empty folder.
    let folders = [learned, seeds].into_iter().filter(|it| root.join(it).is_dir());
    command.args(folders).args(["--", &time]).args(LIMITS);
    // In memory if possible: a store waits for the disk.
    let scratch = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let outcome =
        command::run(command.env("TMPDIR", scratch.path()).env("RUST_LIB_BACKTRACE", "0"))?;
    let output =
        if outcome.success { executions(&outcome.output) } else { findings(&outcome.output) };
    Ok(Done { tally: Tally::one(outcome.success), output })
}

/// The line that counts: `Done 1234 runs in 61 second(s)`.
fn executions(output: &str) -> String {
    output.lines().filter(|it| it.starts_with("Done ")).collect()
}

/// The lines that say what went wrong, without those about the progress.
fn findings(output: &str) -> String {
    let is_progress = |line: &str| {
        let line = line.trim_start();
        ["#", "INFO:", "WARNING:", "NEW_FUNC", "NEW_PC"].iter().any(|it| line.starts_with(it))
    };
    output.lines().filter(|line| !is_progress(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_is_counted() {
        let output = "#7\tDONE cov: 204\nDone 7 runs in 1 second(s)\n";
        assert_eq!(executions(output), "Done 7 runs in 1 second(s)");
    }

    #[test]
    fn progress_is_not_shown_with_what_went_wrong() {
        let output = "INFO: Seed: 1\n#7\tINITED cov: 204\n\tNEW_FUNC[1/1]: 0x5\nthread panicked\n\
                      ==9== ERROR: libFuzzer: deadly signal\n\tfuzz/artifacts/ninja/crash-1";
        let expected = "thread panicked\n==9== ERROR: libFuzzer: deadly signal\n\
                        \tfuzz/artifacts/ninja/crash-1";
        assert_eq!(findings(output), expected);
    }
}
