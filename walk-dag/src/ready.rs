//! A set of vertices that gives back the earliest one first.
//!
//! A bit for each vertex, and above it a bit for each word that is not empty, and so on:
//! a million vertices are four levels, so adding and taking cost four words where a
//! binary heap would compare twenty times.

use crate::vertex::Vertex;

const BITS: usize = u64::BITS as usize;

/// The vertices that are ready, as bits; the first level is the vertices themselves.
#[derive(Clone, Debug)]
pub(crate) struct ReadySet {
    levels: Vec<Vec<u64>>,
}

impl ReadySet {
    /// Makes an empty set with room for the first `count` vertices.
    pub(crate) fn new(count: usize) -> Self {
        let mut levels = Vec::new();
        let mut words = count;
        loop {
            words = words.div_ceil(BITS).max(1);
            levels.push(vec![0; words]);
            if words == 1 {
                return Self { levels };
            }
        }
    }

    pub(crate) fn insert(&mut self, vertex: Vertex) {
        let mut at = vertex.index();
        for level in &mut self.levels {
            let word = &mut level[at / BITS];
            let was_empty = *word == 0;
            *word |= 1 << (at % BITS);
            if !was_empty {
                return;
            }
            at /= BITS;
        }
    }

    /// Takes out the vertex that was added to the graph first.
    pub(crate) fn pop_first(&mut self) -> Option<Vertex> {
        let mut first = 0;
        for level in self.levels.iter().rev() {
            let word = level[first];
            if word == 0 {
                return None;
            }
            first = first * BITS + word.trailing_zeros() as usize;
        }
        self.remove(first);
        Some(Vertex::new(first))
    }

    fn remove(&mut self, mut at: usize) {
        for level in &mut self.levels {
            let word = &mut level[at / BITS];
            *word &= !(1 << (at % BITS));
            if *word != 0 {
                return;
            }
            at /= BITS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_at_every_size() {
        for count in [1, 63, 64, 65, 4096, 4097, 300_000] {
            let mut set = ReadySet::new(count);
            assert_eq!(set.pop_first(), None);
            let expected = [0, count / 2, count - 1];
            expected.iter().rev().for_each(|&it| set.insert(Vertex::new(it)));
            let mut expected = expected.to_vec();
            expected.dedup();
            let popped: Vec<usize> =
                std::iter::from_fn(|| set.pop_first()).map(Vertex::index).collect();
            assert_eq!(popped, expected, "of {count}");
        }
    }

    #[test]
    fn no_room_is_an_empty_set() {
        assert_eq!(ReadySet::new(0).pop_first(), None);
    }
}
