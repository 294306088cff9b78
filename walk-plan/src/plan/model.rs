//! The data of a plan.
//!
//! Plain structs with public fields: a plan is read by whoever runs it, and any value of
//! these types that [`Plan::read`] returns is consistent. Ids are dense positions, so that
//! what is known of each action or file can be a `Vec` beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::graph::Edges;
use super::{CacheSettings, EngineQueue, FileId, Files, Makers, Needs};

/// All that a manifest declares, resolved and checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The directory of the manifest, absolute; paths are relative to it.
    pub root: PathBuf,
    /// The manifest that was read, absolute, or `-` for standard input.
    pub manifest: PathBuf,
    /// The `[settings]`, defaults filled in.
    pub settings: Settings,
    /// Every queue and its tokens, `default` and `interactive` among them.
    pub queues: BTreeMap<String, u32>,
    /// The queues whose actions are run by an engine, by name.
    pub engines: BTreeMap<String, EngineQueue>,
    /// The `[cache]`, if there is one.
    pub cache: Option<CacheSettings>,
    /// The `[env]` that every action is given.
    pub env: Env,
    /// The `[tool]`s, in the order of the manifest.
    pub tools: Vec<Tool>,
    /// The actions, in the order of the manifest; an [`ActionId`] is a position here.
    pub actions: Vec<Command>,
    /// The files that actions read and write.
    pub files: Files,
    /// What a walk without targets brings up to date; empty if the manifest does not say.
    pub default: Vec<ActionId>,
    /// The files and directories, relative to the root or absolute, that decided what is in this
    /// plan.
    pub seen: Vec<PathBuf>,
    /// Whether nothing else decided it that could be another without any trace in these.
    pub seen_is_all: bool,
    pub(crate) names: Names,
    pub(crate) edges: Edges,
    pub(crate) makers: Makers,
}

/// Which actions a name stands for: one, or the members of a `foreach` or `matrix`.
pub(crate) type Names = FxHashMap<Arc<str>, Range<u32>>;

/// The position of an action in [`Plan::actions`], and of its vertex in [`Plan::dag`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub(crate) u32);

impl ActionId {
    /// Names the action at a position in [`Plan::actions`].
    ///
    /// # Panics
    ///
    /// At 2^32.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 actions"))
    }

    /// Returns the position in [`Plan::actions`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The `[settings]` of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The tokens of the queue `default`.
    pub jobs: u32,
    /// How long an action may take that does not say.
    pub timeout: Duration,
    /// How long after SIGTERM an action is given before SIGKILL.
    pub grace: Duration,
    /// Whether what does not depend on a failure goes on.
    pub keep_going: bool,
    /// The program and arguments before the text of a `run = "text"`.
    pub shell: Vec<String>,
    /// Whether outputs that a failed action wrote stay.
    pub keep_failed: bool,
    /// Whether actions share their tokens with what they run, as a jobserver of GNU make.
    pub jobserver: bool,
    /// What a path stands for.
    pub paths: Paths,
}

impl Default for Settings {
    /// Returns what holds if a manifest says nothing: one job, 24 hours, 5 seconds of grace.
    fn default() -> Self {
        Self {
            jobs: 1,
            timeout: Duration::from_secs(24 * 60 * 60),
            grace: Duration::from_secs(5),
            keep_going: false,
            shell: ["sh", "-euc"].map(String::from).into(),
            keep_failed: false,
            jobserver: false,
            paths: Paths::default(),
        }
    }
}

/// What a path stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paths {
    /// Its content. A directory is everything below it, and who makes something in a
    /// directory makes the directory: a manifest's own rule.
    #[default]
    Trees,
    /// An entry, as its times would tell. A directory is the names in it, and only who
    /// declares a path makes it. An output that is empty or a directory says nothing of what
    /// was made, so it stands for what it was made of: the rule of make and ninja, where a
    /// stamp that was touched is news.
    Entries,
}

/// The environment that every action is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    /// Variables and their values; part of every fingerprint.
    pub set: BTreeMap<String, String>,
    /// Names of variables whose value outside is part of every fingerprint.
    pub track: Vec<String>,
    /// Names of variables whose value outside is never written down or shown.
    pub secret: Vec<String>,
}

/// A program whose version is part of the fingerprint of the actions that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tool {
    /// The name that actions use.
    pub name: String,
    /// The program and arguments that print the version.
    pub version: Vec<String>,
}

