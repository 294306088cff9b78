//! S5, S7 and S8: what happens to jobs that do not end, or not well.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use walk_scheduler::{
    Ending, InterruptCause, Job, JobContext, JobStatus, Scheduler, SchedulingParams, Wake,
};

use crate::support::{
    FOREVER, Place, drive, ending, eventually, eventually_ended, exists, finished, gated, nop,
    pass, run, run_with, start_all, tokens, until_interrupted,
};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn s5_every_running_job_is_watched_not_only_the_oldest() {
    let mut scheduler = Scheduler::new(&tokens(6));
    let timeouts = [None, Some(300), Some(20), None, Some(150), Some(20)];
    for (number, timeout) in timeouts.into_iter().enumerate() {
        let job = until_interrupted();
        let job = timeout.map_or(job, |it| until_interrupted().timeout(Duration::from_millis(it)));
        scheduler.submit(number, job).expect("can run");
    }
    start_all(&mut scheduler);
    let mut ended: Vec<_> = (0..4).map(|_| finished(&mut scheduler)).collect();
    for finished in &ended {
        assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Timeout));
        assert_eq!(finished.outcome.status, JobStatus::Failure);
        assert_eq!(ending(&finished.outcome), "interrupted: timeout");
    }
    ended.sort_by_key(|it| it.tag);
    assert_eq!(ended.iter().map(|it| it.tag).collect::<Vec<_>>(), [1, 2, 4, 5]);
}

#[test]
fn s5_the_runs_limit_holds_for_jobs_without_their_own() {
    let params = SchedulingParams { job_timeout: SHORT, ..tokens(1) };
    assert_eq!(run_with(&params, until_interrupted()).interrupted, Some(InterruptCause::Timeout));
    let (gate, job) = gated();
    drop(gate);
    assert_eq!(run_with(&params, job.timeout(FOREVER)).interrupted, None);
}

#[test]
fn s5_a_hung_job_times_out_while_others_keep_ending() {
    let mut scheduler = Scheduler::new(&tokens(2));
    scheduler.submit("hung", until_interrupted().timeout(SHORT)).expect("can run");
    scheduler.submit("busy", nop()).expect("can run");
    let mut ended = 0;
    loop {
        start_all(&mut scheduler);
        let finished = finished(&mut scheduler);
        if finished.tag == "hung" {
            assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Timeout));
            break;
        }
        ended += 1;
        scheduler.submit("busy", finished.outcome.job).expect("can run");
    }
    assert!(ended > 0);
}

#[test]
fn s5_a_job_is_told_even_if_another_has_ended_already() {
    let mut scheduler = Scheduler::new(&tokens(2));
    scheduler.submit("hung", until_interrupted().timeout(SHORT)).expect("can run");
    scheduler.submit("nop", nop()).expect("can run");
    start_all(&mut scheduler);
    pass(SHORT * 2);
    let mut tags = vec![finished(&mut scheduler).tag, eventually_ended(&mut scheduler).tag];
    tags.sort_unstable();
    assert_eq!(tags, ["hung", "nop"]);
}

#[test]
fn s5_others_go_on_while_one_ignores_its_interruption() {
    let mut scheduler = Scheduler::new(&tokens(2));
    let (gate, deaf) = gated();
    scheduler.submit("deaf", deaf.timeout(SHORT)).expect("can run");
    start_all(&mut scheduler);
    for _ in 0..3 {
        scheduler.submit("other", until_interrupted().timeout(SHORT)).expect("can run");
        start_all(&mut scheduler);
        assert_eq!(finished(&mut scheduler).tag, "other");
    }
    drop(gate);
    let deaf = finished(&mut scheduler);
    assert_eq!((deaf.tag, deaf.outcome.status), ("deaf", JobStatus::Failure));
    assert_eq!(deaf.outcome.interrupted, Some(InterruptCause::Timeout));
}

#[test]
fn s5_a_job_notices_its_timeout_while_nobody_waits() {
    let mut scheduler = Scheduler::new(&tokens(1));
    let (noticed, notice) = mpsc::channel();
    let work = move |cx: &JobContext| {
        eventually("the time is over", || cx.is_interrupted().then_some(()));
        noticed.send(()).expect("the test listens");
        JobStatus::Success
    };
    scheduler.submit((), Job::new(work).timeout(SHORT)).expect("can run");
    start_all(&mut scheduler);
    notice.recv_timeout(FOREVER).expect("the job notices");
    assert_eq!(finished(&mut scheduler).outcome.interrupted, Some(InterruptCause::Timeout));
}

