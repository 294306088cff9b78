//! The edges as [`daggy`] keeps them: the form in which a graph changes.
//!
//! This is the only file that names daggy. It is asked what it is good at: to add an
//! edge to a graph that is sound, and to refuse it if it closes a cycle. Two of its ways
//! are avoided, because they do not hold for large graphs: `add_edge` in arbitrary order
//! searches for a cycle each time (quadratic), and `add_edges` recurses as deep as the
//! longest path (a chain of some ten thousand vertices overflows the stack). Edges that
//! come in topological order need no search at all, so that is how it is filled.
//!
//! A graph that is only read has no use for it: filling it took more than half of the
//! time of building a million vertices with three million edges, and a third of the
//! memory. So a graph gets one when it is first changed, and then keeps it.

use daggy::NodeIndex;

use crate::adjacency::{Adjacency, Edge};
use crate::vertex::Vertex;

/// Vertices and the edges between them, never with a cycle.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    graph: daggy::Dag<(), ()>,
}

impl Structure {
    /// Fills the graph, each vertex after its predecessors.
    pub(crate) fn new(adjacency: &Adjacency, order: &[Vertex]) -> Self {
        let edges = adjacency.predecessors.edge_count();
        let mut graph = daggy::Dag::with_capacity(order.len(), edges);
        for _ in order {
            graph.add_node(());
        }
        for &vertex in order {
            for &predecessor in adjacency.predecessors.of(vertex) {
                let added = graph.add_edge(node(predecessor), node(vertex), ());
                added.expect("in topological order no edge closes a cycle");
            }
        }
        Self { graph }
    }

    /// Returns every edge, in no useful order.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let edges = self.graph.raw_edges().iter();
        edges.map(|edge| (vertex(edge.source()), vertex(edge.target()))).collect()
    }

    /// Makes `vertex` depend on all of `predecessors`, or on none of them if that closes
    /// a cycle, and returns whether it did.
    #[must_use]
    pub(crate) fn add_predecessors(&mut self, vertex: Vertex, predecessors: &[Vertex]) -> bool {
        let mut added = Vec::with_capacity(predecessors.len());
        for &predecessor in predecessors {
            let Ok(edge) = self.graph.add_edge(node(predecessor), node(vertex), ()) else {
                // The last edge first: removing it renumbers no other.
                for edge in added.into_iter().rev() {
                    self.graph.remove_edge(edge);
                }
                return false;
            };
            added.push(edge);
        }
        true
    }
}

fn node(vertex: Vertex) -> NodeIndex {
    NodeIndex::new(vertex.index())
}

fn vertex(node: NodeIndex) -> Vertex {
    Vertex::new(node.index())
}
