//! S1 to S4, S6 and S10: who runs when.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use walk_scheduler::{Job, JobContext, JobStatus, Scheduler, SchedulingParams, SubmitError, Wake};

use crate::support::{drive, eventually_ended, finished, gated, nop, params, start_all, tokens};

/// A job by queue, tokens and priority.
type Spec = (&'static str, u32, i32);

fn job((queue, tokens, priority): Spec) -> Job {
    nop().queue(queue).tokens(tokens).priority(priority)
}

/// Submits jobs numbered from 0; `expected` are the numbers of those that start, in order.
fn check(queues: &[(&str, u32)], jobs: &[Spec], expected: &[usize]) {
    let mut scheduler = Scheduler::new(&params(queues));
    for (number, &spec) in jobs.iter().enumerate() {
        scheduler.submit(number, job(spec)).expect("the job can run");
    }
    assert_eq!(start_all(&mut scheduler), expected, "{queues:?} {jobs:?}");
    while scheduler.running() > 0 {
        finished(&mut scheduler);
    }
}

#[test]
fn s1_a_job_takes_its_tokens_while_it_runs() {
    check(&[("default", 3)], &[("default", 1, 0); 5], &[0, 1, 2]);
    check(&[("default", 3)], &[("default", 2, 0), ("default", 1, 0), ("default", 1, 0)], &[0, 1]);
    check(&[("a", 1), ("b", 2)], &[("a", 1, 0), ("a", 1, 0), ("b", 1, 0), ("b", 1, 0)], &[0, 2, 3]);
}

#[test]
fn s1_tokens_come_back_when_the_job_is_collected() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit("first", nop()).expect("can run");
    scheduler.submit("second", nop()).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["first"]);
    assert_eq!(finished(&mut scheduler).tag, "first");
    assert_eq!(start_all(&mut scheduler), ["second"]);
}

#[test]
fn s1_without_queues_there_is_one_token_of_default() {
    check(&[], &[("default", 1, 0), ("default", 1, 0)], &[0]);
    let default = SchedulingParams::default();
    assert_eq!(default.queues.into_iter().collect::<Vec<_>>(), [("default".to_owned(), 1)]);
    assert_eq!(default.job_timeout, Duration::from_secs(86_400));
    assert_eq!(default.max_failures, None);
}

#[test]
fn s2_highest_priority_first_then_submission() {
    let jobs = [("default", 1, 0), ("default", 1, 5), ("default", 1, -5), ("default", 1, 5)];
    check(&[("default", 4)], &jobs, &[1, 3, 0, 2]);
}

#[test]
fn s2_of_one_priority_the_most_urgent_first_then_submission() {
    let urgencies = [(0, 0), (0, 9), (1, 1), (0, 9), (-1, 100), (1, 0)];
    let mut scheduler = Scheduler::new(&tokens(6));
    for (number, (priority, urgency)) in urgencies.into_iter().enumerate() {
        let job = nop().priority(priority).urgency(urgency);
        scheduler.submit(number, job).expect("can run");
    }
    assert_eq!(start_all(&mut scheduler), [2, 5, 1, 3, 0, 4]);
    drive(&mut scheduler);
}

#[test]
fn s2_the_most_urgent_is_not_overtaken_though_it_takes_more() {
    let mut scheduler = Scheduler::new(&tokens(3));
    for (tag, tokens, urgency) in [("first", 1, 9), ("wide", 3, 5), ("small", 1, 4)] {
        scheduler.submit(tag, nop().tokens(tokens).urgency(urgency)).expect("can run");
    }
    assert_eq!(start_all(&mut scheduler), ["first"]);
    let order: Vec<_> = drive(&mut scheduler).into_iter().map(|it| it.tag).collect();
    assert_eq!(order, ["first", "wide", "small"]);
}

#[test]
fn s2_the_head_is_never_overtaken() {
    let jobs = [("default", 2, 0), ("default", 2, 0), ("default", 1, 0), ("other", 1, 0)];
    check(&[("default", 3), ("other", 1)], &jobs, &[0, 3]);
}

#[test]
fn s2_between_queues_priority_then_submission_decide() {
    let jobs = [("b", 1, 0), ("a", 1, 0), ("c", 1, 1)];
    check(&[("a", 1), ("b", 1), ("c", 1)], &jobs, &[2, 0, 1]);
}

