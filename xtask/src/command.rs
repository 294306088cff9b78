//! Runs the programs that the tasks need.
//!
//! Standard input is always null; both output streams go to one file, so their order is
//! kept and no pipe can fill up. It does not know what any program is for.

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;

/// What a program did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) success: bool,
    /// Standard output and standard error as they came.
    pub(crate) output: String,
    pub(crate) time: Duration,
}

/// `cargo` with these arguments, in `root`: the cargo that started this program.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root);
    command
}

/// Runs `command` to its end, whatever that is.
///
/// # Errors
///
/// The program cannot be started.
pub(crate) fn run(command: &mut Command) -> Result<Outcome> {
    let mut file = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {}", line(command)))?;
    let time = start.elapsed();
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let output = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Outcome { success: status.success(), output, time })
}

/// Runs `command`, which has to succeed.
///
/// # Errors
///
/// The program cannot be started, or fails: then with its output.
pub(crate) fn succeed(command: &mut Command) -> Result<Outcome> {
    let outcome = run(command)?;
    if !outcome.success {
        bail!("{} failed:\n{}", line(command), outcome.output.trim_end());
    }
    Ok(outcome)
}

/// The directory that cargo builds into.
///
/// # Errors
///
/// Cargo cannot read the workspace.
pub(crate) fn target_directory(root: &Path) -> Result<PathBuf> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec();
    Ok(metadata.context("cannot read the workspace's metadata")?.target_directory.into())
}

/// The absolute path of `given`, or else of `walk` built as a user gets it.
///
/// # Errors
///
/// The given file does not exist, or walk does not compile.
pub(crate) fn walk(root: &Path, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return path.canonicalize().with_context(|| format!("cannot find {}", path.display()));
    }
    let arguments = ["build", "--locked", "--release", "--package", "walk-cli"];
    succeed(&mut cargo(root, &arguments))?;
    Ok(target_directory(root)?.join("release/walk"))
}

/// Whether `program` can be started and knows its version.
pub(crate) fn is_installed(program: &str) -> bool {
    run(Command::new(program).arg("--version")).is_ok_and(|outcome| outcome.success)
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_kept_in_order() {
        let outcome = run(Command::new("sh").args(["-c", "echo a; echo b >&2; echo c; exit 3"]));
        let outcome = outcome.expect("sh runs");
        assert_eq!((outcome.success, outcome.output.as_str()), (false, "a\nb\nc\n"));
    }

    #[test]
    fn a_failure_names_the_command_and_shows_its_output() {
        let error = succeed(Command::new("sh").args(["-c", "echo why; exit 1"])).unwrap_err();
        assert_eq!(error.to_string(), "sh -c echo why; exit 1 failed:\nwhy");
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_installed() {
        assert!(!is_installed("no-such-program-anywhere"));
        assert!(is_installed("cargo"));
    }
}
