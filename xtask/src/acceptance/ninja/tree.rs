//! A configured build tree: runs the tested ninja in it and tells which steps it ran.
//!
//! What ran is read from the commands that `-v` prints; which step a command belongs to, from
//! the manifest. Depfiles are kept, so that what a step reads does not come from the program
//! that is checked.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::catalog::{Project, System};
use super::expect::{Moments, Rule, Snapshot, expected};
use super::graph::{Graph, absolute};
use super::kit::Kit;
use crate::command::{self, Outcome};

/// A build directory of a project, with the state that the last build left.
pub(crate) struct Tree<'a> {
    pub(crate) project: &'a Project,
    pub(crate) kit: &'a Kit,
    pub(crate) source: PathBuf,
    pub(crate) build: PathBuf,
    pub(crate) rule: Rule,
    pub(crate) graph: Graph,
    /// What the last build took.
    pub(crate) time: Duration,
    last: Snapshot,
    /// Nothing of the last build was written after this.
    mark: SystemTime,
}

/// What one build did, beside what it should have done.
pub(crate) struct Built {
    pub(crate) ran: BTreeSet<String>,
    /// By the rule of the tested program.
    pub(crate) expected: BTreeSet<String>,
    /// By content, whatever the program goes by.
    pub(crate) by_content: BTreeSet<String>,
    /// The names in the order in which they were printed.
    pub(crate) order: Vec<String>,
    pub(crate) output: String,
    pub(crate) time: Duration,
}

impl<'a> Tree<'a> {
    /// A tree that is still to be configured.
    pub(crate) fn new(
        project: &'a Project,
        kit: &'a Kit,
        source: &Path,
        build: PathBuf,
        rule: Rule,
    ) -> Self {
        let source = source.to_owned();
        let (graph, last) = (Graph::default(), Snapshot::default());
        let (time, mark) = (Duration::ZERO, SystemTime::UNIX_EPOCH);
        Self { project, kit, source, build, rule, graph, time, last, mark }
    }