#[test]
fn s3_what_can_never_run_is_refused_by_name() {
    let mut scheduler = Scheduler::new(&params(&[("default", 4), ("link", 2)]));
    let unknown = scheduler.submit((), nop().queue("lnk")).expect_err("no such queue");
    assert_eq!(unknown.to_string(), "unknown queue `lnk` (known queues: default, link)");
    let many = scheduler.submit((), nop().queue("link").tokens(3)).expect_err("too many");
    assert_eq!(many.to_string(), "job takes 3 tokens of queue `link`, whose capacity is 2");
    let later = scheduler.submit_after((), nop().tokens(5), Duration::ZERO);
    assert!(matches!(later, Err(SubmitError::TooManyTokens { wanted: 5, capacity: 4, .. })));
    assert!(matches!(scheduler.wait(), Wake::Idle));
}

#[test]
fn s3_zero_tokens_always_fit() {
    check(&[("none", 0)], &[("none", 0, 0), ("none", 0, 0)], &[0, 1]);
    check(&[("default", 1)], &[("default", 1, 0), ("default", 0, 0)], &[0, 1]);
}

#[test]
fn s2_s3_not_even_zero_tokens_overtake_the_head() {
    let jobs = [("default", 1, 0), ("default", 1, 0), ("default", 0, 0)];
    check(&[("default", 1)], &jobs, &[0]);
}

#[test]
fn s4_slots_are_dense_and_the_smallest_is_reused() {
    let mut scheduler = Scheduler::new(&tokens(4));
    let mut gates = Vec::new();
    let start = |scheduler: &mut Scheduler<usize>| {
        let (gate, job) = gated();
        scheduler.submit(0, job).expect("can run");
        let ready = scheduler.next_ready().expect("fits");
        (gate, scheduler.start(ready))
    };
    for expected in 0..4 {
        let (gate, slot) = start(&mut scheduler);
        assert_eq!(slot, expected);
        gates.push(gate);
    }
    for ending in [2, 1] {
        gates[ending].send(()).expect("the job listens");
        assert_eq!(finished(&mut scheduler).outcome.slot, ending);
    }
    for expected in [1, 2] {
        let (gate, slot) = start(&mut scheduler);
        assert_eq!(slot, expected);
        gates.push(gate);
    }
    drop(gates);
    assert_eq!(drive(&mut scheduler).len(), 4);
    assert_eq!(scheduler.max_active_jobs(), 4);
}

#[test]
fn s4_the_job_sees_its_slot_and_runs_on_the_thread_of_that_name() {
    let mut scheduler = Scheduler::new(&tokens(3));
    for number in 0..3 {
        let work = move |cx: &JobContext| {
            assert_eq!(cx.slot(), number);
            let name = format!("walk-job-{number}");
            assert_eq!(thread::current().name(), Some(name.as_str()));
            JobStatus::Success
        };
        scheduler.submit(number, Job::new(work)).expect("can run");
    }
    for finished in drive(&mut scheduler) {
        assert_eq!((finished.outcome.slot, finished.outcome.ending), (finished.tag, None));
    }
}

#[test]
fn s6_a_job_submitted_again_waits_behind_its_equals_and_counts_attempts() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit("again", nop()).expect("can run");
    scheduler.submit("other", nop()).expect("can run");
    scheduler.submit("low", nop().priority(-1)).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["again"]);
    let first = finished(&mut scheduler);
    assert_eq!((first.outcome.attempt, first.outcome.job.get_attempt()), (1, 1));
    scheduler.submit(first.tag, first.outcome.job).expect("can run");
    let order: Vec<_> =
        drive(&mut scheduler).into_iter().map(|it| (it.tag, it.outcome.attempt)).collect();
    assert_eq!(order, [("other", 1), ("again", 2), ("low", 1)]);
}

#[test]
fn s6_a_job_submitted_again_is_urgent_no_more() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit("again", nop().urgency(9)).expect("can run");
    scheduler.submit("other", nop()).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["again"]);
    let first = finished(&mut scheduler);
    scheduler.submit(first.tag, first.outcome.job).expect("can run");
    let order: Vec<_> = drive(&mut scheduler).into_iter().map(|it| it.tag).collect();
    assert_eq!(order, ["other", "again"]);
}

#[test]
fn s6_the_work_sees_which_attempt_it_is() {
    let mut scheduler = Scheduler::new(&tokens(1));
    let work = |cx: &JobContext| match cx.attempt() {
        3 => JobStatus::Success,
        _ => JobStatus::NotReady,
    };
    let mut next = Some(Job::new(work));
    let mut seen = Vec::new();
    while let Some(job) = next.take() {
        scheduler.submit((), job).expect("can run");
        let outcome = drive(&mut scheduler).pop().expect("ended").outcome;
        seen.push((outcome.status, outcome.attempt));
        next = (outcome.status == JobStatus::NotReady).then_some(outcome.job);
    }
    let (waits, done) = (JobStatus::NotReady, JobStatus::Success);
    assert_eq!(seen, [(waits, 1), (waits, 2), (done, 3)]);
}

