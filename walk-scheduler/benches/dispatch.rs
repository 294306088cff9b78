//! What it costs to hand a job to a thread and to hear of its end.
//!
//! `cargo bench -p walk-scheduler` prints microseconds per job for closures that do nothing and
//! for processes that do nothing, at several numbers of tokens.

use std::collections::BTreeMap;
use std::time::Instant;

use walk_scheduler::{Job, JobContext, JobStatus, Process, Scheduler, SchedulingParams, Wake};

fn main() {
    for tokens in [1, 2, 8] {
        measure("closure", tokens, 100_000, || Job::new(|_: &JobContext| JobStatus::Success));
    }
    for tokens in [1, 2, 8] {
        measure("process", tokens, 2_000, || Job::new(Process::new("true")));
    }
}

fn measure(what: &str, tokens: u32, count: u32, job: impl Fn() -> Job) {
    let queues = BTreeMap::from([("default".to_owned(), tokens)]);
    let mut scheduler = Scheduler::new(&SchedulingParams { queues, ..Default::default() });
    let begin = Instant::now();
    for number in 0..count {
        scheduler.submit(number, job()).expect("the queue exists");
    }
    loop {
        while let Some(ready) = scheduler.next_ready() {
            scheduler.start(ready);
        }
        if let Wake::Idle = scheduler.wait() {
            break;
        }
    }
    let micros = begin.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    println!("{count} x {what}, {tokens} tokens: {micros:.2} us each");
}
