//! Which vertices can be visited now, given those already completed.
//!
//! A frontier counts, for each vertex, the predecessors that are not completed yet. It
//! runs nothing and waits for nothing: whoever walks takes vertices, completes them in
//! any order and at any time, and asks again. A graph's own topological order is the
//! walk that completes each vertex at once.

use crate::Dag;
use crate::adjacency::{Adjacency, Lists};
use crate::ready::ReadySet;
use crate::vertex::{Vertex, all};

/// The vertices of a graph whose predecessors are all completed.
///
/// This is e3's `DAGIterator` with its busy state. Ready vertices come out in the order
/// in which they were added to the graph, so two walks that complete vertices in the
/// same order visit them in the same order (e3 picks from a set).
///
/// ```
/// # use walk_dag::{Dag, Frontier};
/// let mut builder = Dag::builder();
/// builder.add_vertex("link", (), ["a.o", "b.o"]);
/// builder.add_vertex("a.o", (), [""; 0]);
/// builder.add_vertex("b.o", (), [""; 0]);
/// let dag = builder.build()?;
///
/// let mut frontier = Frontier::new(&dag);
/// let a = frontier.next_ready().expect("depends on nothing");
/// let b = frontier.next_ready().expect("depends on nothing");
/// assert_eq!((dag.uid(a), dag.uid(b)), ("a.o", "b.o"));
/// assert_eq!(frontier.next_ready(), None);
/// frontier.complete(b);
/// frontier.complete(a);
/// assert_eq!(frontier.next_ready().map(|it| dag.uid(it)), Some("link"));
/// # Ok::<(), walk_dag::DagError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Frontier<'a> {
    successors: &'a Lists,
    /// How many predecessors are not completed, or one of the two marks below.
    blockers: Vec<u32>,
    ready: ReadySet,
    remaining: usize,
}

const HANDED_OUT: u32 = u32::MAX;
const COMPLETED: u32 = u32::MAX - 1;

impl<'a> Frontier<'a> {
    /// Starts at the vertices of `dag` that depend on nothing.
    #[must_use]
    pub fn new<D>(dag: &'a Dag<D>) -> Self {
        Self::over(dag.adjacency())
    }

    pub(crate) fn over(adjacency: &'a Adjacency) -> Self {
        Self::between(&adjacency.predecessors, &adjacency.successors)
    }

    pub(crate) fn between(predecessors: &Lists, successors: &'a Lists) -> Self {
        let count = predecessors.len();
        let blockers: Vec<u32> = predecessors.degrees().collect();
        let mut ready = ReadySet::new(count);
        all(count).filter(|it| blockers[it.index()] == 0).for_each(|it| ready.insert(it));
        Self { successors, blockers, ready, remaining: count }
    }

    /// Takes the next vertex to visit, or `None` until another one is completed.
    ///
    /// Of the ready vertices it is the one that was added to the graph first.
    pub fn next_ready(&mut self) -> Option<Vertex> {
        let vertex = self.ready.pop_first()?;
        self.blockers[vertex.index()] = HANDED_OUT;
        Some(vertex)
    }

    /// Records that `vertex` is done, which may make its successors ready.
    ///
    /// Takes time in proportion to the number of successors.
    ///
    /// # Panics
    ///
    /// Panics if `vertex` is not one that [`next_ready`](Self::next_ready) handed out,
    /// or is completed already.
    pub fn complete(&mut self, vertex: Vertex) {
        let state = &mut self.blockers[vertex.index()];
        assert!(*state == HANDED_OUT, "vertex {} is not being visited", vertex.index());
        *state = COMPLETED;
        self.remaining -= 1;
        for &successor in self.successors.of(vertex) {
            let blockers = &mut self.blockers[successor.index()];
            *blockers -= 1;
            if *blockers == 0 {
                self.ready.insert(successor);
            }
        }
    }

    /// Returns true once every vertex is completed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.remaining == 0
    }

    /// Returns the number of vertices that are not completed.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.remaining
    }
}
