//! The format: every table of a manifest and every key in it.
//!
//! One set of structs reads TOML and JSON and writes the JSON Schema, so that the three
//! cannot drift. Doc comments here are the descriptions in the schema. Nothing is resolved:
//! texts hold variables and placeholders as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::cache::RawCache;
use super::queue::RawQueue;
use super::value::{
    Array, Cell, Count, Entries, Factor, Int, Jobs, List, Period, RunText, Table, Text,
};

/// The manifest of a walk.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "walk manifest", rename = "Manifest")]
pub(crate) struct Document<'a> {
    /// The version of the format, default targets and included manifests.
    #[serde(borrow)]
    pub(crate) walk: Option<Table<Header<'a>>>,
    /// How actions are run unless they say otherwise.
    #[serde(borrow)]
    pub(crate) settings: Option<Table<RawSettings<'a>>>,
    /// Named queues: how many tokens each has, and who runs its actions.
    #[serde(borrow)]
    pub(crate) queues: Entries<'a, RawQueue<'a>>,
    /// Where results of actions are kept by what they were made of; nowhere if absent.
    #[serde(borrow)]
    pub(crate) cache: Option<Table<RawCache<'a>>>,
    /// The environment that every action is given.
    #[serde(borrow)]
    pub(crate) env: Table<RawEnv<'a>>,
    /// Texts that `${name}` stands for.
    #[serde(borrow)]
    pub(crate) vars: Entries<'a, Text<'a>>,
    /// Programs whose version is part of fingerprints.
    #[serde(borrow)]
    pub(crate) tool: Entries<'a, Table<RawTool<'a>>>,
    /// The actions, by name.
    #[serde(borrow)]
    pub(crate) action: Entries<'a, Table<RawAction<'a>>>,
    /// The actions as a list, each with its name in `action`.
    #[serde(borrow)]
    pub(crate) actions: Array<Table<RawAction<'a>>>,
}

/// What a manifest says of itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Header<'a> {
    /// The version of the format: 1.
    pub(crate) version: Option<Int<1, 1>>,
    /// What a walk without targets brings up to date; every action if absent.
    #[serde(borrow)]
    pub(crate) default: List<'a>,
    /// Globs of more manifests, relative to the directory of the first one.
    #[serde(borrow)]
    pub(crate) include: List<'a>,
}

/// How actions are run unless they say otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Settings")]
pub(crate) struct RawSettings<'a> {
    /// The tokens of the queue `default`: a number, or "cpus" for as many as there are.
    pub(crate) jobs: Option<Jobs>,
    /// The program and arguments before the text of a `run = "text"`.
    #[serde(borrow)]
    pub(crate) shell: Option<List<'a>>,
    /// How long an action may take.
    pub(crate) timeout: Option<Period>,
    /// The time between SIGTERM and SIGKILL.
    pub(crate) grace: Option<Period>,
    /// Whether what does not depend on a failure goes on.
    pub(crate) keep_going: bool,
    /// Whether outputs that a failed action wrote stay.
    pub(crate) keep_failed: bool,
    /// Whether actions share their tokens with what they run, as a jobserver of GNU make.
    pub(crate) jobserver: bool,
}

/// The environment that every action is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Env")]
pub(crate) struct RawEnv<'a> {
    /// Variables and their values, part of every fingerprint.
    #[serde(borrow)]
    pub(crate) set: Entries<'a, Text<'a>>,
    /// Names of variables whose value outside is part of every fingerprint.
    #[serde(borrow)]
    pub(crate) track: List<'a>,
    /// Names of variables whose value outside is never written down or shown; of one that is
    /// tracked too, a digest is kept.
    #[serde(borrow)]
    pub(crate) secret: List<'a>,
}

/// A program whose version is part of fingerprints.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Tool")]
pub(crate) struct RawTool<'a> {
    /// The program and arguments that print the version.
    #[serde(borrow)]
    pub(crate) version: List<'a>,
}

/// An action: a command, what it reads and what it writes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Action")]
pub(crate) struct RawAction<'a> {
    /// The name, for an action in a list.
    #[serde(borrow)]
    pub(crate) action: Option<Text<'a>>,
    /// The command: a text for the shell, or a program and its arguments.
    #[serde(borrow)]
    pub(crate) run: Option<RunText<'a>>,
    /// Files and globs that it reads.
    #[serde(borrow, rename = "in")]
    pub(crate) inputs: List<'a>,
    /// Files that it writes.
    #[serde(borrow, rename = "out")]
    pub(crate) outputs: List<'a>,
    /// A glob: one action for each file it matches.
    #[serde(borrow)]
    pub(crate) foreach: Option<Text<'a>>,
    /// One action for each combination of these values.
    #[serde(borrow)]
    pub(crate) matrix: Option<Entries<'a, Array<Cell<'a>>>>,
    /// A file in make's format that it writes, naming more inputs.
    #[serde(borrow)]
    pub(crate) depfile: Option<Text<'a>>,
    /// Tools whose version is part of its fingerprint.
    #[serde(borrow)]
    pub(crate) tools: List<'a>,
    /// Actions whose results it depends on.
    #[serde(borrow)]
    pub(crate) deps: List<'a>,
    /// Actions that come before it, if they run.
    #[serde(borrow)]
    pub(crate) after: List<'a>,
    /// The queue that it takes tokens of.
    #[serde(borrow)]
    pub(crate) queue: Option<Text<'a>>,
    /// How many tokens it takes; 1 if absent.
    pub(crate) tokens: Option<Count>,
    /// The higher, the sooner in its queue; 0 if absent.
    pub(crate) priority: Option<Int<{ i32::MIN as i64 }, { i32::MAX as i64 }>>,
    /// How long it may take.
    pub(crate) timeout: Option<Period>,
    /// How often it is tried again when it fails.
    pub(crate) retry: Option<Table<RawRetry>>,
    /// A command whose output is its final fingerprint.
    #[serde(borrow)]
    pub(crate) late: Option<List<'a>>,
    /// Whether it runs in every walk that wants it.
    pub(crate) always: bool,
    /// Whether it has the terminal for itself.
    pub(crate) interactive: bool,
    /// Whether outputs that it wrote stay when it fails.
    pub(crate) keep_failed: Option<bool>,
    /// Whether its result may be taken from a cache, and kept there; true if absent.
    pub(crate) cache: Option<bool>,
    /// How many processors it needs, where an engine runs it.
    pub(crate) cpus: Option<Int<1, 65_536>>,
    /// How much memory it needs, where an engine runs it: "4G".
    #[serde(borrow)]
    pub(crate) mem: Option<Text<'a>>,
    /// More arguments of sbatch, where Slurm runs it.
    #[serde(borrow)]
    pub(crate) slurm: List<'a>,
    /// Variables of this action alone.
    #[serde(borrow)]
    pub(crate) env: Entries<'a, Text<'a>>,
    /// Where it is executed, relative to the directory of the manifest.
    #[serde(borrow)]
    pub(crate) cwd: Option<Text<'a>>,
}

/// How often and when a failed action is tried again.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Retry")]
pub(crate) struct RawRetry {
    /// How many more times it is started; 1 if absent.
    pub(crate) times: Option<Count>,
    /// The time before the second attempt.
    pub(crate) delay: Option<Period>,
    /// What the delay is multiplied by after every attempt; 1 if absent.
    pub(crate) factor: Option<Factor>,
    /// The exit codes that are tried again; any failure if absent.
    pub(crate) on: Array<Int<1, 255>>,
}