/// One action: a command, what it reads and what it writes.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the manifest of its own")]
pub struct Command {
    /// The name, unique in the plan: `compile:src/lexer.c`.
    pub name: Arc<str>,
    /// The name in the manifest: `compile`. Equals `name` without `foreach` and `matrix`.
    pub group: Arc<str>,
    /// What is executed.
    pub run: Run,
    /// Where it is executed: relative to the root, empty for the root itself.
    pub cwd: PathBuf,
    /// Variables of this action alone, over those of [`Env::set`].
    pub env: BTreeMap<String, String>,
    /// Every file it reads, globs included, in the order of the manifest, each once.
    pub inputs: Vec<FileId>,
    /// What each glob among its inputs matched.
    pub globs: Vec<GlobMatches>,
    /// Every file it writes.
    pub outputs: Vec<FileId>,
    /// The file in make's format that it writes, naming more inputs.
    pub depfile: Option<FileId>,
    /// Positions in [`Plan::tools`].
    pub tools: Vec<usize>,
    /// Actions whose results it depends on, besides the producers of its inputs.
    pub deps: Vec<ActionId>,
    /// Actions that come before it, without deciding whether it runs.
    pub after: Vec<ActionId>,
    /// The queue that it takes tokens of.
    pub queue: Arc<str>,
    /// How many tokens it takes.
    pub tokens: u32,
    /// The higher, the sooner in its queue; of equals that one after which the most time is needed.
    pub priority: i32,
    /// How long it may take; the settings' if `None`.
    pub timeout: Option<Duration>,
    /// What to do when it fails.
    pub retry: Option<Retry>,
    /// The command whose output is its final fingerprint.
    pub late: Option<Vec<String>>,
    /// Whether it runs in every walk that wants it.
    pub always: bool,
    /// Whether it has the terminal for itself.
    pub interactive: bool,
    /// Whether outputs that it wrote stay when it fails. With [`Paths::Entries`] they are
    /// removed all the same when it is interrupted, as in ninja.
    pub keep_failed: bool,
    /// What it means that an output was not made, though the command succeeded.
    pub missing_outputs: MissingOutputs,
    /// What becomes of the depfile.
    pub depfile_use: DepfileUse,
    /// How the lines begin in which the command names what it includes; they are taken out of
    /// its output (`cl /showIncludes`).
    pub includes_prefix: Option<String>,
    /// The file that is written for the command before it starts.
    pub response: Option<Response>,
    /// Whether a cache may know and keep its result.
    pub cache: bool,
    /// What it asks of an engine that runs it.
    pub needs: Option<Box<Needs>>,
    /// Whether it makes the manifest itself. Its command then does not decide, and what was
    /// made after its inputs last changed is up to date, whoever made it (ninja's
    /// `generator`).
    pub generator: bool,
}

impl Command {
    /// Makes an action that runs nothing, with every setting at its default.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        Self {
            group: Arc::clone(&name),
            name,
            run: Run::Nothing,
            cwd: PathBuf::new(),
            env: BTreeMap::new(),
            inputs: Vec::new(),
            globs: Vec::new(),
            outputs: Vec::new(),
            depfile: None,
            tools: Vec::new(),
            deps: Vec::new(),
            after: Vec::new(),
            queue: Arc::from("default"),
            tokens: 1,
            priority: 0,
            timeout: None,
            retry: None,
            late: None,
            always: false,
            interactive: false,
            keep_failed: false,
            missing_outputs: MissingOutputs::default(),
            depfile_use: DepfileUse::default(),
            includes_prefix: None,
            response: None,
            cache: true,
            needs: None,
            generator: false,
        }
    }

    /// Returns whether it is only a name for files: it declares outputs and runs nothing, as
    /// ninja's `phony`. It keeps no fingerprint of its own.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.run == Run::Nothing && !self.outputs.is_empty()
    }
}

/// What it means that an output was not made, though the command succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingOutputs {
    /// The action failed.
    #[default]
    Fail,
    /// It runs in every walk, and what depends on it too: ninja without `restat`.
    Rerun,
    /// It runs in every walk; what depends on it sees a missing file, the same each time:
    /// ninja with `restat`.
    Compare,
}

/// What becomes of a depfile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DepfileUse {
    /// An old one is removed before the command starts, which has to write a new one.
    #[default]
    Required,
    /// It stays. Without one nobody knows what was read, and the action runs in every walk:
    /// ninja without `deps`.
    Kept,
    /// It is removed once it was read; without one nothing more was read: ninja with
    /// `deps = gcc`.
    Taken,
}

/// A file that is written for a command before it starts, and removed after its success:
/// ninja's `rspfile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Where it is, relative to the root.
    pub path: PathBuf,
    /// What is in it; part of the fingerprint.
    pub content: OsString,
    /// Whether it stays after a success.
    pub keep: bool,
}

/// The files that one glob of an action's `in` matched, sorted by path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GlobMatches {
    /// The glob, expanded.
    pub pattern: String,
    /// The files on disk and the outputs of other actions that it matched.
    pub files: Vec<FileId>,
}

/// What an action executes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// Nothing: the action is a name for others.
    Nothing,
    /// A text for the shell of the settings.
    Shell(String),
    /// A program and its arguments; never empty.
    Argv(Vec<OsString>),
}

/// How often and when a failed action is tried again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Retry {
    /// How many more times it is started.
    pub times: u32,
    /// The time before the second attempt.
    pub delay: Duration,
    /// What the delay is multiplied by after every attempt.
    pub factor: f64,
    /// The exit codes that are tried again; any failure if empty.
    pub on: Vec<i32>,
}
