//! Measures inside a process, by examples and benchmarks of the crates themselves.
//!
//! It builds and starts them and shows what they print; a crate that has none is left out.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use cargo_metadata::{MetadataCommand, TargetKind};

use crate::command;
use crate::table::Table;

/// Adds a row for each number of jobs that do nothing: walk-core's `noop_jobs`, the median of
/// three.
///
/// # Errors
///
/// The example does not build or run, or does not print what it promises.
pub(crate) fn jobs(root: &Path, counts: &[usize], table: &mut Table) -> Result<()> {
    let example = build_example(root, "walk-core", "noop_jobs")?;
    for count in counts {
        let mut lines = Vec::new();
        for _ in 0..3 {
            let outcome = command::succeed(Command::new(&example).arg(count.to_string()))?;
            let each = micros_each(&outcome.output);
            let each = each.with_context(|| format!("noop_jobs says {:?}", outcome.output))?;
            lines.push(each);
        }
        lines.sort_by(f64::total_cmp);
        table.row([format!("{count} jobs"), format!("{:.2} us each", lines[1])]);
    }
    Ok(())
}

/// The number in `... ms, 1.93 us each`.
fn micros_each(line: &str) -> Option<f64> {
    let rest = line.trim_end().strip_suffix(" us each")?;
    rest.rsplit(' ').next()?.parse().ok()
}

/// What walk-dag's `scale` prints for a million vertices.
///
/// # Errors
///
/// The example does not build or run.
pub(crate) fn dag(root: &Path) -> Result<String> {
    if !root.join("walk-dag/examples/scale.rs").is_file() {
        return Ok("walk-dag has no example `scale`".to_owned());
    }
    let example = build_example(root, "walk-dag", "scale")?;
    Ok(command::succeed(Command::new(example).arg("1000000"))?.output)
}

fn build_example(root: &Path, package: &str, name: &str) -> Result<PathBuf> {
    let arguments = ["build", "--locked", "--release", "--package", package, "--example", name];
    command::succeed(&mut command::cargo(root, &arguments))?;
    Ok(command::target_directory(root)?.join("release/examples").join(name))
}

/// Runs the benchmarks of every crate that has some, and returns what they print.
///
/// # Errors
///
/// A benchmark does not build or fails.
pub(crate) fn micro(root: &Path) -> Result<String> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let mut output = String::new();
    for package in metadata.workspace_packages() {
        for target in package.targets.iter().filter(|t| t.kind.contains(&TargetKind::Bench)) {
            let names = ["--package", package.name.as_str(), "--bench", &target.name];
            let mut bench = command::cargo(root, &["bench", "--locked", "--quiet"]);
            output += &command::succeed(bench.args(names))?.output;
        }
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_job_is_read_from_the_line() {
        assert_eq!(micros_each("100000 jobs in 193.1 ms, 1.93 us each\n"), Some(1.93));
        assert_eq!(micros_each("failed"), None);
    }
}