    /// Configures a release build in an empty directory.
    ///
    /// # Errors
    ///
    /// `cmake` or Meson fails, or has found another ninja.
    pub(crate) fn configure(&mut self) -> Result<Outcome> {
        if self.build.exists() {
            fs::remove_dir_all(&self.build)?;
        }
        fs::create_dir_all(&self.build)?;
        let mut command = match self.project.system {
            System::CMake(folder) => {
                let mut cmake = self.kit.command("cmake");
                cmake.args(["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]);
                cmake.arg("-DCMAKE_POLICY_VERSION_MINIMUM=3.5");
                cmake.arg("-S").arg(absolute(&self.source, folder)).arg("-B").arg(&self.build);
                cmake
            }
            System::Meson => {
                let mut meson = self.kit.command("meson");
                meson.args(["setup", "--buildtype=release"]).arg(&self.build).arg(&self.source);
                meson
            }
        };
        let outcome = command::succeed(command.args(self.project.arguments))?;
        self.check_ninja(&outcome.output)?;
        self.remember()?;
        Ok(outcome)
    }

    /// Makes sure that `cmake` or Meson goes on with the tested ninja.
    fn check_ninja(&self, output: &str) -> Result<()> {
        let ninja = self.kit.ninja.display().to_string();
        let text = match self.project.system {
            System::CMake(_) => fs::read_to_string(self.build.join("CMakeCache.txt"))?,
            System::Meson => output.to_owned(),
        };
        ensure!(text.contains(&ninja), "{} is not configured with {ninja}", self.build.display());
        Ok(())
    }

    /// Builds the default targets.
    ///
    /// # Errors
    ///
    /// The build fails: then with its output.
    pub(crate) fn build(&mut self) -> Result<Built> {
        let start = Snapshot::take(&self.graph);
        let outcome = self.ninja(&["-v", "-d", "keepdepfile"])?;
        ensure!(outcome.success, "the build failed:\n{}", tail(&outcome.output));
        let end = Snapshot::take(&self.graph);
        let moments = Moments { before: &self.last, start: &start, end: &end };
        let expected_now = expected(self.rule, &self.graph, &moments);
        let by_content = expected(Rule::Content, &self.graph, &moments);
        let old = std::mem::take(&mut self.graph);
        self.remember()?;
        let order = names(&commands(&outcome.output), &[&old, &self.graph]);
        let ran = order.iter().cloned().collect();
        let Outcome { output, time, .. } = outcome;
        self.time = time;
        Ok(Built { ran, expected: expected_now, by_content, order, output, time })
    }

    /// The tested ninja in this tree.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn ninja(&self, arguments: &[&str]) -> Result<Outcome> {
        let mut command = self.kit.command(&self.kit.ninja);
        command::run(command.args(arguments).current_dir(&self.build))
    }

    /// Removes everything that a build makes, but not the manifest.
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub(crate) fn clear(&self) -> Result<()> {
        let made = self.graph.steps.iter().filter(|step| !Graph::is_regeneration(step));
        for path in made.flat_map(|step| &step.outputs) {
            if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir()) {
                fs::remove_file(path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Takes what is there now as up to date.
    fn remember(&mut self) -> Result<()> {
        self.graph = Graph::read(&self.build)?;
        self.last = Snapshot::take(&self.graph);
        self.mark = self.probe()?;
        Ok(())
    }

    /// A time for edits: after everything that the last build wrote.
    ///
    /// # Errors
    ///
    /// No file can be written beside the tree.
    pub(crate) fn now(&self) -> Result<SystemTime> {
        // The clock of the file system is coarse: two files may well be of the same age.
        loop {
            let time = self.probe()?;
            if time > self.mark {
                return Ok(time);
            }
        }
    }

    /// The time that a file written now has.
    fn probe(&self) -> Result<SystemTime> {
        let path = self.build.with_extension("probe");
        fs::write(&path, "")?;
        Ok(fs::metadata(&path)?.modified()?)
    }
}

/// The commands that were printed after `[1/2] `.
fn commands(output: &str) -> Vec<&str> {
    output.lines().filter_map(command_of).collect()
}

fn command_of(line: &str) -> Option<&str> {
    let (counts, command) = line.strip_prefix('[')?.split_once("] ")?;
    let (finished, total) = counts.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(finished) && is_number(total)).then_some(command)
}

/// The names of the steps with these commands; a command of no step stands for itself.
fn names(commands: &[&str], graphs: &[&Graph]) -> Vec<String> {
    let mut known: HashMap<&str, Vec<&str>> = HashMap::new();
    for step in graphs.iter().flat_map(|graph| &graph.steps) {
        let names = known.entry(step.command.trim_end()).or_default();
        if !names.contains(&step.name.as_str()) {
            names.push(&step.name);
        }
    }
    let name = |command: &&str| match known.get_mut(command.trim_end()) {
        // Two steps with one command are told apart by nothing but their order.
        Some(names) if names.len() > 1 => names.remove(0).to_owned(),
        Some(names) => names[0].to_owned(),
        None => format!("`{command}`"),
    };
    commands.iter().map(name).collect()
}

/// The last lines of a long text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// The tree's file as the manifest or a depfile may spell it.
///
/// # Errors
///
/// No step reads it.
pub(crate) fn readers(tree: &Tree<'_>, file: &str) -> Result<BTreeSet<String>> {
    let path = tree.source.join(file);
    let reads = tree.graph.steps.iter().filter(|step| step.inputs.contains(&path));
    let names: BTreeSet<String> = reads.map(|step| step.name.clone()).collect();
    (!names.is_empty()).then_some(names).with_context(|| format!("nothing reads {file}"))
}

#[cfg(test)]
mod tests {
    use super::super::graph::Step;
    use super::*;

    #[test]
    fn commands_follow_the_counts() {
        let text = "[1/2] cc -c a.c\na.c:1: [2/2] warning\n[x/2] no\n[0/1] cmake [a] b\n";
        assert_eq!(commands(text), ["cc -c a.c", "cmake [a] b"]);
    }

    #[test]
    fn equal_commands_are_told_apart_by_their_order() {
        let step = |name: &str, command: &str| Step {
            name: name.to_owned(),
            command: command.to_owned(),
            ..Step::default()
        };
        let graph = Graph { steps: vec![step("a", "c"), step("b", "c"), step("d", "e ")] };
        assert_eq!(names(&["c", "e", "c", "f"], &[&graph, &graph]), ["a", "d", "b", "`f`"]);
    }

    #[test]
    fn a_tail_is_the_end() {
        assert_eq!(tail("a\nb\n"), "a\nb");
        assert_eq!(tail(&"x\n".repeat(30)).lines().count(), 20);
    }
}
