//! The Rust face of a plan: the same keys as in a manifest, as methods.
//!
//! A builder writes JSON lines, one action each, and has them read like any other manifest:
//! one meaning, one set of checks, one kind of error. What is between braces in a text, and
//! `${name}`, is therefore expanded; [`literal`] keeps a text as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::{ManifestError, Overrides, Plan, Source};

/// A plan that is made in Rust, action by action.
///
/// ```
/// use walk_plan::{ActionSpec, PlanBuilder};
///
/// let mut builder = PlanBuilder::new(std::env::temp_dir());
/// builder.queue("net", 4).env("LC_ALL", "C");
/// builder.add(ActionSpec::new("fetch").run(["curl", "-O", "{out}"]).output("a.txt").queue("net"));
/// builder.add(ActionSpec::new("count").shell("wc -l < {in} > {out}").input("a.txt").output("n"));
/// let plan = builder.build()?;
/// assert_eq!(plan.actions.len(), 2);
/// # Ok::<(), walk_plan::ManifestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PlanBuilder {
    root: PathBuf,
    head: Head,
    actions: Vec<ActionSpec>,
}

/// One action of a [`PlanBuilder`], with the keys of a manifest.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ActionSpec {
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Words>,
    #[serde(rename = "in", skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<String>,
    #[serde(rename = "out", skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deps: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    #[serde(flatten)]
    options: BTreeMap<&'static str, Setting>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Words {
    Shell(String),
    Argv(Vec<String>),
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Setting {
    Text(String),
    Number(i64),
    Switch(bool),
    Words(Vec<String>),
}

#[derive(Clone, Debug, Default, Serialize)]
struct Head {
    walk: BTreeMap<&'static str, u32>,
    settings: BTreeMap<&'static str, Setting>,
    queues: BTreeMap<String, u32>,
    env: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// Returns `text` so that nothing in it is expanded.
///
/// ```
/// assert_eq!(walk_plan::literal("awk '{print}' ${HOME}"), "awk '{{print}}' $${HOME}");
/// ```
#[must_use]
pub fn literal(text: &str) -> String {
    crate::expand::literal(text)
}

impl PlanBuilder {
    /// Starts a plan whose paths are relative to `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let mut head = Head::default();
        head.walk.insert("version", 1);
        Self { root: root.into(), head, actions: Vec::new() }
    }

    /// Sets the tokens of the queue `default`: how many actions run at once.
    pub fn jobs(&mut self, tokens: u32) -> &mut Self {
        self.head.settings.insert("jobs", Setting::Number(tokens.into()));
        self
    }

    /// Adds a queue and its tokens.
    pub fn queue(&mut self, name: impl Into<String>, tokens: u32) -> &mut Self {
        self.head.queues.insert(name.into(), tokens);
        self
    }

    /// Sets a variable for every action; it is part of their fingerprints.
    pub fn env(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.head.env.entry("set").or_default().insert(name.into(), value.into());
        self
    }

    /// Adds an action.
    pub fn add(&mut self, action: ActionSpec) -> &mut Self {
        self.actions.push(action);
        self
    }

    /// Checks everything and returns the plan.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::read`]; the place that an error shows is in the JSON lines that the
    /// actions stand for, one each after the first.
    pub fn build(&self) -> Result<Plan, ManifestError> {
        let mut text = to_json(&self.head);
        for action in &self.actions {
            text.push(b'\n');
            text.extend(to_json(action));
        }
        Plan::read(&Source::Stdin { text, root: self.root.clone() }, &Overrides::default())
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and maps of texts are JSON")
}

impl ActionSpec {
    /// Describes an action that runs nothing, yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { action: name.into(), ..Self::default() }
    }

    /// Runs a program with arguments, without a shell.
    #[must_use]
    pub fn run<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.run = Some(Words::Argv(words.into_iter().map(Into::into).collect()));
        self
    }

    /// Runs a text in the shell of the settings.
    #[must_use]
    pub fn shell(mut self, text: impl Into<String>) -> Self {
        self.run = Some(Words::Shell(text.into()));
        self
    }

    /// Adds a file or a glob that the action reads.
    #[must_use]
    pub fn input(mut self, path: impl Into<String>) -> Self {
        self.inputs.push(path.into());
        self
    }

    /// Adds a file that the action writes.
    #[must_use]
    pub fn output(mut self, path: impl Into<String>) -> Self {
        self.outputs.push(path.into());
        self
    }

    /// Runs again when the result of another action changed.
    #[must_use]
    pub fn depends_on(mut self, action: impl Into<String>) -> Self {
        self.deps.push(action.into());
        self
    }

    /// Comes after another action, and is not decided by it.
    #[must_use]
    pub fn after(mut self, action: impl Into<String>) -> Self {
        self.after.push(action.into());
        self
    }

    /// Sets a variable for this action alone.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Names the file in make's format that the action writes; what it names are inputs.
    #[must_use]
    pub fn depfile(self, path: impl Into<String>) -> Self {
        self.set("depfile", Setting::Text(path.into()))
    }

    /// Takes tokens of another queue than `default`.
    #[must_use]
    pub fn queue(self, name: impl Into<String>) -> Self {
        self.set("queue", Setting::Text(name.into()))
    }

    /// Takes that many tokens.
    #[must_use]
    pub fn tokens(self, tokens: u32) -> Self {
        self.set("tokens", Setting::Number(tokens.into()))
    }

    /// Starts before those of a lower priority in its queue.
    #[must_use]
    pub fn priority(self, priority: i32) -> Self {
        self.set("priority", Setting::Number(priority.into()))
    }

    /// Limits how long it may run, to the millisecond.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set("timeout", Setting::Text(format!("{}ms", timeout.as_millis())))
    }

    /// Runs in another directory than the root.
    #[must_use]
    pub fn directory(self, path: impl Into<String>) -> Self {
        self.set("cwd", Setting::Text(path.into()))
    }

    /// Runs every time.
    #[must_use]
    pub fn always(self) -> Self {
        self.set("always", Setting::Switch(true))
    }

    /// Takes what this command prints after the run for the result.
    #[must_use]
    pub fn late<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        self.set("late", Setting::Words(words.into_iter().map(Into::into).collect()))
    }

    fn set(mut self, key: &'static str, value: Setting) -> Self {
        self.options.insert(key, value);
        self
    }
}
