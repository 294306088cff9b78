//! What is to be done: concrete actions over interned files, ready to become a graph.
//!
//! A [`Plan`] is what a manifest means once names, globs, variables and members are
//! resolved. It knows nothing of syntax and runs nothing.

mod away;
mod files;
mod model;

mod graph;
mod makers;
mod select;

mod assemble;
mod builder;

pub use assemble::{AssembleError, Parts};
pub use away::{CacheMode, CacheSettings, EngineQueue, Needs};
pub use builder::{ActionSpec, PlanBuilder, literal};
pub use files::{FileId, Files};
pub use model::{
    ActionId, Command, DepfileUse, Env, GlobMatches, MissingOutputs, Paths, Plan, Response, Retry,
    Run, Settings, Tool,
};
pub use select::TargetError;

pub(crate) use files::{lexical, normal, seen_from, split};
pub(crate) use graph::{Edges, has_cycle};
pub(crate) use makers::Makers;
pub(crate) use model::Names;