#[test]
fn s6_a_delayed_job_holds_no_tokens_and_then_waits_behind_its_equals() {
    let mut scheduler = Scheduler::new(&tokens(1));
    let delay = Duration::from_millis(30);
    let begin = Instant::now();
    scheduler.submit_after("delayed", nop(), delay).expect("can run");
    scheduler.submit("first", nop()).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["first"]);
    assert_eq!(finished(&mut scheduler).tag, "first");
    assert_eq!(start_all(&mut scheduler), [""; 0]);
    scheduler.submit("second", nop()).expect("can run");
    // "second" has its place before the other's delay is over, unless the machine slept here.
    let early = begin.elapsed() < delay;
    let order: Vec<_> = drive(&mut scheduler).into_iter().map(|it| it.tag).collect();
    assert!(begin.elapsed() >= delay);
    assert!(!early || order == ["second", "delayed"], "{order:?}");
    assert_eq!(order.len(), 2);
}

#[test]
fn s6_waiting_for_a_delay_says_ready() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit_after((), nop(), Duration::from_millis(1)).expect("can run");
    assert!(matches!(scheduler.wait(), Wake::Ready));
    assert!(matches!(scheduler.wait(), Wake::Ready), "as nobody started it");
    assert_eq!(drive(&mut scheduler).len(), 1);
    assert!(matches!(scheduler.wait(), Wake::Idle));
}

#[test]
fn s6_a_delay_beyond_all_time_is_no_panic() {
    let mut scheduler = Scheduler::new(&tokens(1));
    scheduler.submit_after("late", nop(), Duration::MAX).expect("can run");
    scheduler.submit("now", nop().timeout(Duration::MAX)).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["now"]);
    assert_eq!(finished(&mut scheduler).outcome.status, JobStatus::Success);
    assert_eq!(scheduler.clear_waiting(), ["late"]);
}

#[test]
fn s11_what_waits_can_be_forgotten_while_the_rest_ends() {
    let mut scheduler = Scheduler::new(&params(&[("a", 1), ("b", 1)]));
    for (tag, queue) in [(0, "b"), (1, "a"), (2, "b"), (3, "a"), (4, "b")] {
        scheduler.submit(tag, nop().queue(queue)).expect("can run");
    }
    scheduler.submit_after(5, nop().queue("a"), Duration::from_secs(3600)).expect("can run");
    assert_eq!(start_all(&mut scheduler), [0, 1]);
    assert_eq!(scheduler.clear_waiting(), [2, 3, 4, 5]);
    assert_eq!(drive(&mut scheduler).len(), 2);
}

#[test]
fn s10_the_most_jobs_that_ran_at_once_are_reported() {
    let mut scheduler = Scheduler::new(&tokens(3));
    assert_eq!(scheduler.max_active_jobs(), 0);
    for number in 0..5 {
        scheduler.submit(number, nop()).expect("can run");
    }
    start_all(&mut scheduler);
    assert_eq!((scheduler.running(), scheduler.max_active_jobs()), (3, 3));
    drive(&mut scheduler);
    assert_eq!((scheduler.running(), scheduler.max_active_jobs()), (0, 3));
}

#[test]
fn what_has_ended_can_be_collected_in_a_group() {
    let mut scheduler = Scheduler::new(&tokens(2));
    assert!(scheduler.try_wait().is_none());
    let (gate, job) = gated();
    scheduler.submit("gated", job).expect("can run");
    scheduler.submit("nop", nop()).expect("can run");
    start_all(&mut scheduler);
    assert_eq!(finished(&mut scheduler).tag, "nop");
    assert!(scheduler.try_wait().is_none());
    drop(gate);
    assert_eq!(eventually_ended(&mut scheduler).tag, "gated");
}

