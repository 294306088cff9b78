//! Measures inside a process, by examples and benchmarks of the crates themselves.
//!
//! It builds and starts them and shows what they print; a crate that has none is left out. Other
//! executors are only in `bench`, a workspace of its own: nobody else has to compile them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use cargo_metadata::{MetadataCommand, TargetKind};
use serde_json::Value;

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

/// The columns of the table of closures, as `bench` names its benchmarks.
const EXECUTORS: [&str; 6] =
    ["walk", "walk, build and run", "rayon", "async_dag", "dag_exec", "dagrs"];

/// A table of what a visit costs with `for_each` and with other executors, a row for each graph:
/// the least of all runs, as others use the machine, too, but never make it faster.
///
/// # Errors
///
/// The benchmarks do not build, or do not leave what criterion promises.
pub(crate) fn closures(root: &Path) -> Result<Table> {
    let home = command::target_directory(root)?.join("bench/closures");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    let mut bench = command::cargo(&root.join("bench"), &["bench", "--locked", "--quiet"]);
    command::succeed(bench.env("CRITERION_HOME", &home))?;
    let mut figures = figures(&home)?;
    figures.sort_by_key(|it| (it.size, it.graph.clone()));
    let mut table = Table::new(&[&["ns a vertex, least"], &EXECUTORS[..]].concat());
    for graph in figures.chunk_by(|one, other| one.graph == other.graph) {
        let cell = |executor: &&str| {
            let figure = graph.iter().find(|it| it.executor == **executor);
            figure.map_or("-".to_owned(), |it| format!("{:.0}", it.nanos))
        };
        table.row(std::iter::once(graph[0].graph.clone()).chain(EXECUTORS.iter().map(cell)));
    }
    Ok(table)
}

/// What one executor took for one graph.
#[derive(Debug, PartialEq)]
struct Figure {
    graph: String,
    size: u32,
    executor: String,
    /// For each vertex.
    nanos: f64,
}

/// Reads what criterion left in `home`: a folder for each graph, and in it one for each executor.
fn figures(home: &Path) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for graph in home.read_dir().with_context(|| format!("cannot list {}", home.display()))? {
        for executor in graph?.path().read_dir()? {
            let folder = executor?.path().join("new");
            let read = |name| -> Result<Value> {
                let path = folder.join(name);
                let text = fs::read(&path).with_context(|| format!("no {}", path.display()))?;
                Ok(serde_json::from_slice(&text)?)
            };
            if folder.is_dir() {
                let figure = figure(&read("benchmark.json")?, &read("sample.json")?);
                figures.push(figure.with_context(|| format!("cannot read {}", folder.display()))?);
            }
        }
    }
    Ok(figures)
}

/// The least time of a run, from what criterion wrote about a benchmark and its samples.
fn figure(benchmark: &Value, sample: &Value) -> Option<Figure> {
    let graph = benchmark["group_id"].as_str()?.to_owned();
    let size: u32 = graph.rsplit_once(' ')?.1.parse().ok()?;
    let executor = benchmark["value_str"].as_str()?.to_owned();
    let numbers = |name| sample[name].as_array().map(|it| it.iter().filter_map(Value::as_f64));
    let least = numbers("times")?.zip(numbers("iters")?).map(|(time, runs)| time / runs);
    let nanos = least.min_by(f64::total_cmp)? / f64::from(size);
    Some(Figure { graph, size, executor, nanos })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_least_time_of_a_run_is_divided_by_the_vertices() {
        let benchmark = json!({"group_id": "wide 100", "function_id": null, "value_str": "walk"});
        let sample = json!({"iters": [2.0, 1.0], "times": [1000.0, 700.0]});
        let (graph, executor) = ("wide 100".to_owned(), "walk".to_owned());
        let expected = Figure { graph, size: 100, executor, nanos: 5.0 };
        assert_eq!(figure(&benchmark, &sample), Some(expected));
        assert_eq!(figure(&benchmark, &json!({})), None);
    }

    #[test]
    fn the_cost_of_a_job_is_read_from_the_line() {
        assert_eq!(micros_each("100000 jobs in 193.1 ms, 1.93 us each\n"), Some(1.93));
        assert_eq!(micros_each("failed"), None);
    }
}
