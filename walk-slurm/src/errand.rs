//! A command to be run on a node, and what it asks of Slurm.
//!
//! Everything in it is plain data: what decides over it (a graph, fingerprints) is elsewhere.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A command to be run on a node, and what it asks of Slurm.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Errand {
    /// What it is called: one errand of a name is run at a time.
    pub name: String,
    /// Identifies what would be run, inputs included; an attempt that an earlier process left is
    /// taken over if its key and its outputs are the same. Nothing is ever taken over without a key.
    pub key: Option<String>,
    /// The program and its arguments; never empty.
    pub words: Vec<OsString>,
    /// Where it runs: an absolute path on the shared file system.
    pub directory: PathBuf,
    /// Variables that are set over those that the job gets from Slurm.
    pub env: Vec<(String, String)>,
    /// The directory to which outputs are relative.
    pub root: PathBuf,
    /// The files that it writes, absolute. What a lost attempt left of them is removed before
    /// another one begins, so that it writes to files of its own.
    pub outputs: Vec<PathBuf>,
    /// The file that gets what the command writes to standard output and standard error.
    pub output: PathBuf,
    /// How long it may run, counted on the node from its start.
    pub timeout: Duration,
    /// Whether Slurm is told the timeout too, as the backstop that it is.
    pub tells_timeout: bool,
    /// The time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// The partition; Slurm's default if `None`.
    pub partition: Option<String>,
    /// How many processors it needs (`--cpus-per-task`).
    pub cpus: Option<u32>,
    /// How much memory it needs, as `--mem` takes it.
    pub mem: Option<String>,
    /// More arguments of `sbatch`.
    pub args: Vec<String>,
}

impl Errand {
    /// Describes a command with a day of time that asks Slurm for nothing special.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        words: Vec<OsString>,
        root: impl Into<PathBuf>,
        output: impl Into<PathBuf>,
    ) -> Self {
        let root = root.into();
        Self {
            name: name.into(),
            key: None,
            words,
            directory: root.clone(),
            env: Vec::new(),
            root,
            outputs: Vec::new(),
            output: output.into(),
            timeout: Duration::from_secs(24 * 60 * 60),
            tells_timeout: false,
            grace: Duration::from_secs(5),
            partition: None,
            cpus: None,
            mem: None,
            args: Vec::new(),
        }
    }

    /// Returns the arguments of `sbatch` that say what it needs; errands of the same may share a
    /// job array.
    pub(crate) fn demands(&self) -> Vec<String> {
        let mut demands = vec!["--nodes=1".to_owned(), "--ntasks=1".to_owned()];
        demands.extend(self.cpus.map(|it| format!("--cpus-per-task={it}")));
        demands.extend(self.mem.as_ref().map(|it| format!("--mem={it}")));
        demands.extend(self.partition.as_ref().map(|it| format!("--partition={it}")));
        if self.tells_timeout {
            // Slurm counts in minutes, and kills up to one late: what keeps the time is the runner.
            let all = self.timeout.saturating_add(self.grace).as_secs();
            demands.push(format!("--time={}", all.div_ceil(60).saturating_add(2)));
        }
        demands.extend(self.args.iter().cloned());
        demands
    }
}
