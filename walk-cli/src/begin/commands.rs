//! Commands of another tool, one by one, made into actions.
//!
//! Paths are written as seen from the directory of the manifest; what is neither there nor made by
//! any of the commands cannot be an input, and is said beside the action.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use walk_plan::literal;

use super::compiler::{self, Effect};
use super::draft::{Draft, Entry};

/// Actions in the making.
#[derive(Debug)]
pub(super) struct Commands {
    root: PathBuf,
    known: Vec<Known>,
    /// Who makes a file, as a position.
    makers: HashMap<String, usize>,
    /// What comes before all that is added from now on, and what was added since.
    barrier: Option<usize>,
    since: Vec<usize>,
    /// What was made since by no compiler: any source may include it.
    generated: Vec<usize>,
}

/// A command, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) text: String,
    pub(super) cwd: PathBuf,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) depfile: Option<String>,
    pub(super) comment: Option<&'static str>,
    pub(super) after: Vec<usize>,
    pub(super) is_step: bool,
}

impl Commands {
    /// Starts; the manifest will be in `root`, which is absolute.
    pub(super) fn new(root: PathBuf) -> Self {
        let (known, makers, since, generated) = Default::default();
        Self { root, known, makers, barrier: None, since, generated }
    }

    /// Returns a path as the manifest is to name it; `path` is seen from `cwd`.
    pub(super) fn seen(&self, cwd: &Path, path: &str) -> String {
        let full = normal(&self.root.join(cwd).join(path));
        let inner = full.strip_prefix(&self.root).unwrap_or(&full);
        inner.to_string_lossy().into_owned()
    }

    /// Returns whether a path, as the manifest names it, is a file or made by a command.
    pub(super) fn is_known(&self, path: &str) -> bool {
        self.makers.contains_key(path) || self.root.join(path).is_file()
    }

    /// Returns whether a path, as seen from `cwd`, is a directory.
    pub(super) fn is_directory(&self, cwd: &Path, path: &str) -> bool {
        self.root.join(cwd).join(path).is_dir()
    }

    /// Returns who makes a file.
    pub(super) fn maker(&mut self, path: &str) -> Option<&mut Known> {
        self.makers.get(path).map(|it| &mut self.known[*it])
    }

    /// Adds a command with these effects, whose paths are seen from `cwd`.
    pub(super) fn add_effect(&mut self, text: &str, cwd: &Path, effect: &Effect) -> bool {
        let mut inputs: Vec<String> = effect.inputs.iter().map(|it| self.seen(cwd, it)).collect();
        inputs.extend(self.libraries(cwd, effect));
        let text = effect
            .more
            .iter()
            .fold(text.to_owned(), |text, it| format!("{text} {}", walk_plan::join([it])));
        self.add(Known {
            text,
            cwd: cwd.into(),
            inputs,
            outputs: vec![self.seen(cwd, &effect.output)],
            depfile: effect.depfile.as_ref().map(|it| self.seen(cwd, it)),
            ..Known::default()
        })
    }

    /// Adds a command; one that makes what another makes is left out, and false is returned.
    pub(super) fn add(&mut self, mut known: Known) -> bool {
        if known.outputs.iter().any(|it| self.makers.contains_key(it)) {
            return false;
        }
        let position = self.known.len();
        known.after.extend(self.barrier);
        if known.outputs.iter().all(|it| !is_binary(it)) {
            self.generated.push(position);
        } else if known.inputs.iter().any(|it| compiler::is_source(it)) {
            known.after.extend(&self.generated);
        }
        for output in &known.outputs {
            self.makers.insert(output.clone(), position);
        }
        self.since.push(position);
        self.known.push(known);
        true
    }

    /// Adds a command of which nothing is known but its place in the order.
    pub(super) fn add_step(&mut self, text: &str, cwd: &Path) {
        let position = self.known.len();
        let mut after = std::mem::take(&mut self.since);
        after.extend(self.barrier.replace(position));
        self.generated.clear();
        let known = Known { text: text.into(), cwd: cwd.into(), ..Known::default() };
        self.known.push(Known { after, is_step: true, ..known });
    }

    /// Says that what made one file makes another, which it was renamed to.
    pub(super) fn rename(&mut self, from: &str, to: String) {
        if let Some(position) = self.makers.remove(from) {
            let outputs = self.known[position].outputs.iter_mut();
            outputs.filter(|it| *it == from).for_each(|it| it.clone_from(&to));
            self.makers.insert(to, position);
        }
    }

    /// The libraries among its arguments that one of the commands makes.
    fn libraries(&self, cwd: &Path, effect: &Effect) -> Vec<String> {
        let (directories, names) = &effect.libraries;
        let files = names.iter().flat_map(|name| {
            let kinds = ["so", "a"].map(|kind| format!("lib{name}.{kind}"));
            directories.iter().flat_map(move |dir| kinds.clone().map(|it| format!("{dir}/{it}")))
        });
        files.map(|it| self.seen(cwd, &it)).filter(|it| self.makers.contains_key(it)).collect()
    }

    /// Puts all of it into a manifest.
    pub(super) fn fill(&self, draft: &mut Draft) {
        let names: Vec<String> = self.known.iter().enumerate().map(|it| name(it.0, it.1)).collect();
        for (known, name) in self.known.iter().zip(&names) {
            draft.entries.push(self.entry(known, name, &names));
        }
    }

    fn entry(&self, known: &Known, name: &str, names: &[String]) -> Entry {
        let own: BTreeSet<&String> = known.outputs.iter().collect();
        let mut seen = BTreeSet::new();
        let inputs = known.inputs.iter().filter(|it| !own.contains(it) && seen.insert(*it));
        let (inputs, missing): (Vec<&String>, Vec<&String>) =
            inputs.partition(|it| self.is_known(it));
        let mut entry = Entry::new(name);
        if let Some(comment) = known.comment {
            entry = entry.comment(comment);
        }
        for missing in missing {
            entry = entry.comment(format!("not there, and nothing here makes it: {missing}"));
        }
        entry = entry.text("run", literal(&known.text));
        if !known.cwd.as_os_str().is_empty() {
            entry = entry.text("cwd", literal(&known.cwd.to_string_lossy()));
        }
        entry = entry.list("in", inputs.into_iter().map(|it| literal(it)));
        entry = entry.list("out", known.outputs.iter().map(|it| literal(it)));
        if let Some(depfile) = &known.depfile {
            entry = entry.text("depfile", literal(depfile));
        }
        entry = entry.list("after", known.after.iter().map(|it| literal(&names[*it])));
        if known.is_step { entry.flag("always") } else { entry }
    }
}

/// Returns whether a file is what compilers make, and no text.
fn is_binary(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|it| it.to_str());
    extension.is_none_or(|it| ["o", "lo", "a", "la", "so", "obj", "gch"].contains(&it))
}

fn name(position: usize, known: &Known) -> String {
    known.outputs.first().cloned().unwrap_or_else(|| format!("step-{}", position + 1))
}

/// Returns a path without `.`, and without `..` where something is before it.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.file_name().is_some() => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}
