//! What can be wrong with the description of a graph.
//!
//! Every error names the ids it is about: whoever reads it wrote those ids, and knows
//! nothing of vertex numbers.

use thiserror::Error;

/// The reason a graph cannot be built or changed as asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DagError {
    /// Two vertices have the same id.
    #[error("vertex `{uid}` is defined twice; each vertex needs an id of its own")]
    DuplicateVertex {
        /// The id that is given twice.
        uid: String,
    },
    /// A vertex depends on an id that no vertex has.
    #[error("vertex `{uid}` depends on `{predecessor}`, which is not a vertex of the graph")]
    UnknownPredecessor {
        /// The vertex that depends on it.
        uid: String,
        /// The id that does not exist.
        predecessor: String,
    },
    /// An id that should be updated or tagged is not in the graph.
    #[error("vertex `{uid}` cannot be changed: it is not in the graph")]
    UnknownVertex {
        /// The id that does not exist.
        uid: String,
    },
    /// An edge was added by a [`Vertex`](crate::Vertex) that another builder had given.
    #[error("an edge names vertex number {index}, but the graph has {vertices} vertices")]
    ForeignVertex {
        /// The number that does not exist.
        index: usize,
        /// How many vertices there are, numbered from 0.
        vertices: usize,
    },
    /// Following edges from a vertex leads back to it.
    #[error("cycle detected: {}", uids.join(" -> "))]
    Cycle {
        /// The ids along the cycle, each a predecessor of the next one; the first and
        /// the last are the same. A vertex that depends on itself gives two ids.
        uids: Vec<String>,
    },
    /// Pruning would remove a tagged vertex, and with it the context of others.
    #[error("vertex `{uid}` cannot be pruned: it has the tag `{tag}`, which others see as context")]
    TaggedVertex {
        /// The vertex that was to be pruned.
        uid: String,
        /// Its tag.
        tag: String,
    },
}
