//! What holds for whatever jobs and queues: limits, slots, order, and that nothing gets lost.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_scheduler::{Job, JobContext, JobStatus, Scheduler, SchedulingParams, Wake};

use crate::support::nop;

/// Queue, tokens and priority, the first two to be taken modulo what there is.
type Spec = (usize, u32, i32);

fn scenario() -> impl Strategy<Value = (Vec<u32>, Vec<Spec>)> {
    (vec(0u32..5, 1..4), vec((any::<usize>(), any::<u32>(), -2i32..3), 0..60))
}

fn params(capacities: &[u32]) -> SchedulingParams {
    let queues = capacities.iter().enumerate().map(|(id, &it)| (id.to_string(), it)).collect();
    SchedulingParams { queues, ..Default::default() }
}

/// Makes a specification possible.
fn fit(capacities: &[u32], (queue, tokens, priority): Spec) -> Spec {
    let queue = queue % capacities.len();
    (queue, tokens % (capacities[queue] + 1), priority)
}

fn job((queue, tokens, priority): Spec) -> Job {
    nop().queue(queue.to_string()).tokens(tokens).priority(priority)
}

/// The order that S2 asks of the jobs of one queue.
fn in_order(jobs: &[Spec], queue: usize) -> Vec<usize> {
    let mut numbers: Vec<_> = (0..jobs.len()).filter(|&it| jobs[it].0 == queue).collect();
    numbers.sort_by_key(|&it| std::cmp::Reverse(jobs[it].2));
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn s1_s2_s4_limits_order_and_slots_hold((capacities, jobs) in scenario(), max_active in 0u32..5, is_loaded: bool) {
        let jobs: Vec<_> = jobs.into_iter().map(|it| fit(&capacities, it)).collect();
        let max_active = NonZeroU32::new(max_active);
        let max_load = is_loaded.then_some(0.0);
        let most = max_active.map_or(usize::MAX, |it| it.get() as usize);
        let most = if is_loaded && cfg!(target_os = "linux") { 1 } else { most };
        let mut scheduler = Scheduler::new(&SchedulingParams { max_active, max_load, ..params(&capacities) });
        for (number, &spec) in jobs.iter().enumerate() {
            scheduler.submit(number, job(spec)).expect("made to fit");
        }
        let mut running = BTreeMap::new();
        let mut started = vec![Vec::new(); capacities.len()];
        let mut collected = BTreeSet::new();
        loop {
            while let Some(ready) = scheduler.next_ready() {
                let number = ready.tag;
                let free = (0..=running.len()).find(|slot| !running.contains_key(slot)).expect("one is free");
                prop_assert_eq!(scheduler.next_slot(), free, "the smallest free slot");
                prop_assert_eq!(scheduler.start(ready), free);
                running.insert(free, number);
                prop_assert!(running.len() <= most, "over all queues");
                started[jobs[number].0].push(number);
                let taken: u32 = running.values().filter(|&&it| jobs[it].0 == jobs[number].0)
                    .map(|&it| jobs[it].1).sum();
                prop_assert!(taken <= capacities[jobs[number].0]);
            }
            match scheduler.wait() {
                Wake::Finished(finished) => {
                    prop_assert_eq!(running.remove(&finished.outcome.slot), Some(finished.tag));
                    prop_assert!(collected.insert(finished.tag), "collected once");
                }
                Wake::Ready => (),
                Wake::Idle => break,
            }
        }
        prop_assert_eq!(collected.len(), jobs.len(), "every job is collected");
        prop_assert!(scheduler.max_active_jobs() <= most);
        for (queue, started) in started.iter().enumerate() {
            // All were there before the first started, so nobody overtakes anybody.
            prop_assert_eq!(started, &in_order(&jobs, queue));
        }
    }

    #[test]
    fn s2_one_token_is_one_order(priorities in vec(-3i32..4, 0..50)) {
        let mut scheduler = Scheduler::new(&SchedulingParams::default());
        for (number, &priority) in priorities.iter().enumerate() {
            scheduler.submit(number, nop().priority(priority)).expect("can run");
        }
        let ended: Vec<_> = crate::support::drive(&mut scheduler).iter().map(|it| it.tag).collect();
        let jobs: Vec<_> = priorities.iter().map(|&priority| (0, 1, priority)).collect();
        prop_assert_eq!(ended, in_order(&jobs, 0));
    }

    #[test]
    fn s6_jobs_that_come_back_come_back_as_often_as_they_ask(wanted in vec(1u32..5, 0..20)) {
        let queues = BTreeMap::from([("default".to_owned(), 3)]);
        let mut scheduler = Scheduler::new(&SchedulingParams { queues, ..Default::default() });
        for (number, &wanted) in wanted.iter().enumerate() {
            let work = move |cx: &JobContext| match cx.attempt() {
                attempt if attempt == wanted => JobStatus::Success,
                _ => JobStatus::NotReady,
            };
            scheduler.submit(number, Job::new(work)).expect("can run");
        }
        let mut attempts = vec![0; wanted.len()];
        loop {
            crate::support::start_all(&mut scheduler);
            match scheduler.wait() {
                Wake::Finished(it) => {
                    attempts[it.tag] += 1;
                    prop_assert_eq!(it.outcome.attempt, attempts[it.tag]);
                    if it.outcome.status == JobStatus::NotReady {
                        let delay = std::time::Duration::from_micros(it.tag as u64 % 3 * 100);
                        scheduler.submit_after(it.tag, it.outcome.job, delay).expect("can run");
                    }
                }
                Wake::Ready => (),
                Wake::Idle => break,
            }
        }
        prop_assert_eq!(attempts, wanted);
    }
}
