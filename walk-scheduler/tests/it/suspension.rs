//! Suspending a run: children stop, and so does the time of their timeouts.

use std::sync::mpsc;
use std::time::Duration;

use walk_scheduler::{InterruptCause, Job, JobStatus, Process, Scheduler};

use crate::support::{
    FOREVER, Place, drive, eventually, eventually_ended, finished, gated, start_all, state, tokens,
    until_interrupted,
};

/// Lets time pass; here time is what is tested.
fn pass(time: Duration) {
    let (_sender, never) = mpsc::channel::<()>();
    assert!(never.recv_timeout(time).is_err());
}

/// To be asked of a shell that starts nothing: one that waits for its child to begin is not seen
/// as stopped if the child was stopped first.
fn stops(pid: &str) {
    eventually("it stops", || (state(pid) == Some('T')).then_some(()));
}

#[test]
fn suspended_children_stop_and_go_on_when_resumed() {
    let place = Place::new();
    let params = tokens(2);
    let mut scheduler = Scheduler::new(&params);
    let script = "echo $$ >> pids; until test -e go; do :; done; echo done > end";
    scheduler.submit((), Job::new(place.sh(script))).expect("can run");
    start_all(&mut scheduler);
    let pids = place.lines("pids", 1);
    params.interrupt.suspend();
    params.interrupt.suspend();
    stops(&pids[0]);
    std::fs::write(place.path("go"), "").expect("ours");
    pass(Duration::from_millis(50));
    assert_eq!((state(&pids[0]), place.read("end").as_str()), (Some('T'), ""));
    params.interrupt.resume();
    assert_eq!(finished(&mut scheduler).outcome.status, JobStatus::Success);
    assert_eq!(place.read("end"), "done\n");
}

#[test]
fn s5_a_suspended_job_does_not_time_out() {
    let timeout = Duration::from_millis(300);
    let params = tokens(3);
    let mut scheduler = Scheduler::new(&params);
    params.interrupt.suspend();
    let process = Job::new(Process::new("sleep").arg("600"));
    scheduler.submit("process", process.timeout(timeout)).expect("can run");
    scheduler.submit("closure", until_interrupted().timeout(timeout)).expect("can run");
    let (gate, gated) = gated();
    scheduler.submit("gated", gated.timeout(timeout)).expect("can run");
    start_all(&mut scheduler);
    pass(timeout * 2);
    assert!(scheduler.try_wait().is_none());
    drop(gate);
    let ended = eventually_ended(&mut scheduler);
    assert_eq!((ended.tag, ended.outcome.status), ("gated", JobStatus::Success));
    params.interrupt.resume();
    for finished in drive(&mut scheduler) {
        assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Timeout));
        assert!(finished.outcome.duration > timeout * 5 / 2, "suspended for two, ran for one");
    }
}

#[test]
fn a_child_spawned_while_suspended_stops_as_well() {
    let place = Place::new();
    let params = tokens(1);
    let mut scheduler = Scheduler::new(&params);
    params.interrupt.suspend();
    scheduler.submit((), Job::new(place.sh("echo $$ > pids; exec sleep 0.01"))).expect("can run");
    start_all(&mut scheduler);
    pass(Duration::from_millis(100));
    assert!(scheduler.try_wait().is_none(), "it would have ended");
    params.interrupt.resume();
    assert_eq!(finished(&mut scheduler).outcome.status, JobStatus::Success);
}

#[test]
fn s7_a_suspended_run_can_be_interrupted() {
    let place = Place::new();
    let params = tokens(1);
    let mut scheduler = Scheduler::new(&params);
    let job = Job::new(place.sh("echo $$ > pids; exec sleep 600")).timeout(FOREVER);
    scheduler.submit((), job).expect("can run");
    start_all(&mut scheduler);
    let pids = place.lines("pids", 1);
    params.interrupt.suspend();
    stops(&pids[0]);
    params.interrupt.trigger();
    assert_eq!(finished(&mut scheduler).outcome.interrupted, Some(InterruptCause::Run));
    assert_eq!(state(&pids[0]), None);
}
