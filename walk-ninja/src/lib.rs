//! Reads `build.ninja` as a plan, and answers ninja's tools.
//!
//! 1. A [`Graph`] is the manifest as ninja's manual describes it: rules, variables, edges
//!    between files. Paths and commands are bytes. It is made to be read fast and to be small:
//!    nothing is copied that stands in the file.
//! 2. A [`Build`] turns it into walks: the manifest is brought up to date first, then the files
//!    that say what depends on what, then the targets. Each of these stages is a
//!    [`Plan`](walk_plan::Plan) like any other; who walks it knows nothing of ninja.
//! 3. The [`tools`] answer what editors and generators ask ninja (`-t`).

mod graph;
mod plan;
mod syntax;

pub mod tools;

pub use graph::{Consumers, Edge, Graph, Node, ReadOptions, Severity};
pub use plan::{Build, BuildError, Frame, Purpose, Stage, action_name};
pub use syntax::{Excerpt, Place, ReadError, canonical};
