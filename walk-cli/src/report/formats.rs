//! A recorded run in the formats that other programs read.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use walk_core::JobStatus;

use crate::history::{RecordedAction, RecordedRun};
use crate::record::{Span, Trace};

/// Returns what ran when.
pub(super) fn trace(run: &RecordedRun) -> Trace {
    let mut trace = Trace::default();
    for action in &run.actions {
        for (number, attempt) in (1..).zip(&action.attempts) {
            trace.add(Span {
                name: action.name.clone(),
                start: Duration::from_millis(attempt.started_ms),
                duration: Duration::from_millis(attempt.duration_ms),
                slot: attempt.slot,
                status: attempt.status.unwrap_or(JobStatus::Unknown).to_string(),
                ending: Some(attempt.ending.clone()).filter(|it| !it.is_empty()),
                reason: Some(action.reason.clone()).filter(|it| !it.is_empty()),
                attempt: number,
            });
        }
    }
    trace
}

/// Returns a test case for each action that ran, or was to run.
pub(super) fn junit(run: &RecordedRun) -> Junit {
    let mut suite = TestSuite::new("walk");
    for action in &run.actions {
        let mut case = TestCase::new(action.name.as_str(), status(action));
        case.set_classname(action.name.split(':').next().unwrap_or_default());
        case.set_time(action.duration());
        if let Some(output) = action.last().and_then(|it| it.output.as_deref()) {
            case.set_system_out(output);
        }
        suite.add_test_case(case);
    }
    suite.set_time(run.duration());
    let mut junit = Junit::new("walk");
    junit.set_time(run.duration()).add_test_suite(suite);
    junit
}

fn status(action: &RecordedAction) -> TestCaseStatus {
    let skipped = |message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    match (&action.blocked, action.status()) {
        (Some(reason), _) => skipped(reason),
        (None, None) => skipped("the run ended before"),
        (None, Some(status)) if status.is_success() => TestCaseStatus::success(),
        (None, Some(status)) => {
            let ending = action.last().map_or("", |it| &it.ending);
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(ending).set_type(status.to_string());
            failure
        }
    }
}
