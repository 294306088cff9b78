//! What of a plan concerns machines other than this one.
//!
//! Only what the manifest says: who runs commands elsewhere is known to whoever walks the plan.

use std::time::Duration;

/// What a manifest says of a cache of results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSettings {
    /// Whether results are kept on this machine, for all checkouts.
    pub local: bool,
    /// The remote part: a directory or a server, as a URL.
    pub remote: Option<String>,
    /// What is done with the remote part.
    pub mode: CacheMode,
    /// How many bytes the local part keeps.
    pub max_size: u64,
    /// How long the local part keeps what nobody asks for.
    pub max_age: Duration,
    /// A file with a token for the remote part.
    pub credentials: Option<String>,
    /// The instance that a server is asked for.
    pub instance: String,
}

impl Default for CacheSettings {
    /// Returns what holds if a `[cache]` says nothing: this machine only, 10 GB, 30 days.
    fn default() -> Self {
        Self {
            local: true,
            remote: None,
            mode: CacheMode::default(),
            max_size: 10_000_000_000,
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            credentials: None,
            instance: String::new(),
        }
    }
}

/// What is done with the remote part of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// Results are only taken from it.
    Read,
    /// Results are only put into it.
    Write,
    /// Both.
    #[default]
    ReadWrite,
}

/// A queue whose actions are run by an engine, and not on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineQueue {
    /// The engine: `slurm`.
    pub engine: String,
    /// The partition that its jobs ask for.
    pub partition: Option<String>,
    /// More arguments of the program that submits a job.
    pub args: Vec<String>,
}

impl EngineQueue {
    /// The engines that a manifest may name.
    pub const ENGINES: [&str; 1] = ["slurm"];

    /// How many actions are sent away at once where nobody says a number.
    pub const TOKENS: u32 = 100;

    /// Describes a queue of an engine that asks for nothing special.
    #[must_use]
    pub fn new(engine: impl Into<String>) -> Self {
        Self { engine: engine.into(), ..Self::default() }
    }
}

/// What an action asks of the engine that runs it; on this machine nobody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// How many processors.
    pub cpus: Option<u32>,
    /// How much memory, as the engine takes it: `4G`.
    pub mem: Option<String>,
    /// More arguments of `sbatch`.
    pub slurm: Vec<String>,
}
