//! A named, immutable directed acyclic graph, and the order to walk it in.
//!
//! # The story
//!
//! A graph is first *described*: a [`DagBuilder`] takes vertices, each with a unique id
//! and some data, and edges, in any order, naming what may not exist yet. It is then
//! *built*: [`DagBuilder::build`] is the one place where names are resolved and cycles
//! are refused, in linear time. The [`Dag`] that comes out is right and needs no further
//! checks; what it is asked, it answers from flat arrays. At last it is *walked*: a
//! [`Frontier`] hands out each vertex once all its predecessors are completed, to
//! however many workers, completed in whatever order.
//!
//! ```
//! use walk_dag::{Dag, DagError, Frontier};
//!
//! let mut builder = Dag::builder();
//! builder.add_vertex("test", "run the tests", ["build"]);
//! builder.add_vertex("build", "compile", ["fetch", "configure"]);
//! builder.add_vertex("fetch", "download the sources", [""; 0]);
//! builder.add_vertex("configure", "look at the machine", [""; 0]);
//! let dag = builder.build()?;
//!
//! let mut frontier = Frontier::new(&dag);
//! let mut done = Vec::new();
//! while let Some(vertex) = frontier.next_ready() {
//!     done.push(dag.uid(vertex));
//!     frontier.complete(vertex);
//! }
//! assert!(frontier.is_done());
//! assert_eq!(done, ["fetch", "configure", "build", "test"]);
//! # Ok::<(), DagError>(())
//! ```
//!
//! # What to expect
//!
//! - **An error says which ids.** A cycle is shown whole, the shortest first:
//!   `a -> b -> c -> a`, each a predecessor of the next.
//! - **The same input gives the same output**, in every operation: vertices come in the
//!   order in which they were added wherever there is a choice.
//! - **Depth does not matter.** Nothing recurses; a chain of a million vertices is a
//!   graph like any other.
//! - **A [`Vertex`] is a number**, dense from 0: what a walk knows of each vertex belongs
//!   in a `Vec` indexed by [`Vertex::index`], not in a map of ids.
//!
//! The operations are those of e3's `DAG` (add, update, tags, context, closure, shortest
//! path, reverse, merge, prune, dot, tree), with [`Dag::restricted_to`], [`Dag::to_mermaid`]
//! and [`CriticalPaths`] added. This crate knows nothing of jobs, files or fingerprints.
//!
//! # Inside
//!
//! A graph holds its edges as one flat array in each direction, its ids as one string
//! with a hash table, and its topological order. A million vertices with three million
//! edges build in a third of a second. When a built graph is updated, the `daggy` crate
//! holds the edges and refuses one that closes a cycle.

mod vertex;

mod error;

mod builder;
mod names;

mod adjacency;
mod order;
mod structure;

mod critical;
mod dag;
mod derive;
mod query;
mod render;
mod tree;

mod frontier;
mod ready;
mod shared;

pub use builder::DagBuilder;
pub use critical::CriticalPaths;
pub use dag::Dag;
pub use derive::OnTagged;
pub use error::DagError;
pub use frontier::Frontier;
pub use query::{ContextQuery, ContextTag};
pub use shared::SharedFrontier;
pub use tree::Repeats;
pub use vertex::{Direction, Vertex};
