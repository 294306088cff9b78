//! Declared command actions: the manifest, its readers, and the walk that runs them.

mod expand;
mod manifest;
mod plan;

pub mod depfile;

pub use manifest::{Diagnostic, ManifestError, Overrides, Source, schema};
pub use plan::{
    ActionId, Command, Env, FileId, Files, GlobMatches, Plan, Retry, Run, Settings, TargetError,
    Tool,
};
