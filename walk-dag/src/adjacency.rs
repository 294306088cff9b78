//! The edges, grouped by vertex in both directions, as two flat arrays each.
//!
//! This is the form in which a graph is read: the neighbours of a vertex are a slice.
//! It is built by counting sorts, so it costs the same however the edges come in, and
//! leaves every slice sorted by insertion and without repeats: whatever the order in
//! which edges were described, the same graph reads the same (D4). It knows neither
//! names nor data, and accepts cycles.

use crate::vertex::{Direction, Vertex, all};

/// Lists of vertices, one for each vertex, stored end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lists {
    /// Where the list of each vertex starts; one more entry ends the last one.
    starts: Vec<u32>,
    items: Vec<Vertex>,
}

/// The predecessors and the successors of every vertex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adjacency {
    pub(crate) predecessors: Lists,
    pub(crate) successors: Lists,
}

/// A predecessor and its successor.
pub(crate) type Edge = (Vertex, Vertex);

impl Adjacency {
    /// Sorts `edges`, all between the first `count` vertices, and drops repeats.
    pub(crate) fn new(count: usize, edges: &[Edge]) -> Self {
        let successors = if edges.is_sorted_by_key(|&(_, successor)| successor) {
            Lists::group(count, || edges.iter().copied())
        } else {
            let flipped = || edges.iter().map(|&(predecessor, successor)| (successor, predecessor));
            Lists::group(count, flipped).flipped()
        };
        let successors = successors.without_repeats();
        Self { predecessors: successors.flipped(), successors }
    }

    pub(crate) fn len(&self) -> usize {
        self.predecessors.len()
    }

    pub(crate) fn reversed(self) -> Self {
        Self { predecessors: self.successors, successors: self.predecessors }
    }

    pub(crate) fn along(&self, direction: Direction) -> &Lists {
        match direction {
            Direction::Predecessors => &self.predecessors,
            Direction::Successors => &self.successors,
        }
    }

    /// Returns every edge once, grouped by successor.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Edge> {
        self.predecessors.pairs().map(|(successor, predecessor)| (predecessor, successor))
    }
}

impl Lists {
    /// Counting sort: the list of a vertex holds what it is paired with, in the order
    /// of `pairs`.
    fn group<I: Iterator<Item = (Vertex, Vertex)>>(count: usize, pairs: impl Fn() -> I) -> Self {
        let mut starts = vec![0_u32; count + 1];
        pairs().for_each(|(vertex, _)| starts[vertex.index() + 1] += 1);
        for at in 0..count {
            starts[at + 1] = starts[at].checked_add(starts[at + 1]).expect("fewer than 2^32 edges");
        }
        let mut items = vec![Vertex::new(0); starts[count] as usize];
        let mut next = starts.clone();
        pairs().for_each(|(vertex, item)| {
            let next = &mut next[vertex.index()];
            items[*next as usize] = item;
            *next += 1;
        });
        Self { starts, items }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn of(&self, vertex: Vertex) -> &[Vertex] {
        let at = vertex.index();
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Returns the length of each list.
    pub(crate) fn degrees(&self) -> impl Iterator<Item = u32> {
        self.starts.windows(2).map(|ends| ends[1] - ends[0])
    }

    fn pairs(&self) -> impl Iterator<Item = (Vertex, Vertex)> {
        all(self.len()).flat_map(|vertex| self.of(vertex).iter().map(move |&item| (vertex, item)))
    }

    /// Returns the same pairs grouped by what was listed, each list sorted.
    fn flipped(&self) -> Self {
        Self::group(self.len(), || self.pairs().map(|(vertex, item)| (item, vertex)))
    }

    /// Drops from each list what repeats the item before it.
    fn without_repeats(mut self) -> Self {
        if all(self.len()).all(|it| self.of(it).is_sorted_by(|a, b| a != b)) {
            return self;
        }
        let mut kept = 0;
        for at in 0..self.len() {
            let list = self.starts[at] as usize..self.starts[at + 1] as usize;
            let first = kept;
            for from in list {
                if kept == first || self.items[kept - 1] != self.items[from] {
                    self.items[kept] = self.items[from];
                    kept += 1;
                }
            }
            self.starts[at] = u32::try_from(first).expect("not more than before");
        }
        let count = self.len();
        self.starts[count] = u32::try_from(kept).expect("not more than before");
        self.items.truncate(kept);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_free_of_repeats_whatever_the_order_of_the_edges() {
        let edge = |from, to| (Vertex::new(from), Vertex::new(to));
        let sorted = [edge(0, 1), edge(0, 1), edge(0, 2), edge(1, 2), edge(3, 2)];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.swap(0, 3);
        let expected = Adjacency::new(4, &sorted);
        assert_eq!(Adjacency::new(4, &shuffled), expected);
        let list = |list: &[Vertex]| list.iter().map(|it| it.index()).collect::<Vec<_>>();
        assert_eq!(list(expected.predecessors.of(Vertex::new(2))), [0, 1, 3]);
        assert_eq!(list(expected.successors.of(Vertex::new(0))), [1, 2]);
        assert_eq!(expected.edges().count(), 4);
    }
}
