//! What fingerprints decide (F1 to F10), beyond the cases of e3.

use walk_core::JobStatus::{Failure, ForceFail, NotReady, Skip, Success, Unchanged};

use crate::fixture::Made::{Empty, Job};
use crate::fixture::{TestWalk, dag};

/// F5: `unchanged` is a success: its fingerprint is saved and its successors run.
#[test]
fn unchanged_counts_as_success() {
    let dag = dag(&[("1.unchanged", &[]), ("2", &["1.unchanged"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.check(&dag, &[("1.unchanged", Job, Unchanged), ("2", Job, Success)]);
    walk.check(&dag, &[("1.unchanged", Empty(Skip), Skip), ("2", Empty(Skip), Skip)]);
}

/// F6: what a failure keeps from running keeps its fingerprint, so after a revert only the
/// failed action runs again. In e3 everything below it does.
#[test]
fn fail_then_revert_rebuilds_nothing_below() {
    let good = dag(&[("1", &[]), ("2", &["1"]), ("3", &["2"])]);
    let mut walk = TestWalk::with_fingerprints();
    let uids = ["1", "2", "3"];
    walk.check(&good, &uids.map(|uid| (uid, Job, Success)));

    let broken = dag(&[("0.bad", &[]), ("1", &["0.bad"]), ("2", &["1"]), ("3", &["2"])]);
    walk.check(
        &broken,
        &[
            ("0.bad", Job, Failure),
            ("1", Empty(ForceFail), ForceFail),
            ("2", Empty(ForceFail), ForceFail),
            ("3", Empty(ForceFail), ForceFail),
        ],
    );
    walk.check(&good, &uids.map(|uid| (uid, Empty(Skip), Skip)));
}

/// F6: forgotten and committed before the start; F5: saved after the success.
#[test]
fn a_fingerprint_is_forgotten_durably_before_the_start_and_saved_after() {
    let dag = dag(&[("1", &[]), ("2", &["1"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.walk(&dag);
    let expected = [
        "forget 1", "commit", "start 1", "save 1", "forget 2", "commit", "start 2", "save 2",
        "commit",
    ];
    assert_eq!(walk.writes, expected);
}

/// F7: a fresh action writes nothing.
#[test]
fn a_second_walk_writes_nothing() {
    let dag = dag(&[("1", &[]), ("2", &["1"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.walk(&dag);
    walk.walk(&dag);
    assert_eq!(walk.writes, ["commit"; 0]);
}

/// F8: one that is never ready fails what depends on it.
#[test]
fn successors_of_a_job_that_is_never_ready_are_failed() {
    let dag = dag(&[("1.notready:always", &[]), ("2", &["1.notready:always"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.check(&dag, &[("1.notready:always", Job, NotReady), ("2", Empty(ForceFail), ForceFail)]);
}

/// S8: a panic is a failure with its text, and the run goes on.
#[test]
fn a_panic_is_a_failure_and_the_run_goes_on() {
    let dag = dag(&[("1.panic", &[]), ("2", &[]), ("3", &["1.panic"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.check(
        &dag,
        &[("1.panic", Job, Failure), ("2", Job, Success), ("3", Empty(ForceFail), ForceFail)],
    );
    let told = walk.log.iter().any(|it| it.contains("1.panic") && it.contains("as asked"));
    assert!(told, "the text of the panic is told: {:?}", walk.log);
}

/// D4: the same input gives the same log; the reasons say why each action runs.
#[test]
fn the_log_tells_the_reasons_in_a_stable_order() {
    let dag = dag(&[("b", &[]), ("a", &[]), ("c", &["b", "a"])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.walk(&dag);
    walk.sources.insert("b".into(), "new".into());
    walk.walk(&dag);
    let expected = [
        "queued b: changed: source",
        "skipped a: skip: up to date",
        "started b in slot 0",
        "finished b: success",
        "queued c: changed: pred:b",
        "started c in slot 0",
        "finished c: success",
    ];
    assert_eq!(walk.log, expected);
}
