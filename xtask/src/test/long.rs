//! The long mode: the same tests many times over, for what goes wrong once in a hundred runs.
//!
//! The test binaries are built once and started directly; cargo would cost more than the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::steps::Done;
use super::tally::Tally;
use crate::command;

/// What is repeated, and how often.
#[derive(clap::Args)]
pub(crate) struct Repetition {
    /// How often
    #[arg(long, value_name = "N", default_value_t = 100, requires = "long")]
    times: usize,
    /// Which tests: those with this in their names
    #[arg(long, value_name = "TEXT", default_value = "e3", requires = "long")]
    filter: String,
}

/// Runs the tests that the filter selects, again and again.
///
/// # Errors
///
/// The tests do not build, or the filter selects none of them.
pub(crate) fn run(root: &Path, repetition: &Repetition) -> Result<Done> {
    let filter = repetition.filter.as_str();
    let mut binaries = binaries(root)?;
    binaries.retain(|binary| selects(binary, filter));
    if binaries.is_empty() {
        bail!("no test has {filter:?} in its name");
    }
    let mut done = Done { tally: Tally::default(), output: String::new() };
    for _ in 0..repetition.times {
        for binary in &binaries {
            add(&mut done, binary, filter)?;
        }
    }
    Ok(done)
}

/// Runs a binary once, and keeps what it printed if a test failed.
fn add(done: &mut Done, binary: &Binary, filter: &str) -> Result<()> {
    let outcome = command::run(binary.command().arg(filter))?;
    let mut tally = Tally::of_tests(&outcome.output);
    if !outcome.success && tally.failed == 0 {
        tally += Tally::one(false);
    }
    done.tally += tally;
    if !outcome.success {
        done.output += &outcome.output;
    }
    Ok(())
}

/// A test binary and the directory that cargo would run it in.
struct Binary {
    path: PathBuf,
    directory: PathBuf,
}

impl Binary {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.directory);
        command
    }
}

fn selects(binary: &Binary, filter: &str) -> bool {
    let listing = command::run(binary.command().args(["--list", "--format=terse", filter]));
    listing.is_ok_and(|listing| listing.output.lines().any(|line| line.ends_with(": test")))
}

/// Builds all test binaries and tells where they are.
fn binaries(root: &Path) -> Result<Vec<Binary>> {
    let arguments =
        ["test", "--locked", "--workspace", "--no-run", "--message-format=json", "--quiet"];
    let outcome = command::succeed(&mut command::cargo(root, &arguments))?;
    let messages = outcome.output.lines().filter_map(|line| serde_json::from_str(line).ok());
    messages.filter_map(|message: Value| binary(&message)).collect()
}

/// The test binary that a message of cargo announces.
fn binary(message: &Value) -> Option<Result<Binary>> {
    let path = message.pointer("/executable")?.as_str()?;
    let is_test = message.pointer("/profile/test")?.as_bool()?;
    let manifest = message.pointer("/manifest_path").and_then(Value::as_str).map(Path::new);
    let directory = manifest.and_then(Path::parent).context("cargo tells no manifest");
    is_test.then(|| Ok(Binary { path: path.into(), directory: directory?.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: Option<(&str, &str)>) {
        let message = serde_json::from_str(message).expect("it is JSON");
        let found = binary(&message).map(|binary| binary.expect("it has a manifest"));
        let found = found.as_ref().and_then(|b| Some((b.path.to_str()?, b.directory.to_str()?)));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_test_binaries_are_run_and_in_their_folder() {
        let test =
            r#"{"executable":"/t/it","profile":{"test":true},"manifest_path":"/w/a/Cargo.toml"}"#;
        check(test, Some(("/t/it", "/w/a")));
        check(&test.replace("true", "false"), None);
        check(
            r#"{"executable":null,"profile":{"test":true},"manifest_path":"/w/a/Cargo.toml"}"#,
            None,
        );
        check(r#"{"reason":"build-finished","success":true}"#, None);
    }
}