#[test]
fn s5_a_job_that_overran_is_a_failure_even_if_nobody_saw_it_run() {
    let mut scheduler = Scheduler::new(&tokens(1));
    let work = |_: &JobContext| {
        pass(SHORT * 2);
        JobStatus::Success
    };
    scheduler.submit((), Job::new(work).timeout(SHORT)).expect("can run");
    start_all(&mut scheduler);
    let ended = eventually_ended(&mut scheduler);
    assert_eq!(ended.outcome.status, JobStatus::Failure);
    assert_eq!(ended.outcome.interrupted, Some(InterruptCause::Timeout));
}

#[test]
fn s5_what_is_untimed_does_not_count_and_the_time_begins_anew_after_it() {
    let (untimed, after) = (|cx: &JobContext| cx.untimed(|| pass(SHORT * 2)), SHORT);
    let quick = move |cx: &JobContext| {
        untimed(cx);
        JobStatus::Success
    };
    let outcome = run(Job::new(quick).timeout(after));
    assert_eq!((outcome.status, outcome.interrupted), (JobStatus::Success, None));
    let hung = move |cx: &JobContext| {
        untimed(cx);
        until_told(cx);
        JobStatus::Success
    };
    let outcome = run(Job::new(hung).timeout(after));
    assert_eq!(outcome.interrupted, Some(InterruptCause::Timeout));
}

/// Waits for the scheduler to say so.
fn until_told(cx: &JobContext) {
    let (told, is_told) = mpsc::channel::<()>();
    cx.on_interrupt(move || drop(told));
    assert_eq!(is_told.recv_timeout(FOREVER), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn s5_a_job_without_any_time_does_not_even_begin() {
    let outcome = run(Job::new(|_: &JobContext| panic!("began")).timeout(Duration::ZERO));
    assert_eq!(outcome.interrupted, Some(InterruptCause::Timeout));
}

#[test]
fn s7_an_interrupted_run_starts_nothing_more_and_collects_all() {
    let params = tokens(3);
    let mut scheduler = Scheduler::new(&params);
    for number in 0..10 {
        scheduler.submit(number, until_interrupted()).expect("can run");
    }
    scheduler.submit_after(10, nop(), Duration::from_secs(3600)).expect("can run");
    assert_eq!(start_all(&mut scheduler), [0, 1, 2]);
    let interrupt = params.interrupt.clone();
    let trigger = std::thread::spawn(move || interrupt.trigger());
    let ended = drive(&mut scheduler);
    trigger.join().expect("triggers");
    assert_eq!(ended.len(), 3);
    for finished in ended {
        assert_eq!(finished.outcome.interrupted, Some(InterruptCause::Run));
        assert_eq!(finished.outcome.ending, Some(Ending::Interrupted(InterruptCause::Run)));
    }
    assert!(scheduler.is_interrupted() && params.interrupt.is_triggered());
    assert!(scheduler.next_ready().is_none());
    assert_eq!(scheduler.clear_waiting(), (3..11).collect::<Vec<_>>());
}

#[test]
fn s7_a_job_that_was_ready_when_the_run_was_interrupted_does_not_begin() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit((), Job::new(|_: &JobContext| panic!("began"))).expect("can run");
    let ready = scheduler.next_ready().expect("fits");
    scheduler.interrupt();
    scheduler.start(ready);
    assert_eq!(finished(&mut scheduler).outcome.interrupted, Some(InterruptCause::Run));
}

#[test]
fn s7_a_request_made_before_the_run_counts() {
    let params = tokens(1);
    params.interrupt.kill();
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), nop()).expect("can run");
    assert!(scheduler.is_interrupted() && scheduler.next_ready().is_none());
    assert!(matches!(scheduler.wait(), Wake::Idle));
}

#[test]
fn s7_interrupting_one_scheduler_leaves_others_of_the_same_handle_alone() {
    let params = tokens(1);
    let (mut one, mut other) = (Scheduler::new(&params), Scheduler::new(&params));
    one.submit((), until_interrupted()).expect("can run");
    start_all(&mut one);
    one.interrupt();
    drop(one);
    other.submit((), nop()).expect("can run");
    assert_eq!(drive(&mut other).len(), 1);
    assert!(!params.interrupt.is_triggered());
}

