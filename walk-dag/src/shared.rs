//! The frontier that many threads move at once.
//!
//! It keeps no list of what is ready: whoever ends a vertex is told which ones became ready by
//! that, and goes on with them while they are in its cache. So all there is to share is a number
//! for each vertex, which needs no lock. It makes no threads and does not know who calls it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::Dag;
use crate::adjacency::Lists;
use crate::vertex::{Vertex, all};

/// A [`Frontier`](crate::Frontier) for threads, which also knows what is below a failure.
///
/// What was done before a vertex was ended happens before what its successors do.
///
/// ```
/// # use walk_dag::{Dag, SharedFrontier};
/// let mut builder = Dag::builder();
/// builder.add_vertex("link", (), ["a.o", "b.o"]);
/// builder.add_vertex("a.o", (), [""; 0]);
/// builder.add_vertex("b.o", (), [""; 0]);
/// let dag = builder.build()?;
///
/// let frontier = SharedFrontier::new(&dag);
/// let ready: Vec<_> = frontier.ready().collect();
/// std::thread::scope(|scope| {
///     for object in ready {
///         let frontier = &frontier;
///         scope.spawn(move || frontier.complete(object, |it| println!("{it:?} is ready")));
///     }
/// });
/// assert_eq!(frontier.ready().map(|it| dag.uid(it)).collect::<Vec<_>>(), ["link"]);
/// # Ok::<(), walk_dag::DagError>(())
/// ```
#[derive(Debug)]
pub struct SharedFrontier<'a> {
    successors: &'a Lists,
    /// How many predecessors have not ended, and the marks below.
    states: Vec<AtomicU32>,
}

const BLOCKED: u32 = 1 << 31;
const ENDED: u32 = 1 << 30;
const COUNT: u32 = ENDED - 1;

impl<'a> SharedFrontier<'a> {
    /// Starts at the vertices of `dag` that depend on nothing.
    ///
    /// # Panics
    ///
    /// Panics if a vertex has 2^30 predecessors.
    #[must_use]
    pub fn new<D>(dag: &'a Dag<D>) -> Self {
        let adjacency = dag.adjacency();
        let states = adjacency.predecessors.degrees().map(|count| {
            assert!(count <= COUNT, "a vertex has fewer than 2^30 predecessors");
            AtomicU32::new(count)
        });
        Self { successors: &adjacency.successors, states: states.collect() }
    }

    /// Returns the vertices that can be visited now and have not ended, in the order of insertion.
    pub fn ready(&self) -> impl Iterator<Item = Vertex> {
        all(self.states.len()).filter(|it| self.state(*it) & !BLOCKED == 0)
    }

    /// Records that `vertex` is done, and tells which vertices become ready by that.
    ///
    /// # Panics
    ///
    /// Panics if `vertex` is not ready, or has ended already.
    #[inline]
    pub fn complete(&self, vertex: Vertex, mut on_ready: impl FnMut(Vertex)) {
        self.end(vertex);
        for &successor in self.successors.of(vertex) {
            if self.count_down(successor) {
                on_ready(successor);
            }
        }
    }

    /// Records that `vertex` ended without being done: as [`complete`](Self::complete), but its
    /// successors are [blocked](Self::is_blocked).
    ///
    /// # Panics
    ///
    /// Panics if `vertex` is not ready, or has ended already.
    pub fn fail(&self, vertex: Vertex, mut on_ready: impl FnMut(Vertex)) {
        self.end(vertex);
        for &successor in self.successors.of(vertex) {
            self.states[successor.index()].fetch_or(BLOCKED, Ordering::Relaxed);
            if self.count_down(successor) {
                on_ready(successor);
            }
        }
    }

    /// Returns true if a predecessor of `vertex` failed; of a vertex that is ready this is final.
    ///
    /// Whoever visits a vertex that is blocked is expected to fail it, too.
    #[must_use]
    #[inline]
    pub fn is_blocked(&self, vertex: Vertex) -> bool {
        self.state(vertex) & BLOCKED != 0
    }

    /// Returns true once `vertex` is completed or failed.
    #[must_use]
    pub fn has_ended(&self, vertex: Vertex) -> bool {
        self.state(vertex) & ENDED != 0
    }

    fn state(&self, vertex: Vertex) -> u32 {
        self.states[vertex.index()].load(Ordering::Relaxed)
    }

    fn end(&self, vertex: Vertex) {
        let state = self.state(vertex);
        let is_ready = state & !BLOCKED == 0;
        assert!(is_ready, "vertex {} is not ready, or has ended already", vertex.index());
        self.states[vertex.index()].store(state | ENDED, Ordering::Relaxed);
    }

    /// Counts one predecessor less, and returns true if it was the last one.
    ///
    /// If it is, nobody else touches the count any more, and a plain store does for an atomic
    /// operation: in a chain always, in a layered graph for one edge in three.
    fn count_down(&self, vertex: Vertex) -> bool {
        let state = &self.states[vertex.index()];
        let last = state.load(Ordering::Acquire);
        if last & COUNT == 1 {
            state.store(last & BLOCKED, Ordering::Relaxed);
            return true;
        }
        state.fetch_sub(1, Ordering::AcqRel) & COUNT == 1
    }
}
