//! A run as a `JUnit` report: each action that runs something is a test case.
//!
//! What was up to date is a success that took no time, with a property that says so; what
//! did not run because of a failure is skipped, with the reason. What passed on a retry is a
//! success with the failures before it (`flakyFailure`), what failed for good has them as
//! `rerunFailure`: as surefire began it and others read it.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use quick_junit::{
    NonSuccessKind, Property, Report as Junit, SerializeError, TestCase, TestCaseStatus, TestRerun,
    TestSuite,
};
use walk_core::{ActionReport, Dag, Event, JobOutcome, JobStatus, Report};

use crate::terminal::Output;

/// The attempts that failed and were followed by others, by action: the next attempt writes over
/// what such a one has written.
#[derive(Default)]
pub(super) struct Attempts(HashMap<String, Vec<TestRerun>>);

impl Attempts {
    pub(super) fn hear<D>(&mut self, event: &Event<'_, D>, log: Option<&Path>) {
        if let Event::Requeued { action, outcome, .. } = event
            && outcome.status != JobStatus::NotReady
        {
            let reruns = self.0.entry(action.uid().to_owned()).or_default();
            reruns.push(rerun(outcome, log));
        }
    }
}

fn rerun(outcome: &JobOutcome, log: Option<&Path>) -> TestRerun {
    let mut rerun = TestRerun::new(NonSuccessKind::Failure);
    let message = outcome.ending.as_ref().map(ToString::to_string);
    rerun.set_time(outcome.duration).set_type(outcome.status.to_string());
    rerun.set_message(message.unwrap_or_else(|| outcome.status.to_string()));
    if let Some(output) = log.and_then(|it| Output::read(it).ok()) {
        rerun.set_system_out_lossy(output.bytes());
    }
    rerun
}

/// Writes the report; `group` names the class of an action, unless it is none to be reported;
/// `output` is what it wrote.
pub(super) fn write<D>(
    out: impl Write,
    report: &Report,
    dag: &Dag<D>,
    Attempts(mut attempts): Attempts,
    group: impl Fn(&D) -> Option<String>,
    output: impl Fn(&str) -> Option<Output>,
) -> Result<(), SerializeError> {
    let mut suite = TestSuite::new("walk");
    for (vertex, action) in dag.vertices().zip(report.actions()) {
        let Some(group) = group(&dag[vertex]) else { continue };
        let mut status = status(action, dag);
        status.add_reruns(attempts.remove(&action.uid).unwrap_or_default());
        let mut case = TestCase::new(action.uid.as_str(), status);
        case.set_classname(group);
        if let Some(execution) = &action.execution {
            case.set_time(execution.duration);
        } else if action.status.is_some_and(JobStatus::is_success) {
            case.add_property(Property::new("walk", "up to date"));
        }
        if action.was_executed()
            && let Some(output) = output(&action.uid)
        {
            case.set_system_out_lossy(output.bytes());
        }
        suite.add_test_case(case);
    }
    suite.set_time(report.duration());
    let mut junit = Junit::new("walk");
    junit.set_time(report.duration()).add_test_suite(suite);
    junit.serialize(out)
}

fn status<D>(action: &ActionReport, dag: &Dag<D>) -> TestCaseStatus {
    let skipped = |message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    match action.status {
        Some(status) if status.is_success() => TestCaseStatus::success(),
        None => skipped("the run ended before"),
        Some(JobStatus::ForceFail) => {
            skipped(&action.skipped.as_ref().map(|it| it.describe(dag)).unwrap_or_default())
        }
        Some(status) => {
            let ending = action.execution.as_ref().and_then(|it| it.ending.as_ref());
            let message = ending.map_or_else(|| status.to_string(), ToString::to_string);
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(message).set_type(status.to_string());
            failure
        }
    }
}
