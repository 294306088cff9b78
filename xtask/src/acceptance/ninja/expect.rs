//! What has to run, computed from the files before and after a build.
//!
//! Two rules: by content, a step runs if something that it reads is not what it was; by times,
//! as ninja does it, if something that it reads was written since, or if a step before it ran.
//! Both run a step whose output is missing or that reads what never exists.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::graph::{Graph, Step};

/// What the tested program goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Content,
    Times,
}

/// A file's content and time; nothing of either where there is no file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Print {
    content: Option<u64>,
    modified: Option<SystemTime>,
}

/// The files of a graph at one moment.
#[derive(Default)]
pub(crate) struct Snapshot(HashMap<PathBuf, Print>);

impl Snapshot {
    pub(crate) fn take(graph: &Graph) -> Self {
        let paths = graph.steps.iter().flat_map(|step| step.inputs.iter().chain(&step.outputs));
        let paths: BTreeSet<&PathBuf> = paths.collect();
        Self(paths.into_iter().map(|path| (path.clone(), print(path))).collect())
    }

    fn of(&self, path: &Path) -> Print {
        self.0.get(path).copied().unwrap_or_default()
    }
}

fn print(path: &Path) -> Print {
    let Ok(metadata) = fs::metadata(path) else { return Print::default() };
    let mut hasher = DefaultHasher::new();
    fs::read(path).unwrap_or_default().hash(&mut hasher);
    Print { content: Some(hasher.finish()), modified: metadata.modified().ok() }
}

/// The same files after the last build, at the start of this one and at its end.
pub(crate) struct Moments<'a> {
    pub(crate) before: &'a Snapshot,
    pub(crate) start: &'a Snapshot,
    pub(crate) end: &'a Snapshot,
}

/// The names of the steps that have to run.
pub(crate) fn expected(rule: Rule, graph: &Graph, moments: &Moments<'_>) -> BTreeSet<String> {
    let names = |step: &Step| step.name.clone();
    match rule {
        Rule::Content => {
            let runs = graph.steps.iter().filter(|step| by_content(step, moments));
            runs.map(names).collect()
        }
        Rule::Times => {
            let mut times = Times::new(graph, moments);
            let runs = (0..graph.steps.len()).filter(|at| times.runs(*at));
            runs.map(|at| graph.steps[at].name.clone()).collect()
        }
    }
}

fn runs_anyway(step: &Step, start: &Snapshot) -> bool {
    step.always || step.outputs.iter().any(|path| start.of(path).modified.is_none())
}

fn by_content(step: &Step, moments: &Moments<'_>) -> bool {
    let differs = |path| moments.before.of(path).content != moments.end.of(path).content;
    runs_anyway(step, moments.start) || step.inputs.iter().any(|path| differs(path))
}

/// The rule by times, each step decided once.
struct Times<'a> {
    graph: &'a Graph,
    moments: &'a Moments<'a>,
    producers: HashMap<&'a Path, usize>,
    decided: BTreeMap<usize, bool>,
}

impl<'a> Times<'a> {
    fn new(graph: &'a Graph, moments: &'a Moments<'a>) -> Self {
        let mut producers = HashMap::new();
        for (at, step) in graph.steps.iter().enumerate() {
            producers.extend(step.outputs.iter().map(|path| (path.as_path(), at)));
        }
        Self { graph, moments, producers, decided: BTreeMap::new() }
    }

    fn runs(&mut self, at: usize) -> bool {
        if let Some(decided) = self.decided.get(&at) {
            return *decided;
        }
        // A cycle is an error of the manifest, and no reason to run for ever.
        self.decided.insert(at, false);
        let step = &self.graph.steps[at];
        let runs = runs_anyway(step, self.moments.start)
            || step.inputs.iter().any(|path| self.is_newer(path));
        self.decided.insert(at, runs);
        runs
    }

    fn is_newer(&mut self, path: &'a Path) -> bool {
        let Moments { before, start, end } = *self.moments;
        let Some(producer) = self.producers.get(path).copied() else {
            // A generator may write again, in this build, what nothing else makes.
            return before.of(path).modified != end.of(path).modified;
        };
        let written = start.of(path).modified != end.of(path).modified;
        self.runs(producer) && (written || !self.graph.steps[producer].restat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, inputs: &[&str]) -> Step {
        let paths = |all: &[&str]| all.iter().map(PathBuf::from).collect();
        Step {
            name: name.to_owned(),
            inputs: paths(inputs),
            outputs: paths(&[name]),
            ..Step::default()
        }
    }

    /// Each file with its content and its time.
    fn snapshot(files: &[(&str, u64, u64)]) -> Snapshot {
        let print = |content, seconds| Print {
            content: Some(content),
            modified: Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)),
        };
        Snapshot(files.iter().map(|(name, one, two)| (name.into(), print(*one, *two))).collect())
    }

    fn check(graph: &Graph, moments: &Moments<'_>, content: &[&str], times: &[&str]) {
        for (rule, names) in [(Rule::Content, content), (Rule::Times, times)] {
            let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(expected(rule, graph, moments), names, "{rule:?}");
        }
    }

    #[test]
    fn the_rules_differ_where_an_object_comes_out_the_same() {
        let mut graph = Graph { steps: vec![step("a.o", &["a.h"]), step("a", &["a.o"])] };
        let before = snapshot(&[("a.h", 1, 1), ("a.o", 2, 2), ("a", 3, 3)]);
        let start = snapshot(&[("a.h", 9, 9), ("a.o", 2, 2), ("a", 3, 3)]);
        let end = snapshot(&[("a.h", 9, 9), ("a.o", 2, 10), ("a", 3, 10)]);
        let moments = Moments { before: &before, start: &start, end: &end };
        check(&graph, &moments, &["a.o"], &["a.o", "a"]);
        let end = snapshot(&[("a.h", 9, 9), ("a.o", 7, 10), ("a", 3, 10)]);
        let moments = Moments { before: &before, start: &start, end: &end };
        check(&graph, &moments, &["a.o", "a"], &["a.o", "a"]);
        graph.steps[0].restat = true;
        let moments = Moments { before: &before, start: &start, end: &start };
        check(&graph, &moments, &["a.o"], &["a.o"]);
    }

    #[test]
    fn a_missing_output_and_an_input_that_never_exists_run() {
        let graph = Graph {
            steps: vec![step("gone", &["x"]), Step { always: true, ..step("stale", &["x"]) }],
        };
        let files = snapshot(&[("x", 1, 1), ("stale", 1, 1)]);
        let moments = Moments { before: &files, start: &files, end: &files };
        check(&graph, &moments, &["gone", "stale"], &["gone", "stale"]);
    }
}
