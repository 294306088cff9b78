//! What the graph is made of: the data and the edges, kept by [`daggy`].
//!
//! This is the only file that names daggy. Its graph owns the data and is the one that
//! changes: it refuses an edge that closes a cycle. Two of its ways are avoided, because
//! they do not hold for large graphs: `add_edge` in arbitrary order searches for a cycle
//! each time (quadratic), and `add_edges` recurses as deep as the longest path (a chain
//! of some ten thousand vertices overflows the stack). Edges that come in topological
//! order need no search at all, so that is how the graph is filled. For reading, the
//! arrays of [`Adjacency`] are several times faster.

use daggy::NodeIndex;

use crate::adjacency::{Adjacency, Edge};
use crate::vertex::Vertex;

/// The data of the vertices and the edges between them, never with a cycle.
#[derive(Clone, Debug)]
pub(crate) struct Structure<D> {
    graph: daggy::Dag<D, ()>,
}

impl<D> Structure<D> {
    /// Fills the graph, each vertex after its predecessors.
    pub(crate) fn new(data: Vec<D>, adjacency: &Adjacency, order: &[Vertex]) -> Self {
        let edges = adjacency.predecessors.edge_count();
        let mut graph = daggy::Dag::with_capacity(data.len(), edges);
        for data in data {
            graph.add_node(data);
        }
        for &vertex in order {
            for &predecessor in adjacency.predecessors.of(vertex) {
                let added = graph.add_edge(node(predecessor), node(vertex), ());
                added.expect("in topological order no edge closes a cycle");
            }
        }
        Self { graph }
    }

    pub(crate) fn data(&self, vertex: Vertex) -> &D {
        &self.graph[node(vertex)]
    }

    pub(crate) fn data_mut(&mut self, vertex: Vertex) -> &mut D {
        &mut self.graph[node(vertex)]
    }

    pub(crate) fn into_data(self) -> Vec<D> {
        let (nodes, _) = self.graph.into_graph().into_nodes_edges();
        nodes.into_iter().map(|node| node.weight).collect()
    }

    /// Returns every edge, in no useful order.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let edges = self.graph.raw_edges().iter();
        edges.map(|edge| (vertex(edge.source()), vertex(edge.target()))).collect()
    }

    /// Makes `vertex` depend on all of `predecessors`, or on none of them if that closes
    /// a cycle, which is the one way to be refused.
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
