//! What a worker has left over: its own to go on with, and open to whoever has nothing to do.
//!
//! All of it lies open all the time. Were a part kept private, that part would wait behind
//! whatever its owner is at, for as long as that takes. A lock that nobody else wants costs some
//! ten nanoseconds; that others take half at a time makes them rare.

use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lock;

/// What one worker has left over; on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Surplus<'a, T> {
    /// As of the last change, for those who look without the lock.
    is_filled: AtomicBool,
    heap: Mutex<Heap<'a, T>>,
}

/// Things to be done. Seeds are not copied: to share them is to split a slice.
#[derive(Debug)]
pub(super) struct Heap<'a, T> {
    seeds: &'a [T],
    /// Younger than the seeds, and done before them.
    stack: Vec<T>,
}

/// What one worker took from another.
#[derive(Debug)]
pub(super) struct Half<'a, T> {
    pub(super) item: T,
    pub(super) others: Heap<'a, T>,
    /// Whether the other one has anything left.
    pub(super) is_left: bool,
}

impl<'a, T: Copy> Surplus<'a, T> {
    pub(super) fn seed(&self, seeds: &'a [T]) {
        self.replace(Heap { seeds, stack: Vec::new() });
    }

    pub(super) fn replace(&self, heap: Heap<'a, T>) {
        let is_filled = !heap.is_empty();
        let mut own = lock(&self.heap);
        *own = heap;
        self.is_filled.store(is_filled, Ordering::Relaxed);
    }

    pub(super) fn clear(&self) {
        self.seed(&[]);
    }

    /// Adds all of `items`, of which there are some, and leaves none.
    pub(super) fn put(&self, items: &mut Vec<T>) {
        let mut heap = lock(&self.heap);
        heap.stack.append(items);
        self.is_filled.store(true, Ordering::Relaxed);
    }

    /// Takes what was put last, and tells whether anything is left.
    #[inline]
    pub(super) fn pop(&self) -> Option<(T, bool)> {
        let mut heap = lock(&self.heap);
        let item = heap.pop()?;
        let is_left = !heap.is_empty();
        self.is_filled.store(is_left, Ordering::Relaxed);
        Some((item, is_left))
    }

    /// Takes the older half, rounded up: one to be done at once, and the others. If there is
    /// anything to take, `before` is called before it can be seen to be gone.
    pub(super) fn take_half(&self, before: impl FnOnce()) -> Option<Half<'a, T>> {
        let mut heap = lock(&self.heap);
        let mut others = heap.take_half();
        let item = others.pop()?;
        before();
        let is_left = !heap.is_empty();
        self.is_filled.store(is_left, Ordering::Relaxed);
        Some(Half { item, others, is_left })
    }

    /// Returns whether there seems to be anything: right at once or soon.
    pub(super) fn looks_filled(&self) -> bool {
        self.is_filled.load(Ordering::Relaxed)
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.heap).is_empty()
    }
}

impl<T> Default for Surplus<'_, T> {
    fn default() -> Self {
        let heap = Heap { seeds: &[], stack: Vec::new() };
        Self { is_filled: AtomicBool::new(false), heap: Mutex::new(heap) }
    }
}

impl<T: Copy> Heap<'_, T> {
    pub(super) fn is_empty(&self) -> bool {
        self.seeds.is_empty() && self.stack.is_empty()
    }

    fn pop(&mut self) -> Option<T> {
        self.stack.pop().or_else(|| {
            let (first, rest) = self.seeds.split_first()?;
            self.seeds = rest;
            Some(*first)
        })
    }

    /// Takes half of the seeds, or without any half of the stack.
    fn take_half(&mut self) -> Self {
        if self.seeds.is_empty() {
            let half = self.stack.len().div_ceil(2);
            let younger = self.stack.split_off(half);
            return Self { seeds: &[], stack: mem::replace(&mut self.stack, younger) };
        }
        let (kept, seeds) = self.seeds.split_at(self.seeds.len() / 2);
        self.seeds = kept;
        Self { seeds, stack: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes half: what is to be done at once, the other seeds, the others of the stack.
    fn half(surplus: &Surplus<'_, u32>) -> (u32, Vec<u32>, Vec<u32>, bool) {
        let half = surplus.take_half(|| ()).expect("there is some");
        (half.item, half.others.seeds.to_vec(), half.others.stack, half.is_left)
    }

    #[test]
    fn the_youngest_is_done_first_and_the_oldest_is_given_away() {
        let surplus = Surplus::default();
        surplus.seed(&[1, 2, 3]);
        surplus.put(&mut vec![4, 5]);
        assert_eq!(surplus.pop(), Some((5, true)));
        assert_eq!(half(&surplus), (2, vec![3], vec![], true));
        assert_eq!((surplus.pop(), surplus.pop()), (Some((4, true)), Some((1, false))));
        assert!(surplus.is_empty() && !surplus.looks_filled());
        surplus.put(&mut vec![6, 7, 8]);
        assert_eq!(half(&surplus), (7, vec![], vec![6], true));
        assert_eq!(half(&surplus), (8, vec![], vec![], false));
        assert!(surplus.take_half(|| panic!("there is none")).is_none());
    }
}
