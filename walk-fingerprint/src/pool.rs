//! The threads that hash: as many as there are processors, or as few as the system grants.
//!
//! rayon's own pool panics for ever once its threads could not be started. Here fewer are taken,
//! and without any the caller hashes alone.

use std::sync::OnceLock;
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuilder};

static POOL: OnceLock<ThreadPool> = OnceLock::new();

thread_local! {
    /// This thread as a pool of its own, made when there is no other.
    static ALONE: Option<ThreadPool> =
        ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok();
}

/// Runs `work`, whose parallel parts run on the threads of the pool.
pub(crate) fn in_parallel<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if let Some(pool) = pool(build) {
        return pool.install(work);
    }
    ALONE.with(|_| ());
    work()
}

/// Returns the pool; while there is none, tries to make it, of half as many threads each time.
fn pool(build: impl Fn(usize) -> Option<ThreadPool>) -> Option<&'static ThreadPool> {
    if let Some(pool) = POOL.get() {
        return Some(pool);
    }
    // Zero is as many as there are processors, or as the environment says.
    let most = available_parallelism().map_or(1, usize::from);
    let fewer = std::iter::successors(Some(most / 2), |it| Some(it / 2)).take_while(|it| *it > 0);
    let made = std::iter::once(0).chain(fewer).find_map(build)?;
    Some(POOL.get_or_init(|| made))
}

fn build(threads: usize) -> Option<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(threads).build().ok()
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    /// Without threads the work is done by whoever asks for it.
    #[test]
    fn no_threads_are_no_panic() {
        let sum = std::thread::spawn(|| {
            ALONE.with(|it| assert!(it.is_some()));
            assert_eq!(rayon::current_num_threads(), 1);
            (0..10_000_u64).into_par_iter().sum::<u64>()
        });
        assert_eq!(sum.join().expect("no panic"), 49_995_000);
    }

    #[test]
    fn fewer_threads_are_better_than_none() {
        assert!(POOL.get().is_some() || pool(|_| None).is_none());
        assert_eq!(in_parallel(|| (0..100_u64).into_par_iter().sum::<u64>()), 4950);
    }
}
