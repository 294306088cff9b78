//! Threads that share out work: everything once, nothing stuck behind anything, and an end.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_scheduler::{Ahead, Team};

use crate::cases::prove;

fn team(workers: usize) -> Team {
    Team::new(NonZeroUsize::new(workers).expect("some"))
}

/// Runs `act` on a thread of its own: one that never ends is a failure, not a test that hangs.
fn ends<R: Send + 'static>(act: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(act()));
    result.recv_timeout(Duration::from_secs(60)).expect("it ends, and does not panic")
}

/// A number that threads can wait for.
#[derive(Default)]
struct Count(Mutex<usize>, Condvar);

impl Count {
    fn add(&self) {
        *self.0.lock().expect("nobody panics") += 1;
        self.1.notify_all();
    }

    fn wait_for(&self, number: usize) {
        let count = self.0.lock().expect("nobody panics");
        drop(self.1.wait_while(count, |it| *it < number).expect("nobody panics"));
    }
}

/// Forests: for each item the items that it makes ready, all with higher numbers.
fn forest() -> impl Strategy<Value = Vec<Vec<usize>>> {
    vec(any::<prop::sample::Index>(), 0..300).prop_map(|parents| {
        let mut children = vec![Vec::new(); parents.len()];
        for (item, parent) in parents.iter().enumerate() {
            let parent = parent.index(item + 1);
            if parent != item {
                children[parent].push(item);
            }
        }
        children
    })
}

#[test]
fn everything_is_done_once_and_after_what_made_it_ready() {
    prove(300, 100, &(forest(), 1..6_usize), |(children, workers)| {
        let made: BTreeSet<usize> = children.iter().flatten().copied().collect();
        let seeds: Vec<usize> = (0..children.len()).filter(|it| !made.contains(it)).collect();
        let (count, threads) = ends(move || {
            let done: Vec<AtomicU32> = children.iter().map(|_| AtomicU32::new(0)).collect();
            let work = |count: &mut usize, item: usize, ahead: &mut Ahead<usize>| {
                assert_eq!(done[item].fetch_add(1, Ordering::Relaxed), 0);
                *count += 1;
                ahead.extend(children[item].iter().copied());
            };
            let counts = team(workers).run(&seeds, || 0, work);
            assert!(done.iter().all(|it| it.load(Ordering::Relaxed) == 1));
            (counts.iter().sum::<usize>() == children.len(), counts.len())
        });
        prop_assert!(count && threads <= workers);
        Ok(())
    });
}

/// Many times, as what can go wrong is the end.
#[test]
fn short_runs_end() {
    ends(|| {
        for round in 0..3000 {
            let seeds: Vec<u32> = (0..round % 7).collect();
            let done = AtomicUsize::new(0);
            team(2 + round as usize % 3).run(
                &seeds,
                || (),
                |(), item, ahead| {
                    done.fetch_add(1, Ordering::Relaxed);
                    (0..item).for_each(|it| ahead.push(it.saturating_sub(1) / 2));
                },
            );
            assert!(done.load(Ordering::Relaxed) >= seeds.len());
        }
    });
}

#[test]
fn independent_work_is_done_by_all_at_once() {
    for workers in [2, 3, 5] {
        let threads = ends(move || {
            let all = Barrier::new(workers);
            let seeds: Vec<usize> = (0..workers).collect();
            team(workers)
                .run(
                    &seeds,
                    || (),
                    |(), _, _| {
                        all.wait();
                    },
                )
                .len()
        });
        assert_eq!(threads, workers);
    }
}

/// What was left over when a long piece of work began is not left until it ends, whether it is
/// there from the start or was made ready.
#[test]
fn nothing_waits_behind_a_long_piece_of_work() {
    ends(|| {
        let others = Count::default();
        team(2).run(
            &(0..100).collect::<Vec<usize>>(),
            || (),
            |(), item, _| {
                if item == 0 { others.wait_for(99) } else { others.add() }
            },
        );
    });
    ends(|| {
        let others = Count::default();
        team(2).run(
            &[0],
            || (),
            |(), item, ahead| match item {
                0 => ahead.extend(1..100),
                1 => others.wait_for(98),
                _ => others.add(),
            },
        );
    });
}

/// Those who sleep are called again when there is something for them: between two meetings lies a
/// stretch that only one can do, longer than anybody looks around.
#[test]
fn sleepers_are_called() {
    const MEETING: u32 = u32::MAX;
    ends(|| {
        let both = Barrier::new(2);
        team(2).run(
            &[0],
            || (),
            |(), item, ahead| match item {
                MEETING => {
                    both.wait();
                }
                20_000.. => (),
                _ if item % 2000 == 0 => ahead.extend([MEETING, MEETING, item + 1]),
                _ => ahead.push(item + 1),
            },
        );
    });
}

#[test]
fn a_chain_does_not_leave_the_calling_thread() {
    let here = thread::current().id();
    let states = team(4).run(
        &[0],
        || (),
        |(), item, ahead| {
            assert_eq!(thread::current().id(), here);
            if item < 10_000 {
                ahead.push(item + 1);
            }
        },
    );
    assert_eq!(states.len(), 1);
}

#[test]
fn alone_a_thread_goes_depth_first() {
    let work = |order: &mut Vec<u32>, item, ahead: &mut Ahead<u32>| {
        order.push(item);
        if item < 10 {
            ahead.extend((0..3).map(|it| item * 10 + it));
        }
    };
    let orders = team(1).run(&[1, 2], Vec::new, work);
    assert_eq!(orders, [[1, 10, 12, 11, 2, 20, 22, 21]]);
}

#[test]
fn a_panic_is_passed_on_and_ends_the_run() {
    for workers in [1, 2, 4] {
        let text = ends(move || {
            let seeds: Vec<u32> = (0..1000).collect();
            let work = |(): &mut (), item, _: &mut Ahead<u32>| assert_ne!(item, 500, "no five");
            let run = || team(workers).run(&seeds, || (), work);
            let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
            panic.downcast::<String>().expect("a text")
        });
        assert!(text.contains("no five"), "{text}");
    }
}

#[test]
fn a_piece_of_work_may_have_a_team_of_its_own() {
    let sum = ends(|| {
        let inner = |sum: &mut u64, item: u64, _: &mut Ahead<u64>| *sum += item;
        let outer = |sum: &mut u64, item: u64, _: &mut Ahead<u64>| {
            let seeds: Vec<u64> = (0..item).collect();
            *sum += team(3).run(&seeds, || 0, inner).iter().sum::<u64>();
        };
        team(3).run(&(0..50).collect::<Vec<u64>>(), || 0, outer).iter().sum::<u64>()
    });
    assert_eq!(sum, (0..50).map(|it: u64| it * it.saturating_sub(1) / 2).sum());
}
