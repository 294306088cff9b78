//! The tools behind `-t` that `cmake` and Meson ask while they configure, and those about files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::graph::{Step, absolute};
use super::kit::Kit;
use super::tree::{Tree, tail};
use crate::command;

/// As `cmake` and Meson call them after they have written the manifest; nothing is out of date then.
///
/// # Errors
///
/// A tool fails, or a build after it runs what it need not.
pub(crate) fn generators(tree: &mut Tree<'_>) -> Result<String> {
    let calls: &[&[&str]] = &[
        &["-t", "recompact"],
        &["-t", "restat"],
        &["-t", "restat", "build.ninja"],
        &["-t", "cleandead"],
    ];
    for call in calls {
        ask(tree, call)?;
        let built = tree.build()?;
        let extra: Vec<_> = built.ran.difference(&built.expected).collect();
        ensure!(extra.is_empty(), "after {} ran without need: {extra:?}", call.join(" "));
    }
    Ok(format!("{} calls", calls.len()))
}

/// Every command of the graph, with its first output and its first input.
///
/// # Errors
///
/// The tool fails, or a command is missing or another one.
pub(crate) fn compdb(tree: &mut Tree<'_>) -> Result<String> {
    let text = ask(tree, &["-t", "compdb"])?;
    let entries: Vec<Value> = serde_json::from_str(&text).context("it is no list in JSON")?;
    let field = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let known: BTreeMap<String, &Value> =
        entries.iter().map(|entry| (field(entry, "output"), entry)).collect();
    for step in tree.graph.steps.iter().filter(|step| !step.inputs.is_empty()) {
        let entry = known.get(&step.name).with_context(|| format!("{} is missing", step.name))?;
        let command = field(entry, "command");
        ensure!(command == step.command, "{}: {command:?} is not {:?}", step.name, step.command);
        let file = absolute(&tree.build, &field(entry, "file"));
        ensure!(!step.compiles() || step.inputs[0] == file, "{}: {}", step.name, file.display());
        let directory = PathBuf::from(field(entry, "directory"));
        ensure!(directory == tree.build, "{}: {}", step.name, directory.display());
    }
    Ok(format!("{} commands", entries.len()))
}

/// The discovered files, as the depfiles that were kept name them.
///
/// # Errors
///
/// The tool fails, or what it lists is something else.
pub(crate) fn deps(tree: &mut Tree<'_>) -> Result<String> {
    let text = ask(tree, &["-t", "deps"])?;
    let known = parse_deps(&text);
    let with_deps = |step: &&Step| !step.deps.is_empty() && !step.discovered.is_empty();
    let mut count = 0;
    for step in tree.graph.steps.iter().filter(with_deps) {
        let listed = known.get(&step.name).with_context(|| format!("{} is missing", step.name))?;
        let paths = |names: &[String]| -> BTreeSet<PathBuf> {
            names.iter().map(|name| absolute(&tree.build, name)).collect()
        };
        let (listed, found) = (paths(listed), paths(&step.discovered));
        let extra: Vec<_> = listed.symmetric_difference(&found).collect();
        ensure!(extra.is_empty(), "{}: {extra:?} only on one side", step.name);
        count += 1;
    }
    Ok(format!("{count} objects"))
}

/// Questions about the manifest alone; the answer to `graph` names addresses of memory.
const QUESTIONS: &[&[&str]] = &[
    &["compdb"],
    &["targets", "all"],
    &["targets", "depth", "2"],
    &["rules"],
    &["commands"],
    &["commands", "-s", "all"],
    &["inputs", "all"],
    &["query", "all"],
];

/// What `peer` would answer in the same tree, byte for byte.
///
/// # Errors
///
/// An answer is another one: tells which, and the first line that differs.
pub(crate) fn answers(tree: &Tree<'_>, peer: &Kit) -> Result<String> {
    let mut wrong = Vec::new();
    for question in QUESTIONS {
        let mut command = peer.command(&peer.ninja);
        command.arg("-t").args(*question).current_dir(&tree.build);
        let expected = command::run(&mut command)?.output;
        let answer = tree.ninja(&[&["-t"], *question].concat())?.output;
        if let Some((ours, theirs)) = first_difference(&answer, &expected) {
            wrong.push(format!("-t {}: {ours:?} is not {theirs:?}", question.join(" ")));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(format!("{} questions", QUESTIONS.len()))
}

/// The first line that is not the same; empty where one of them has ended.
fn first_difference<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    let count = one.lines().count().max(other.lines().count());
    let lines = one.lines().chain(std::iter::repeat(""));
    let pairs = lines.zip(other.lines().chain(std::iter::repeat("")));
    pairs.take(count).find(|(ours, theirs)| ours != theirs)
}

/// The listed files of each target.
fn parse_deps(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("    ") {
            if let Some(deps) = current.as_ref().and_then(|name| all.get_mut(name)) {
                deps.push(path.to_owned());
            }
        } else if let Some((name, _)) = line.split_once(": #deps ") {
            all.insert(name.to_owned(), Vec::new());
            current = Some(name.to_owned());
        }
    }
    all
}

fn ask(tree: &Tree<'_>, arguments: &[&str]) -> Result<String> {
    let outcome = tree.ninja(arguments)?;
    let call = arguments.join(" ");
    ensure!(outcome.success, "{call} fails:\n{}", tail(&outcome.output));
    Ok(outcome.output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(("b", "c")));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some(("", "c")));
        assert_eq!(first_difference("a\nb", "a\nb\n"), None);
    }

    #[test]
    fn listed_files_belong_to_the_target_above() {
        let text = "a.o: #deps 2, deps mtime 3 (VALID)\n    a.c\n    a.h\n\n\
                    b.o: #deps 0, deps mtime 1 (STALE)\n\n";
        let deps = parse_deps(text);
        assert_eq!(deps["a.o"], ["a.c", "a.h"]);
        assert_eq!(deps["b.o"], [""; 0]);
    }
}
