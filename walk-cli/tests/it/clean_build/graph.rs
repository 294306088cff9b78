//! A random project: sources, headers, and actions that read them and each other.
//!
//! It knows what depends on what, in its own words; how a manifest says so is another file's
//! business, and no code of walk has a part in it. The actions are in an order in which they can
//! be executed one after the other.

use std::collections::BTreeMap;

use super::random::Random;

/// The language of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Toml,
    Ninja,
}

/// A project as it should be.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) dialect: Dialect,
    /// Contents by path.
    pub(super) sources: BTreeMap<String, String>,
    /// What comes first is needed first.
    pub(super) actions: Vec<Action>,
    /// The value of a variable that is set for all, and of one that is taken from outside.
    pub(super) set: String,
    pub(super) tracked: String,
    /// The tokens of the queue `q`.
    pub(super) tokens: usize,
    /// Whether an action makes the manifest (ninja).
    pub(super) is_generated: bool,
    pub(super) count: usize,
}

/// What an action does with what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Puts it together.
    Join,
    /// Takes the first byte: mostly the same as before.
    Head,
    /// Puts a source and the headers that it names together; a depfile says which.
    Compile,
    /// Makes a directory, whose names depend on the contents.
    Tree,
    /// Writes a file that is not declared; a stamp says so (ninja), or nothing does.
    Stamp,
    /// The same, and a command tells what is in it (walk.toml).
    Late,
    /// A name for others.
    Alias,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Directly,
    Renamed,
    IfChanged,
    WithOldTimes,
}

/// What an action reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A source or an output.
    File(String),
    /// Whatever an action makes.
    Of(String),
    /// What matches.
    Glob(&'static str),
}

/// Sources and outputs that globs are about.
pub(super) const SOURCES_GLOB: &str = "g/*.g";
pub(super) const OUTPUTS_GLOB: &str = "gen/*.g";

/// One action.
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) inputs: Vec<Input>,
    /// Actions that only come first.
    pub(super) order: Vec<String>,
    pub(super) outputs: Vec<String>,
    /// A part of its command that ends up in its outputs.
    pub(super) salt: String,
    pub(super) style: Style,
    /// Goes on when it is told to stop.
    pub(super) is_stubborn: bool,
    /// Has a response file or a dyndep file (ninja), or fails at first (walk.toml).
    pub(super) is_special: bool,
    /// `restat` or `deps = gcc` (ninja), or a command without a shell of walk's (walk.toml).
    pub(super) variant: bool,
    /// How many tokens of the queue `q`, if it is in that queue.
    pub(super) tokens: usize,
    /// A variable of its own.
    pub(super) env: Option<String>,
    /// Writes down the variables and the tool that all have.
    pub(super) tells_surroundings: bool,
    /// Where it stands in the manifest.
    pub(super) place: u64,
}

impl Graph {
    /// Returns a name that nothing had before.
    pub(super) fn fresh(&mut self) -> String {
        self.count += 1;
        format!("a{}", self.count)
    }

