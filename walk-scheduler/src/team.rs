//! Threads that share out work which makes more work, until there is none.
//!
//! This is for closures that take less time than handing them to another thread: no queue, no
//! clock, no message, no thread that is not needed. What a piece of work makes ready is done next
//! by whoever made it ready, as it is in that one's cache; what is left over lies open for those
//! who have nothing to do ([`surplus`]), and they are called only then ([`rest`]). The scheduler
//! and its jobs know nothing of this, nor this of them.

mod rest;
mod surplus;

use std::hint;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};

use self::rest::{Called, Rest};
use self::surplus::{Half, Surplus};

/// Asking takes longer than walking a hundred vertices, as files are read for it.
static PROCESSORS: LazyLock<NonZeroUsize> =
    LazyLock::new(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));

/// How often to look for something to take before sleeping, and how long to wait in between: some
/// 15 µs in all, the time that a sleeping thread takes to wake.
const LOOKS: u32 = 64;
const PAUSES: u32 = 16;

/// A number of threads that work together, of which the calling one is the first.
///
/// The others are started when there is something for them to do, so that work of which each
/// piece makes at most one other never leaves the calling thread; when all is done they end. A
/// piece of work may use a team of its own.
///
/// Here each piece makes as many more as its number says, and each thread counts what it did:
///
/// ```
/// use walk_scheduler::{Ahead, Team};
///
/// let work = |count: &mut u64, number: u32, ahead: &mut Ahead<u32>| {
///     *count += 1;
///     ahead.extend((0..number).map(|_| number - 1));
/// };
/// let counts: Vec<u64> = Team::default().run(&[4], || 0, work);
/// assert_eq!(counts.iter().sum::<u64>(), 1 + 4 + 12 + 24 + 24);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Team {
    workers: NonZeroUsize,
}

/// What a piece of work makes ready: what [`Team::run`] is to do next.
#[derive(Debug)]
pub struct Ahead<T> {
    next: Option<T>,
    others: Vec<T>,
}

impl Team {
    /// Makes a team of that many threads, the calling one included.
    #[must_use]
    pub fn new(workers: NonZeroUsize) -> Self {
        Self { workers }
    }

    /// Does `work` on each of `seeds` and on all that it makes ready, and returns when all is
    /// done.
    ///
    /// Each thread has a state of its own, made by `start`; those of all threads that took part
    /// are returned, the calling thread's last. Alone, a thread goes depth first; among several
    /// the order depends on who is faster. What was done before something was made ready happens
    /// before what is done with it.
    ///
    /// A thread that cannot be started is done without, and the log says so.
    ///
    /// # Panics
    ///
    /// Passes on a panic of `work` once every thread has ended what it was at; the rest is not
    /// done.
    pub fn run<T, S, W>(&self, seeds: &[T], start: impl Fn() -> S + Sync, work: W) -> Vec<S>
    where
        T: Copy + Send + Sync,
        S: Send,
        W: Fn(&mut S, T, &mut Ahead<T>) + Sync,
    {
        let workers = self.workers.get();
        let shift = Shift {
            surpluses: (0..workers).map(|_| Surplus::default()).collect(),
            rest: Rest::new(workers - 1),
            states: Mutex::default(),
            start,
            work,
        };
        shift.surpluses[0].seed(seeds);
        thread::scope(|scope| shift.take_part(scope, 0));
        let states = shift.states.into_inner().unwrap_or_else(PoisonError::into_inner);
        states
            .into_iter()
            .map(|it| it.unwrap_or_else(|panic| panic::resume_unwind(panic)))
            .collect()
    }
}

impl Default for Team {
    /// Makes a team of as many threads as the machine ran at once when this was first asked.
    fn default() -> Self {
        Self::new(*PROCESSORS)
    }
}

impl<T> Ahead<T> {
    /// Adds something to be done: the first next and by the same thread.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.next.is_none() {
            self.next = Some(item);
        } else {
            self.others.push(item);
        }
    }
}

impl<T> Extend<T> for Ahead<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|it| self.push(it));
    }
}

/// One run of a team.
struct Shift<'a, T, S, B, W> {
    /// What each worker has left over.
    surpluses: Vec<Surplus<'a, T>>,
    rest: Rest,
    states: Mutex<Vec<thread::Result<S>>>,
    start: B,
    work: W,
}

impl<T, S, B, W> Shift<'_, T, S, B, W>
where
    T: Copy + Send + Sync,
    S: Send,
    B: Fn() -> S + Sync,
    W: Fn(&mut S, T, &mut Ahead<T>) + Sync,
{
    /// Works as number `me` until all is done.
    fn take_part<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, me: usize) {
        let done = panic::catch_unwind(AssertUnwindSafe(|| {
            let mut state = (self.start)();
            let mut ahead = Ahead { next: None, others: Vec::new() };
            while let Some(item) = self.find(scope, me, &mut ahead) {
                (self.work)(&mut state, item, &mut ahead);
            }
            state
        }));
        if done.is_err() {
            self.rest.give_up();
            self.surpluses[me].clear();
            self.rest.leave();
        }
        lock(&self.states).push(done);
    }

    /// Returns what worker `me`, who is at work, is to do next.
    #[inline]
    fn find<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        me: usize,
        ahead: &mut Ahead<T>,
    ) -> Option<T> {
        if self.rest.is_given_up() {
            self.surpluses[me].clear();
            self.rest.leave();
            return None;
        }
        if !ahead.others.is_empty() {
            self.surpluses[me].put(&mut ahead.others);
            self.call(scope);
        }
        ahead.next.take().or_else(|| self.take_own(scope, me)).or_else(|| {
            self.rest.leave();
            self.search(scope, me)
        })
    }

    fn take_own<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, me: usize) -> Option<T> {
        let (item, is_left) = self.surpluses[me].pop()?;
        if is_left {
            self.call(scope);
        }
        Some(item)
    }

    /// Looks a while for what others have left over, and sleeps until called, until all is done.
    fn search<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, me: usize) -> Option<T> {
        loop {
            for _ in 0..LOOKS {
                for victim in (0..self.surpluses.len()).filter(|it| *it != me) {
                    if let Some(item) = self.take_from(scope, me, victim) {
                        return Some(item);
                    }
                }
                if self.rest.is_over() {
                    return None;
                }
                (0..PAUSES).for_each(|_| hint::spin_loop());
            }
            self.rest.sleep(|| self.surpluses.iter().any(|it| !it.is_empty()));
        }
    }

    /// Takes half of what `victim` has left over, and returns some of it.
    fn take_from<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        me: usize,
        victim: usize,
    ) -> Option<T> {
        let victim = &self.surpluses[victim];
        if !victim.looks_filled() {
            return None;
        }
        // At work before the victim can have ended.
        let Half { item, others, is_left } = victim.take_half(|| self.rest.join())?;
        if is_left {
            self.call(scope);
        }
        if !others.is_empty() {
            self.surpluses[me].replace(others);
            self.call(scope);
        }
        Some(item)
    }

    /// Calls somebody who has nothing to do, if there is somebody, to take what is left over.
    #[inline]
    fn call<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        if self.rest.has_idle()
            && let Called::NotStarted(number) = self.rest.call()
        {
            self.hire(scope, number);
        }
    }

    #[cold]
    fn hire<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, number: usize) {
        let thread = thread::Builder::new().name(format!("walk-team-{number}"));
        if let Err(error) = thread.spawn_scoped(scope, move || self.take_part(scope, number)) {
            self.rest.hire_no_more();
            log::warn!("a team goes on with {number} threads, as no more can be started: {error}");
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
