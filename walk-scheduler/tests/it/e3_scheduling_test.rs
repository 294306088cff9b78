//! e3-core's `scheduling_test.py`, by name. e3's scheduler walks the graph itself; here the order
//! that the graph asks for is played by hand, as walk-core would.

use std::collections::BTreeMap;
use std::time::Duration;

use walk_scheduler::{InterruptCause, Job, JobStatus, Process, Scheduler, SchedulingParams, Wake};

use crate::support::{drive, ending, finished, gated, nop, start_all, tokens, until_interrupted};

/// Two independent jobs run at once.
#[test]
fn test_minimal_run() {
    let mut scheduler = Scheduler::new(&tokens(2));
    scheduler.submit("1", nop()).expect("can run");
    scheduler.submit("2", nop()).expect("can run");
    assert_eq!(drive(&mut scheduler).len(), 2);
    assert_eq!(scheduler.max_active_jobs(), 2);
}

/// Priority orders jobs, whatever the order of submission.
#[test]
fn test_ordering() {
    let mut scheduler = Scheduler::new(&tokens(1));
    for uid in [3, 0, 1] {
        scheduler.submit(uid, nop().priority(-uid)).expect("can run");
    }
    let order: Vec<_> = drive(&mut scheduler).into_iter().map(|it| it.tag).collect();
    assert_eq!(order, [0, 1, 3]);
}

/// Two jobs of which one needs the other never run at once.
#[test]
fn test_minimal_run2() {
    let mut scheduler = Scheduler::new(&tokens(2));
    for uid in ["1", "2"] {
        scheduler.submit(uid, nop()).expect("can run");
        assert_eq!(drive(&mut scheduler).len(), 1);
    }
    assert_eq!(scheduler.max_active_jobs(), 1);
}

/// Each job is queued again once.
#[test]
fn test_requeue() {
    let mut scheduler = Scheduler::new(&tokens(2));
    scheduler.submit("1", nop()).expect("can run");
    scheduler.submit("2", nop()).expect("can run");
    let mut attempts = BTreeMap::new();
    loop {
        start_all(&mut scheduler);
        let Wake::Finished(finished) = scheduler.wait() else { break };
        attempts.insert(finished.tag, finished.outcome.attempt);
        if finished.outcome.attempt == 1 {
            scheduler.submit(finished.tag, finished.outcome.job).expect("can run");
        }
    }
    assert_eq!(attempts, BTreeMap::from([("1", 2), ("2", 2)]));
    assert_eq!(scheduler.max_active_jobs(), 2);
}

/// What is not submitted takes no thread and no time.
#[test]
fn test_skip() {
    let mut scheduler: Scheduler<&str> = Scheduler::new(&tokens(2));
    assert!(matches!(scheduler.wait(), Wake::Idle));
    assert_eq!(scheduler.max_active_jobs(), 0);
}

/// Jobs that take too long are interrupted, all of them.
#[test]
fn test_timeout() {
    let job_timeout = Duration::from_millis(200);
    let mut scheduler = Scheduler::new(&SchedulingParams { job_timeout, ..tokens(2) });
    for uid in ["1", "2"] {
        scheduler.submit(uid, Job::new(Process::new("sleep").arg("600"))).expect("can run");
    }
    let ended = drive(&mut scheduler);
    assert_eq!(ended.len(), 2);
    for finished in ended {
        assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Timeout));
        assert_eq!(finished.outcome.status, JobStatus::Failure);
        assert_eq!(ending(&finished.outcome), "interrupted: timeout");
    }
}

/// An interruption ends what runs and starts nothing more.
#[test]
fn test_keyboard_interrupt() {
    let params = tokens(2);
    let mut scheduler = Scheduler::new(&params);
    for uid in ["1", "2", "3"] {
        scheduler.submit(uid, until_interrupted()).expect("can run");
    }
    assert_eq!(start_all(&mut scheduler), ["1", "2"]);
    params.interrupt.trigger();
    let ended = drive(&mut scheduler);
    assert_eq!(ended.len(), 2);
    for finished in ended {
        assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Run));
    }
    assert_eq!(scheduler.clear_waiting(), ["3"]);
}

/// What was collected decides over what is submitted next.
#[test]
fn test_collect_feedback_scheme() {
    let mut scheduler = Scheduler::new(&tokens(2));
    let (gate, one) = gated();
    scheduler.submit("1", one).expect("can run");
    let failing = |_: &walk_scheduler::JobContext| JobStatus::Failure;
    scheduler.submit("2", Job::new(failing)).expect("can run");
    start_all(&mut scheduler);
    let second = finished(&mut scheduler);
    assert_eq!((second.tag, second.outcome.status.is_success()), ("2", false));
    drop(gate);
    let first = finished(&mut scheduler);
    assert_eq!((first.tag, first.outcome.status.is_success()), ("1", true));
    // "3" needs both and is not submitted, so "4" is not either.
    assert!(matches!(scheduler.wait(), Wake::Idle));
}
