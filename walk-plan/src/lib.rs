//! Declared command actions: the manifest, its readers, and the walk that runs them.

mod command;
mod expand;
mod manifest;
mod plan;

pub mod depfile;

pub use command::{
    Captured, Change, CommandWalk, Held, Lock, Made, Note, Observer, Options, Reason, StateDir,
    WalkError, join,
};
pub use manifest::{Diagnostic, ManifestError, Overrides, Source, schema};
pub use plan::{
    ActionId, Command, Env, FileId, Files, GlobMatches, Plan, Retry, Run, Settings, TargetError,
    Tool,
};
