//! How a run is limited and stopped (S3, S7, S9, S10, S11), seen from a walk.

use std::num::NonZeroU32;
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;

use walk_core::{Dag, Decision, Error, Job, JobContext, JobStatus, SchedulingParams, run, walk_fn};

use crate::fixture::{TestWalk, dag};

fn params(tokens: u32) -> SchedulingParams {
    let mut params = SchedulingParams::default();
    params.queues.insert("default".into(), tokens);
    params
}

fn nothing(_: &JobContext) -> JobStatus {
    JobStatus::Success
}

/// S3: a job that could never run is refused, with the action's id and what would be valid.
#[test]
fn impossible_jobs_are_errors_that_name_the_action() {
    let check = |job: fn() -> Job, expected: &str| {
        let mut walk = walk_fn(move |_| job().into());
        let error = run(&mut walk, &dag(&[("a", &[])])).expect_err("it is refused");
        let Error::Submit { uid, source } = error else { panic!("unexpected {error}") };
        assert_eq!(uid, "a");
        assert!(source.to_string().contains(expected), "{source}");
    };
    check(|| Job::new(nothing).queue("lost"), "default");
    check(|| Job::new(nothing).tokens(9), "9");
}

/// S10: the report says how many jobs ran at once.
#[test]
fn max_active_jobs_is_reported() {
    let both = Arc::new(Barrier::new(2));
    let mut walk = walk_fn(|_| {
        let both = Arc::clone(&both);
        Job::new(move |_: &JobContext| {
            both.wait();
            JobStatus::Success
        })
        .into()
    })
    .with_params(params(2));
    let report = run(&mut walk, &dag(&[("a", &[]), ("b", &[])])).expect("it runs");
    assert_eq!(report.max_active_jobs(), 2);
}

/// S9: the hooks run on the thread that called `run`, the jobs do not.
#[test]
fn hooks_run_on_the_calling_thread() {
    let here = thread::current().id();
    let (sender, ran_on) = mpsc::channel();
    let mut walk = walk_fn(|_| {
        assert_eq!(thread::current().id(), here);
        let sender = sender.clone();
        Job::new(move |_: &JobContext| {
            let _ = sender.send(thread::current().id());
            JobStatus::Success
        })
        .into()
    });
    run(&mut walk, &dag(&[("a", &[])])).expect("it runs");
    assert_ne!(ran_on.try_recv().expect("the job ran"), here);
}

/// S11: by default what does not depend on a failure goes on; with a limit nothing more
/// starts, and what was not reached has no status.
#[test]
fn nothing_more_starts_after_the_given_number_of_failures() {
    let dag = dag(&[("1.bad", &[]), ("2.bad", &[]), ("3", &[]), ("4.do-nothing", &["3"])]);
    let check = |limit: Option<u32>, expected: [Option<JobStatus>; 4]| {
        let mut walk = TestWalk::simple();
        walk.params.max_failures = limit.and_then(NonZeroU32::new);
        let report = walk.walk(&dag);
        let statuses: Vec<_> = report.actions().iter().map(|it| it.status).collect();
        assert_eq!(statuses, expected, "limit {limit:?}");
    };
    let (bad, good) = (Some(JobStatus::Failure), Some(JobStatus::Success));
    check(None, [bad, bad, good, good]);
    check(Some(2), [bad, bad, None, None]);
    check(Some(1), [bad, None, None, None]);
}

/// S11: a job that was requeued when the run stopped ended as its last attempt did.
#[test]
fn a_requeued_job_that_never_started_again_is_not_ready() {
    let dag = dag(&[("1.notready:always", &[]), ("2.bad", &[])]);
    let mut walk = TestWalk::simple();
    walk.params.max_failures = NonZeroU32::new(1);
    let report = walk.walk(&dag);
    let action = report.action("1.notready:always").expect("there is one");
    assert_eq!(action.status, Some(JobStatus::NotReady));
    assert_eq!(action.execution.as_ref().map(|it| it.attempt), Some(1));
}

/// S7: an interrupted run starts nothing more, collects what runs, and returns.
#[test]
fn an_interrupted_run_returns_with_what_it_has() {
    let params = params(1);
    let interrupt = params.interrupt.clone();
    let mut walk = walk_fn(|_| {
        let interrupt = interrupt.clone();
        Job::new(move |cx: &JobContext| {
            let (stop, stopped) = mpsc::channel();
            cx.on_interrupt(move || {
                let _ = stop.send(());
            });
            interrupt.trigger();
            let _ = stopped.recv();
            JobStatus::Success
        })
        .into()
    })
    .with_params(params);
    let report = run(&mut walk, &dag(&[("a", &[]), ("b", &[])])).expect("it returns");
    assert!(report.is_interrupted());
    assert_eq!(report.status("a"), Some(JobStatus::Failure));
    assert_eq!(report.status("b"), None);
}

/// A hook that fails stops the run: its error is returned after what runs was collected.
#[test]
fn the_error_of_a_hook_stops_the_run() {
    struct Failing;
    impl walk_core::Walk for Failing {
        type Data = ();
        type Error = Box<dyn std::error::Error>;
        fn create_job(
            &mut self,
            action: &walk_core::Action<'_, ()>,
        ) -> Result<Decision, Self::Error> {
            match action.uid() {
                "a" => Ok(Job::new(|_: &JobContext| JobStatus::Success).into()),
                uid => Err(format!("no job for {uid}").into()),
            }
        }
    }
    let error = run(&mut Failing, &dag(&[("a", &[]), ("b", &[])])).expect_err("it fails");
    assert_eq!(error.to_string(), "no job for b");
}

/// An empty graph is done at once.
#[test]
fn an_empty_graph_is_a_success() {
    let dag: Dag<()> = dag(&[]);
    assert!(TestWalk::simple().walk(&dag).is_success());
}
