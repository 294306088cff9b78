//! Questions to a cache that take long: what seems to run then does not run yet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From here on a question is worth a word.
const LONG: Duration = Duration::from_secs(1);

/// The questions that are under way, and since when; clones are of the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asking(Arc<Mutex<Questions>>);

#[derive(Debug, Default)]
struct Questions {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

impl Asking {
    /// Asks `question`.
    pub(crate) fn ask<T>(&self, question: impl FnOnce() -> T) -> T {
        let number = {
            let mut all = self.lock();
            all.next += 1;
            let number = all.next;
            all.since.insert(number, Instant::now());
            number
        };
        let answer = question();
        self.lock().since.remove(&number);
        answer
    }

    /// Returns how many questions take long already.
    pub(super) fn long(&self, now: Instant) -> usize {
        let is_long = |it: &&Instant| now.saturating_duration_since(**it) >= LONG;
        self.lock().since.values().filter(is_long).count()
    }

    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
