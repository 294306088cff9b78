//! The graphs to walk: who depends on whom, and nothing else.
//!
//! Each executor makes its own graph of them. They are the same in every run.

use std::sync::atomic::{AtomicU8, Ordering};

/// For each vertex those that it depends on, which all come before it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) predecessors: Vec<Vec<u32>>,
}

/// What a visit does: it marks its vertex.
pub(crate) type Marks = Vec<AtomicU8>;

const LAYERS: usize = 20;

impl Shape {
    /// Vertices that do not depend on each other.
    pub(crate) fn wide(size: usize) -> Self {
        Self { name: "wide", predecessors: vec![Vec::new(); size] }
    }

    /// Each vertex depends on the one before.
    pub(crate) fn chain(size: usize) -> Self {
        let before = |it| if it == 0 { Vec::new() } else { vec![number(it - 1)] };
        Self { name: "chain", predecessors: (0..size).map(before).collect() }
    }

    /// Twenty layers; each vertex depends on three of the layer before.
    pub(crate) fn layered(size: usize) -> Self {
        let width = size / LAYERS;
        let mut random = Random(20_240_607);
        let mut below = |at: usize| match (at / width).checked_sub(1) {
            None => Vec::new(),
            Some(layer) => random.three(width).map(|it| number(layer * width + it)).to_vec(),
        };
        Self { name: "layered", predecessors: (0..size).map(&mut below).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.predecessors.len()
    }

    /// For each vertex those that depend on it.
    pub(crate) fn successors(&self) -> Vec<Vec<u32>> {
        let mut successors = vec![Vec::new(); self.len()];
        for (at, predecessors) in self.predecessors.iter().enumerate() {
            for &predecessor in predecessors {
                successors[predecessor as usize].push(number(at));
            }
        }
        successors
    }

    pub(crate) fn marks(&self) -> Marks {
        (0..self.len()).map(|_| AtomicU8::new(0)).collect()
    }
}

/// Marks vertex `at`.
pub(crate) fn visit(marks: &Marks, at: usize) {
    marks[at].fetch_add(1, Ordering::Relaxed);
}

/// Panics unless every vertex was visited once; starts anew.
pub(crate) fn check(marks: &Marks) {
    assert!(marks.iter().all(|it| it.swap(0, Ordering::Relaxed) == 1), "each is visited once");
}

pub(crate) fn number(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 vertices")
}

/// A xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("less than the limit")
    }

    fn three(&mut self, limit: usize) -> [usize; 3] {
        loop {
            let [a, b, c] = [self.below(limit), self.below(limit), self.below(limit)];
            if a != b && b != c && a != c {
                return [a, b, c];
            }
        }
    }
}
