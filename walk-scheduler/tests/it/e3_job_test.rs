//! e3-core's `job_test.py`, by name. e3 asks a job for its status; here the outcome has it.

use walk_scheduler::{ExitProtocol, Job, JobContext, JobStatus, Process};

use crate::support::{Place, ending, nop, run};

/// A job that does nothing ends with the status that it was given. (That it need not be run at
/// all is `Decision::Done` in walk-core.)
#[test]
fn test_run_empty_job() {
    let outcome = run(nop());
    assert_eq!((outcome.status, outcome.slot), (JobStatus::Success, 0));
    assert_eq!(run(Job::new(|_: &JobContext| JobStatus::Skip)).status, JobStatus::Skip);
}

/// Before it ran a job has no status to ask for; no attempt was made.
#[test]
fn test_process_job_status_before_run() {
    assert_eq!(Job::new(Process::new("true")).get_attempt(), 0);
}

/// An exit code that the protocol does not know is a failure.
#[test]
fn test_invalid_job_status() {
    let place = Place::new();
    let outcome = run(Job::new(place.sh("exit 6").exit_protocol(ExitProtocol::E3)));
    assert_eq!((outcome.status, ending(&outcome).as_str()), (JobStatus::Failure, "exit 6"));
}

/// A process that has no exit code, having been killed, is a failure.
#[test]
fn test_none_job_status() {
    let place = Place::new();
    let outcome = run(Job::new(place.sh("kill -KILL $$").exit_protocol(ExitProtocol::E3)));
    assert_eq!(outcome.status, JobStatus::Failure);
    assert_eq!(ending(&outcome), "killed by SIGKILL (signal 9)");
}

/// A process that cannot be spawned is a failure, not "not ready".
#[test]
fn test_spawn_issue() {
    let outcome = run(Job::new(Process::new("/nonexistent/program").arg("x")));
    assert_eq!(outcome.status, JobStatus::Failure);
    let expected = "cannot run `/nonexistent/program x`: No such file or directory (os error 2)";
    assert_eq!(ending(&outcome), expected);
}
