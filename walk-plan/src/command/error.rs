//! What stops the walk of a plan, as opposed to what fails one of its actions.

use std::io;
use std::path::PathBuf;

use walk_core::DagError;
use walk_core::fingerprint::StoreError;

/// A walk of a plan that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// The graph, or the limits of its queues, are wrong.
    #[error(transparent)]
    Core(#[from] walk_core::Error),
    /// The graph is wrong.
    #[error(transparent)]
    Dag(#[from] DagError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue has an engine that whoever walks does not have.
    #[error("the queue `{queue}` is for the engine `{engine}`, which is not there")]
    NoEngine {
        /// The queue.
        queue: String,
        /// Its engine.
        engine: String,
    },
    /// The state directory, or something in it, cannot be read or written.
    #[error("cannot {verb} `{}`", path.display())]
    State {
        /// What was tried.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The file system that the state directory is on refuses to lock a file.
    #[error(
        "cannot lock `{}`: another walk could not be kept out; \
         choose a state directory on a file system with locks",
        path.display()
    )]
    NoLock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input neither exists nor is made by any action.
    #[error("`{}`, needed by `{action}`, is missing and no action makes it", path.display())]
    MissingInput {
        /// The input, as the plan names it.
        path: PathBuf,
        /// An action that needs it.
        action: String,
    },
    /// The program that tells the version of a tool failed.
    #[error("tool `{tool}`: `{command}`: {reason}")]
    Tool {
        /// The tool, as the manifest names it.
        tool: String,
        /// What was run.
        command: String,
        /// How it failed.
        reason: String,
    },
}

impl WalkError {
    /// Returns true if the state is what cannot be read or written.
    #[must_use]
    pub fn is_state(&self) -> bool {
        matches!(self, Self::Store(_) | Self::State { .. } | Self::NoLock { .. })
    }
}
