//! The cases of e3-core's `walk_test.py`, each under its name.

use walk_core::JobStatus::{Failure, ForceFail, NotReady, Skip, Success};

use crate::fixture::Made::{Empty, Job};
use crate::fixture::{TestWalk, dag};

#[test]
fn good_job_no_predecessors() {
    let dag = dag(&[("1", &[])]);
    for mut walk in TestWalk::both() {
        walk.check(&dag, &[("1", Job, Success)]);
        assert!(walk.requeued.is_empty());
        if walk.fingerprints {
            walk.check(&dag, &[("1", Empty(Skip), Skip)]);
        }
    }
}

#[test]
fn bad_job_no_predecessors() {
    let dag = dag(&[("1.bad", &[])]);
    for mut walk in TestWalk::both() {
        for _ in 0..2 {
            walk.check(&dag, &[("1.bad", Job, Failure)]);
            assert!(walk.requeued.is_empty());
        }
    }
}

#[test]
fn failed_predecessor() {
    let dag = dag(&[("1.bad", &[]), ("2", &["1.bad"])]);
    for mut walk in TestWalk::both() {
        for _ in 0..2 {
            walk.check(&dag, &[("1.bad", Job, Failure), ("2", Empty(ForceFail), ForceFail)]);
            assert!(walk.requeued.is_empty());
        }
    }
}

#[test]
fn job_not_ready_then_ok() {
    let dag = dag(&[("1.notready:once", &[])]);
    for mut walk in TestWalk::both() {
        walk.check(&dag, &[("1.notready:once", Job, Success)]);
        assert_eq!(walk.requeued["1.notready:once"], 1);
        if walk.fingerprints {
            walk.check(&dag, &[("1.notready:once", Empty(Skip), Skip)]);
            assert!(walk.requeued.is_empty());
        }
    }
}

#[test]
fn job_never_ready() {
    let dag = dag(&[("1.notready:always", &[])]);
    for mut walk in TestWalk::both() {
        for _ in 0..2 {
            walk.check(&dag, &[("1.notready:always", Job, NotReady)]);
            assert_eq!(walk.requeued["1.notready:always"], 3);
        }
    }
}

#[test]
fn do_nothing_job() {
    let dag = dag(&[("1.do-nothing", &[]), ("2", &["1.do-nothing"])]);
    for mut walk in TestWalk::both() {
        walk.check(&dag, &[("1.do-nothing", Empty(Success), Success), ("2", Job, Success)]);
        if walk.fingerprints {
            walk.check(&dag, &[("1.do-nothing", Empty(Skip), Skip), ("2", Empty(Skip), Skip)]);
        }
    }
}

#[test]
fn source_deps() {
    let uids = ["1", "2", "3", "4", "5"];
    let dag = dag(&[("1", &[]), ("2", &["1"]), ("3", &[]), ("4", &["2", "3"]), ("5", &[])]);
    let mut walk = TestWalk::with_fingerprints();
    for uid in ["1", "2", "3"] {
        walk.sources.insert(uid.into(), format!("source of {uid}"));
    }
    let mut check = |changed: &[(&str, &str)], executed: &[&str]| {
        for (uid, content) in changed {
            walk.sources.insert((*uid).into(), (*content).into());
        }
        let expected = uids.map(|uid| {
            if executed.contains(&uid) { (uid, Job, Success) } else { (uid, Empty(Skip), Skip) }
        });
        walk.check(&dag, &expected);
        assert!(walk.requeued.is_empty());
    };
    check(&[], &uids);
    check(&[], &[]);
    check(&[("5", "appears")], &["5"]);
    check(&[], &[]);
    check(&[("1", "changed"), ("2", "changed")], &["1", "2", "4"]);
    check(&[("1", "changed again")], &["1", "2", "4"]);
}

