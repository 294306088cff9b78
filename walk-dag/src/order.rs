//! The topological order, or else the shortest cycle that prevents one.
//!
//! The order is that of a [`Frontier`] whose vertices complete at once (Kahn's
//! algorithm, which needs no recursion). What such a walk never reaches, in neither
//! direction, is the cyclic core; a breadth-first search from each of its vertices
//! finds the shortest cycle. That takes time in proportion to core times edges, so it
//! has a budget; the best cycle found until then is a cycle all the same.

use std::iter;

use crate::Frontier;
use crate::adjacency::Adjacency;
use crate::vertex::{Vertex, all};

/// How many edges the search for the shortest cycle may visit.
const BUDGET: usize = 10_000_000;

/// Sorts the vertices so that each comes after its predecessors and, where there is a
/// choice, in the order of insertion.
///
/// # Errors
///
/// Returns a cycle, each vertex a predecessor of the next, the first repeated at the end.
pub(crate) fn topological_order(adjacency: &Adjacency) -> Result<Vec<Vertex>, Vec<Vertex>> {
    let count = adjacency.len();
    if all(count).all(|it| adjacency.predecessors.of(it).last().is_none_or(|&last| last < it)) {
        return Ok(all(count).collect());
    }
    let order = drain(Frontier::over(adjacency));
    if order.len() == count { Ok(order) } else { Err(shortest_cycle(adjacency, &order)) }
}

fn drain(mut frontier: Frontier<'_>) -> Vec<Vertex> {
    let mut order = Vec::with_capacity(frontier.remaining());
    order.extend(iter::from_fn(|| {
        let vertex = frontier.next_ready()?;
        frontier.complete(vertex);
        Some(vertex)
    }));
    order
}

/// Finds the shortest cycle of a graph of which only `sorted` can be sorted.
fn shortest_cycle(adjacency: &Adjacency, sorted: &[Vertex]) -> Vec<Vertex> {
    let mut core = vec![true; adjacency.len()];
    let leaves = drain(Frontier::between(&adjacency.successors, &adjacency.predecessors));
    sorted.iter().chain(&leaves).for_each(|it| core[it.index()] = false);
    let mut cycle = any_cycle(adjacency, &core);
    let mut search = Search::new(adjacency, core);
    if let Some(vertex) = search.self_loop() {
        return vec![vertex, vertex];
    }
    for start in all(adjacency.len()) {
        if cycle.len() <= 3 || search.budget == 0 {
            break;
        }
        if search.core[start.index()] {
            if let Some(shorter) = search.cycle_through(start, cycle.len()) {
                cycle = shorter;
            }
            // Every cycle through it has been seen.
            search.core[start.index()] = false;
        }
    }
    cycle
}

/// Goes from predecessor to predecessor inside the core until a vertex comes again.
fn any_cycle(adjacency: &Adjacency, core: &[bool]) -> Vec<Vertex> {
    let in_core = |it: &Vertex| core[it.index()];
    let mut seen = vec![false; core.len()];
    let mut path = Vec::new();
    let mut at = all(core.len()).find(in_core).expect("what cannot be sorted has a cycle");
    while !seen[at.index()] {
        seen[at.index()] = true;
        path.push(at);
        let mut predecessors = adjacency.predecessors.of(at).iter().copied();
        at = predecessors.find(in_core).expect("the core has no first vertex");
    }
    let first = path.iter().position(|&it| it == at).expect("it was seen");
    let mut cycle = path.split_off(first);
    cycle.reverse();
    let earliest = cycle.iter().enumerate().min_by_key(|(_, it)| **it).map_or(0, |(at, _)| at);
    cycle.rotate_left(earliest);
    cycle.push(cycle[0]);
    cycle
}

/// Breadth-first searches inside the cyclic core, which share a budget.
struct Search<'a> {
    adjacency: &'a Adjacency,
    core: Vec<bool>,
    /// From which vertex each one was reached, and in the search from which start.
    reached: Vec<Option<(Vertex, Vertex)>>,
    budget: usize,
}

impl<'a> Search<'a> {
    fn new(adjacency: &'a Adjacency, core: Vec<bool>) -> Self {
        let reached = vec![None; core.len()];
        Self { adjacency, core, reached, budget: BUDGET }
    }

    fn self_loop(&self) -> Option<Vertex> {
        let mut core = all(self.core.len()).filter(|it| self.core[it.index()]);
        core.find(|it| self.adjacency.successors.of(*it).binary_search(it).is_ok())
    }

    /// Finds the shortest cycle through `start` that lists fewer than `limit` vertices.
    fn cycle_through(&mut self, start: Vertex, limit: usize) -> Option<Vec<Vertex>> {
        let mut level = vec![start];
        let mut length = 2;
        while !level.is_empty() && length < limit {
            let mut next = Vec::new();
            for vertex in level {
                for &successor in self.adjacency.successors.of(vertex) {
                    self.budget = self.budget.checked_sub(1)?;
                    if successor == start {
                        return Some(self.path(start, vertex));
                    }
                    if self.reach(successor, vertex, start) {
                        next.push(successor);
                    }
                }
            }
            level = next;
            length += 1;
        }
        None
    }

    /// Returns true if `vertex` is in the core and this search reaches it first now.
    fn reach(&mut self, vertex: Vertex, from: Vertex, start: Vertex) -> bool {
        let reached = &mut self.reached[vertex.index()];
        let is_new = self.core[vertex.index()] && reached.is_none_or(|(_, by)| by != start);
        if is_new {
            *reached = Some((from, start));
        }
        is_new
    }

    fn path(&self, start: Vertex, last: Vertex) -> Vec<Vertex> {
        let back = |at: &Vertex| {
            (*at != start).then(|| self.reached[at.index()].expect("it was reached").0)
        };
        let mut path: Vec<Vertex> = iter::successors(Some(last), back).collect();
        path.reverse();
        path.push(start);
        path
    }
}
