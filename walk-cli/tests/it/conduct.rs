//! What passes only on a retry, and what takes longer than usual.

use serde_json::Value;

use crate::project::{Project, timeless};

fn flaky() -> Project {
    Project::new(
        "[action.io]\nrun = \"echo try $WALK_ATTEMPT; test -e steady || test $WALK_ATTEMPT = 2\"\n\
         always = true\nretry = { times = 2, delay = \"1ms\" }\n",
    )
}

#[test]
fn what_passed_on_a_retry_is_flaky_and_counted_over_walks() {
    let project = flaky();
    let out = timeless(&project.walk("").expect(0));
    assert!(out.contains("passed on attempt 2 of 3\n"), "{out}");
    assert!(out.ends_with("ok 1 (1 flaky) in 0.00s\n flaky: io\n"), "{out}");
    project.write("steady", "");
    let out = timeless(&project.walk("").expect(0));
    assert!(out.ends_with("\nok 1 in 0.00s\n"), "{out}");
    std::fs::remove_file(project.path("steady")).expect("it is there");
    let out = timeless(&project.walk("").expect(0));
    assert!(out.contains("flaky  io "), "{out}");
    assert!(out.contains("passed on attempt 2 of 3; 2 of its last 3 runs were\n"), "{out}");
    assert!(out.ends_with(" flaky: io (2 of its last 3 runs)\n"), "{out}");
    let list = project.walk("list").expect(0);
    assert!(list.contains("flaky  io "), "{list}");
    assert!(list.contains("flaky in 2 of its last 3 runs\n"), "{list}");
}

#[test]
fn records_know_what_was_flaky() {
    let project = flaky();
    project.walk("--events events.jsonl --junit report.xml").expect(0);
    let events = project.read("events.jsonl");
    let events: Vec<Value> =
        events.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let of = |event: &str| events.iter().find(|it| it["event"] == event).expect("it was told");
    assert_eq!(of("finished")["flaky"], true);
    assert_eq!(of("requeued")["flaky"], Value::Null);
    assert_eq!((&of("run-finished")["ok"], &of("run-finished")["flaky"]), (&1.into(), &1.into()));
    let report = project.read("report.xml");
    assert!(report.contains("failures=\"0\""), "{report}");
    assert!(report.contains("<flakyFailure ") && report.contains("message=\"exit 1\""), "{report}");
    assert!(report.contains("try 1\n") && report.contains("try 2\n"), "{report}");
}

#[test]
fn attempts_before_a_failure_are_reruns() {
    let project =
        Project::new("[action.a]\nrun = \"exit 3\"\nretry = { times = 1, delay = \"1ms\" }\n");
    project.walk("--junit report.xml").expect(1);
    let report = project.read("report.xml");
    assert!(report.contains("<failure ") && report.contains("<rerunFailure "), "{report}");
    assert!(!project.walk("list").expect(0).contains("flaky"));
}

#[test]
fn what_takes_longer_than_usual_is_said_twice() {
    let project =
        Project::new("[action.a]\nrun = \"test ! -e slow || sleep 2.5\"\nalways = true\n");
    for _ in 0..5 {
        let out = project.walk("").expect(0);
        assert!(!out.contains("slower"), "{out}");
    }
    project.write("slow", "");
    let out = project.walk("--events events.jsonl").expect(0);
    assert!(out.contains("s   slower than usual (0."), "{out}");
    let last = out.lines().last().expect("a line");
    assert!(last.starts_with(" slower than usual: a "), "{out}");
    assert!(last.contains("s, usually 0."), "{out}");
    assert!(project.read("events.jsonl").contains("\"usual_ms\":"));
}
