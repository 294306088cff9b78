//! What of a plan concerns machines other than this one.
//!
//! Only what the manifest says: who runs commands elsewhere is known to whoever walks the plan.

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
