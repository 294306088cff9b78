//! The dense id of a vertex, and the two ways to look along an edge.
//!
//! A [`Vertex`] is a position and nothing else: it borrows no graph, so it can be kept
//! in queues, sent to other threads and used as an index in a side table. It does not
//! know which graph it belongs to.

/// A vertex of one particular [`Dag`](crate::Dag), numbered in the order of insertion.
///
/// Comparing two vertices compares when they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vertex(u32);

/// Which neighbours of a vertex to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards what a vertex depends on.
    #[default]
    Predecessors,
    /// Towards what depends on a vertex.
    Successors,
}

impl Vertex {
    /// Returns the position of this vertex, dense from 0, for use as an index in a side
    /// table.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 vertices"))
    }
}

/// Returns the first `count` vertices in the order of insertion.
pub(crate) fn all(count: usize) -> impl ExactSizeIterator<Item = Vertex> + Clone {
    let end = u32::try_from(count).expect("fewer than 2^32 vertices");
    (0..end).map(Vertex)
}