/// What has its tokens and is not yet started counts: several may be taken before one starts.
#[test]
fn no_more_jobs_than_allowed_run_over_all_queues() {
    let mut params = params(&[("a", 2), ("b", 2)]);
    params.max_active = NonZeroU32::new(3);
    let mut scheduler = Scheduler::new(&params);
    for number in 0..4 {
        let queue = if number < 2 { "a" } else { "b" };
        scheduler.submit(number, nop().queue(queue)).expect("can run");
    }
    let taken: Vec<_> = std::iter::from_fn(|| scheduler.next_ready()).collect();
    assert_eq!(taken.iter().map(|it| it.tag).collect::<Vec<_>>(), [0, 1, 2]);
    for ready in taken {
        scheduler.start(ready);
    }
    assert!(scheduler.next_ready().is_none());
    finished(&mut scheduler);
    assert_eq!(start_all(&mut scheduler), [3]);
    drive(&mut scheduler);
    assert_eq!(scheduler.max_active_jobs(), 3);
}

#[test]
fn by_default_only_tokens_limit() {
    let default = SchedulingParams::default();
    assert_eq!((default.max_active, default.max_load), (None, None));
}

/// The order between queues is the one of S2 when the limit leaves fewer places than tokens.
#[test]
fn s2_the_limit_over_all_queues_goes_by_priority_and_submission() {
    let mut params = params(&[("a", 2), ("b", 2)]);
    params.max_active = NonZeroU32::new(1);
    let mut scheduler = Scheduler::new(&params);
    let jobs = [("a", 1, 0), ("b", 1, 1), ("b", 1, 0), ("a", 1, 2)];
    for (number, &spec) in jobs.iter().enumerate() {
        scheduler.submit(number, job(spec)).expect("can run");
    }
    let ended: Vec<_> = drive(&mut scheduler).iter().map(|it| it.tag).collect();
    assert_eq!(ended, [3, 1, 0, 2]);
}

#[test]
fn s2_a_place_among_all_is_no_way_around_the_head() {
    let mut params = tokens(3);
    params.max_active = NonZeroU32::new(2);
    let mut scheduler = Scheduler::new(&params);
    let (gate, job) = gated();
    scheduler.submit("gated", job).expect("can run");
    scheduler.submit("large", nop().tokens(3)).expect("can run");
    scheduler.submit("small", nop()).expect("can run");
    assert_eq!(start_all(&mut scheduler), ["gated"]);
    drop(gate);
    let ended: Vec<_> = drive(&mut scheduler).iter().map(|it| it.tag).collect();
    assert_eq!(ended, ["gated", "large", "small"]);
}

/// A job that is taken and not started fills the last place: nothing is ready until it starts.
#[test]
fn waiting_with_a_job_in_hand_does_not_call_for_more() {
    let mut params = tokens(2);
    params.max_active = NonZeroU32::new(1);
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit("first", nop()).expect("can run");
    scheduler.submit("second", nop()).expect("can run");
    assert!(matches!(scheduler.wait(), Wake::Ready));
    let ready = scheduler.next_ready().expect("nothing runs");
    assert!(scheduler.next_ready().is_none());
    assert!(matches!(scheduler.wait(), Wake::Idle));
    scheduler.start(ready);
    assert_eq!(drive(&mut scheduler).len(), 2);
}

#[test]
fn s6_a_delayed_job_waits_for_a_place_without_being_called_again_and_again() {
    let mut params = tokens(2);
    params.max_active = NonZeroU32::new(1);
    let mut scheduler = Scheduler::new(&params);
    let (gate, job) = gated();
    scheduler.submit("gated", job).expect("can run");
    start_all(&mut scheduler);
    scheduler.submit_after("late", nop(), Duration::ZERO).expect("can run");
    assert!(matches!(scheduler.wait(), Wake::Ready), "its delay is over");
    assert!(scheduler.next_ready().is_none(), "there is no place");
    drop(gate);
    assert_eq!(finished(&mut scheduler).tag, "gated", "the next thing that happens");
    assert_eq!(start_all(&mut scheduler), ["late"]);
    assert_eq!(finished(&mut scheduler).tag, "late");
    assert!(matches!(scheduler.wait(), Wake::Idle));
}

/// Every load is at or above 0, and none is infinite: whatever the machine does.
#[test]
#[cfg(target_os = "linux")]
fn the_load_of_the_machine_limits() {
    for (max_load, expected) in [(0.0, 1), (f64::INFINITY, 4)] {
        let mut params = tokens(4);
        params.max_load = Some(max_load);
        let mut scheduler = Scheduler::new(&params);
        for _ in 0..4 {
            scheduler.submit((), nop()).expect("can run");
        }
        assert_eq!(start_all(&mut scheduler).len(), expected, "-l {max_load}");
        assert_eq!(drive(&mut scheduler).len(), 4);
    }
}
