//! The graph that a manifest describes.
//!
//! - `text` is the one buffer that holds every file and every evaluated text; all else are spans.
//! - `paths` turns paths into [`Node`]s, `names` turns the names of variables into numbers.
//! - `scope` holds variables and rules, and evaluates texts.
//! - `read` reads statements, `statement` those that begin with `build`, `dyndep` the files that
//!   add to them later.
//! - `model` is the [`Graph`] itself, `query` its answers, `target` how people spell nodes.

mod dyndep;
mod model;
mod names;
mod paths;
mod query;
mod read;
mod scope;
mod statement;
mod target;
mod text;

pub use model::{Edge, Graph, Node, ReadOptions, Severity};
pub use query::Consumers;