    pub(super) fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|it| it.name == name)
    }

    pub(super) fn maker(&self, path: &str) -> Option<&Action> {
        self.actions.iter().find(|it| it.outputs.iter().any(|it| it == path))
    }

    /// Returns the sources that have nothing to do with headers and globs.
    pub(super) fn plain_sources(&self) -> Vec<String> {
        let is_plain = |it: &&String| it.starts_with('s');
        self.sources.keys().filter(is_plain).cloned().collect()
    }

    /// Takes an action away; whoever read what it made reads a source instead.
    pub(super) fn remove(&mut self, index: usize, random: &mut Random) -> Action {
        let gone = self.actions.remove(index);
        for path in &gone.outputs {
            self.forget_include(path);
        }
        let source = self.plain_sources().first().cloned().unwrap_or_else(|| "tool.txt".into());
        let is_gone = |it: &Input| match it {
            Input::File(path) => gone.outputs.contains(path),
            Input::Of(name) => *name == gone.name,
            Input::Glob(_) => false,
        };
        for action in &mut self.actions {
            action.order.retain(|it| *it != gone.name);
            action.inputs.retain(|it| !is_gone(it));
            if action.inputs.is_empty() && action.kind != Kind::Alias {
                action.inputs.push(Input::File(source.clone()));
            }
        }
        if gone.kind == Kind::Compile {
            self.sources.remove(&format!("c/{}.c", gone.name));
        }
        self.drop_empty(random);
        gone
    }

    /// Takes names for nothing, and globs that match nothing, away.
    fn drop_empty(&mut self, random: &mut Random) {
        let has_leaf = self.actions.iter().any(Action::is_leaf);
        let is_empty = |it: &Action| {
            it.inputs.is_empty() || (!has_leaf && it.inputs.contains(&Input::Glob(OUTPUTS_GLOB)))
        };
        if let Some(index) = self.actions.iter().position(is_empty) {
            self.remove(index, random);
        }
    }

    /// Removes the lines that name a header; they are in other sources then.
    pub(super) fn forget_include(&mut self, path: &str) {
        let line = format!("#include {path}\n");
        for content in self.sources.values_mut() {
            *content = content.replace(&line, "");
        }
    }

    /// Calls a file by another name wherever it is named.
    pub(super) fn rename_file(&mut self, from: &str, to: &str) {
        let files = self.actions.iter_mut().flat_map(|it| {
            let inputs = it.inputs.iter_mut().filter_map(|it| match it {
                Input::File(path) => Some(path),
                _ => None,
            });
            inputs.chain(&mut it.outputs)
        });
        files.filter(|it| *it == from).for_each(|it| to.clone_into(it));
        let line = |path: &str| format!("#include {path}\n");
        for content in self.sources.values_mut() {
            *content = content.replace(&line(from), &line(to));
        }
    }

    /// Returns the words by which a shell reads what an input stands for.
    pub(super) fn reads(&self, input: &Input) -> Vec<String> {
        match input {
            Input::File(path) => match self.maker(path) {
                Some(maker) if maker.kind == Kind::Tree => {
                    vec![format!("{path}/all"), format!("{path}/sub/*")]
                }
                _ => vec![path.clone()],
            },
            Input::Of(name) => self.action(name).map(|it| self.made_by(it)).unwrap_or_default(),
            Input::Glob(OUTPUTS_GLOB) => self.leaves(),
            Input::Glob(pattern) => vec![(*pattern).to_owned()],
        }
    }

    fn made_by(&self, action: &Action) -> Vec<String> {
        match action.kind {
            Kind::Stamp | Kind::Late => vec![action.hidden()],
            Kind::Alias => action.inputs.iter().flat_map(|it| self.reads(it)).collect(),
            _ => {
                let files = action.outputs.iter().cloned().map(Input::File);
                files.flat_map(|it| self.reads(&it)).collect()
            }
        }
    }

    fn leaves(&self) -> Vec<String> {
        let leaves = self.actions.iter().filter(|it| it.is_leaf());
        let mut leaves: Vec<String> = leaves.flat_map(|it| it.outputs.clone()).collect();
        leaves.sort();
        leaves
    }

    /// Returns the names of the actions that an action comes after.
    pub(super) fn needs(&self, action: &Action) -> Vec<String> {
        let mut needs = action.order.clone();
        for input in &action.inputs {
            match input {
                Input::File(path) => needs.extend(self.maker(path).map(|it| it.name.clone())),
                Input::Of(name) => needs.push(name.clone()),
                Input::Glob(OUTPUTS_GLOB) => {
                    needs.extend(
                        self.actions.iter().filter(|it| it.is_leaf()).map(|it| it.name.clone()),
                    );
                }
                Input::Glob(_) => {}
            }
        }
        needs
    }
}

impl Action {
    /// Returns whether what it makes matches the glob for outputs.
    pub(super) fn is_leaf(&self) -> bool {
        self.outputs.iter().any(|it| it.starts_with("gen/"))
    }

    /// Returns the file that it writes without saying so.
    pub(super) fn hidden(&self) -> String {
        format!("hid/{}", self.name)
    }
}

pub(super) fn dedup(inputs: &mut Vec<Input>) {
    let mut seen: Vec<Input> = Vec::new();
    inputs.retain(|it| {
        let is_new = !seen.contains(it);
        seen.push(it.clone());
        is_new
    });
}
