//! From a graph to walks: what to bring up to date, in which stages, and as which plan.
//!
//! - `build` hands out one stage after the other: the manifest itself, the files that say which
//!   dependencies there are, what was asked for.
//! - `closure` finds the edges that targets need, and cycles among them.
//! - `convert` makes the [`Plan`](walk_plan::Plan) of a stage; only it knows how an edge becomes a
//!   command.
//! - `error` is what can go wrong.

mod build;
mod closure;
mod convert;
mod error;

pub(crate) use build::path_of;
pub use build::{Build, Frame, Purpose, Stage};
pub use convert::action_name;
pub use error::BuildError;