#[test]
fn s7_a_job_that_ended_well_before_it_heard_is_a_success() {
    let params = tokens(1);
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), nop()).expect("can run");
    start_all(&mut scheduler);
    let ended = finished(&mut scheduler);
    params.interrupt.trigger();
    assert_eq!((ended.outcome.status, ended.outcome.interrupted), (JobStatus::Success, None));
}

#[test]
fn s7_dropping_a_scheduler_leaves_nothing_alive() {
    let place = Place::new();
    let mut scheduler = Scheduler::new(&tokens(4));
    for _ in 0..3 {
        let work = place.sh("echo $$ >> pids; sleep 600");
        scheduler.submit((), Job::new(work)).expect("can run");
    }
    scheduler.submit((), until_interrupted()).expect("can run");
    start_all(&mut scheduler);
    let pids = place.lines("pids", 3);
    drop(scheduler);
    assert!(!pids.iter().any(|pid| exists(pid)));
}

#[test]
fn s7_a_hook_that_panics_harms_nobody() {
    let mut scheduler = Scheduler::new(&tokens(2));
    let (gate, gated) = mpsc::channel::<()>();
    let work = move |cx: &JobContext| {
        cx.on_interrupt(|| panic!("in the hook"));
        let _ = gated.recv();
        JobStatus::Success
    };
    scheduler.submit("panics", Job::new(work).timeout(SHORT)).expect("can run");
    scheduler.submit("waits", until_interrupted().timeout(SHORT)).expect("can run");
    start_all(&mut scheduler);
    assert_eq!(finished(&mut scheduler).tag, "waits");
    drop(gate);
    assert_eq!(finished(&mut scheduler).tag, "panics");
}

type Panic = Box<dyn Fn() + Send>;

#[test]
fn s8_a_panic_is_a_failure_with_its_text_and_the_run_goes_on() {
    let mut scheduler = Scheduler::new(&tokens(1));
    let panics: [(&str, Panic); 3] = [
        ("panicked: plain", Box::new(|| panic!("plain"))),
        ("panicked: 6 times", Box::new(|| panic!("{} times", 2 * 3))),
        ("panicked: no text", Box::new(|| std::panic::panic_any(7))),
    ];
    for (expected, panic) in panics {
        let work = move |_: &JobContext| {
            panic();
            JobStatus::Success
        };
        scheduler.submit(expected, Job::new(work)).expect("can run");
    }
    scheduler.submit("", nop()).expect("can run");
    let ended = drive(&mut scheduler);
    assert_eq!(ended.len(), 4);
    for finished in ended {
        assert_eq!(ending(&finished.outcome), finished.tag);
        assert_eq!(finished.outcome.status.is_success(), finished.tag.is_empty());
    }
}

#[test]
fn a_job_may_say_how_it_ended() {
    let outcome = run(Job::new(|cx: &JobContext| {
        cx.report(Ending::Message("downloading".into()));
        cx.report(Ending::Message("no network".into()));
        JobStatus::NotReady
    }));
    assert_eq!((outcome.status, ending(&outcome).as_str()), (JobStatus::NotReady, "no network"));
}

#[test]
fn outcomes_tell_when_and_how_long() {
    let before = std::time::SystemTime::now();
    let outcome = run(until_interrupted().timeout(SHORT));
    assert!(outcome.started >= before);
    assert!(outcome.duration >= SHORT / 2 && outcome.duration < FOREVER);
}

#[test]
fn statuses_have_the_codes_and_names_of_the_contract() {
    use JobStatus::{Failure, ForceFail, NotReady, Skip, Success, Unchanged, Unknown};
    let table = BTreeMap::from([
        (0, (Success, "success", true)),
        (1, (Failure, "failure", false)),
        (75, (NotReady, "not ready", false)),
        (123, (ForceFail, "force fail", false)),
        (124, (Unknown, "unknown", false)),
        (125, (Skip, "skip", true)),
        (126, (Unchanged, "unchanged", true)),
    ]);
    for code in -1..300 {
        let (status, name, good) = table.get(&code).copied().unwrap_or(table[&1]);
        assert_eq!(JobStatus::from_exit_code(code), status);
        assert_eq!((status.to_string().as_str(), status.is_success()), (name, good));
        assert_eq!(JobStatus::from_exit_code(status.code()), status);
    }
}