#[test]
fn predecessor_with_no_fingerprint() {
    let dag = dag(&[
        ("1", &[]),
        ("2.no_fingerprint", &["1"]),
        ("3", &["2.no_fingerprint"]),
        ("4", &["3"]),
    ]);
    let mut walk = TestWalk::with_fingerprints();
    walk.check(
        &dag,
        &[
            ("1", Job, Success),
            ("2.no_fingerprint", Job, Success),
            ("3", Job, Success),
            ("4", Job, Success),
        ],
    );
    walk.check(
        &dag,
        &[
            ("1", Empty(Skip), Skip),
            ("2.no_fingerprint", Job, Success),
            ("3", Job, Success),
            ("4", Empty(Skip), Skip),
        ],
    );
}

#[test]
fn dry_run() {
    let both = dag(&[("1", &[]), ("2", &["1"])]);
    let one_only = dag(&[("1", &[])]);
    let mut walk = TestWalk::with_fingerprints();

    // What a dry run would execute is asked of `create_job`, which answers with nothing to
    // run: the log tells the two kinds of skip apart.
    let dry = |walk: &mut TestWalk, would_run: &[&str]| {
        walk.dry_run = true;
        walk.check(&both, &[("1", Empty(Skip), Skip), ("2", Empty(Skip), Skip)]);
        walk.dry_run = false;
        assert_eq!(walk.writes, ["commit"; 0], "a dry run writes nothing");
        let run: Vec<&str> =
            walk.log.iter().filter_map(|it| it.strip_suffix(": skip")?.get(8..)).collect();
        assert_eq!(run, would_run);
    };
    dry(&mut walk, &["1", "2"]);
    dry(&mut walk, &["1", "2"]);
    walk.check(&one_only, &[("1", Job, Success)]);
    dry(&mut walk, &["2"]);
    walk.check(&both, &[("1", Empty(Skip), Skip), ("2", Job, Success)]);
    dry(&mut walk, &[]);
}

#[test]
fn computing_fingerprint_after_job_done() {
    let download = "download.fingerprint_after_job";
    let dag = dag(&[(download, &[]), ("2", &[download])]);
    let mut walk = TestWalk::with_fingerprints();
    let content = |walk: &mut TestWalk, content: &str| {
        walk.store.insert(download.into(), content.into());
    };
    let all = [(download, Job, Success), ("2", Job, Success)];
    let download_only = [(download, Job, Success), ("2", Empty(Skip), Skip)];

    content(&mut walk, "first");
    walk.check(&dag, &all);
    walk.check(&dag, &download_only);
    content(&mut walk, "second");
    walk.check(&dag, &all);
    walk.sources.remove(download);
    walk.check(&dag, &download_only);
}

#[test]
fn job_depending_on_job_with_no_predicted_fingerprint_failed() {
    let bad = "fingerprint_after_job.bad";
    let dag = dag(&[(bad, &[]), ("2", &[bad])]);
    let mut walk = TestWalk::with_fingerprints();
    walk.check(&dag, &[(bad, Job, Failure), ("2", Empty(ForceFail), ForceFail)]);
    assert!(walk.requeued.is_empty());
}

#[test]
fn corrupted_fingerprint() {
    let dag = dag(&[
        ("1", &[]),
        ("2", &["1"]),
        ("3", &[]),
        ("4", &["2", "3"]),
        ("5", &["4"]),
        ("6", &[]),
    ]);
    let uids = ["1", "2", "3", "4", "5", "6"];
    let mut walk = TestWalk::with_fingerprints();
    walk.check(&dag, &uids.map(|uid| (uid, Job, Success)));

    std::fs::write(walk.saved_file("3"), "{").expect("it can be written");
    let expected = uids.map(|uid| match uid {
        "3" => (uid, Job, Success),
        _ => (uid, Empty(Skip), Skip),
    });
    walk.check(&dag, &expected);
    walk.check(&dag, &uids.map(|uid| (uid, Empty(Skip), Skip)));
}
