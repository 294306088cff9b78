//! What is written for other programs: events, trace, `JUnit`.

use serde_json::Value;

use crate::project::Project;

fn project() -> Project {
    Project::new(
        "[action.good]\nrun = \"echo fine > {out}\"\nout = [\"good\"]\n\
         [action.bad]\nrun = \"echo broken; exit 3\"\n\
         [action.below]\nrun = \"true\"\ndeps = [\"bad\"]\n\
         [action.flaky]\nrun = \"test $WALK_ATTEMPT = 2\"\nretry = { times = 1 }\n",
    )
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect()
}

#[test]
fn events_are_json_lines() {
    let project = project();
    project.walk("-k -j1 --events events.jsonl").expect(1);
    let events = lines(&project.read("events.jsonl"));
    assert!(events.iter().all(|it| it["v"] == 1 && it["time_ms"].is_u64()));
    let told: Vec<String> = events
        .iter()
        .map(|it| {
            let word = |key: &str| it[key].as_str().unwrap_or("").to_owned();
            [word("event"), word("action"), word("status")].join(" ").trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    let of = |event: &str, action: &str| {
        let found = events.iter().find(|it| it["event"] == event && it["action"] == action);
        found.unwrap_or_else(|| panic!("{event} of {action}"))
    };
    let bad = of("finished", "bad");
    assert_eq!((&bad["exit"], &bad["ending"]), (&3.into(), &"exit 3".into()));
    assert!(bad["log"].as_str().is_some_and(|it| it.ends_with("bad.log")));
    assert_eq!(of("skipped", "below")["reason"], "`bad` failed");
    assert_eq!(of("requeued", "flaky")["attempt"], 1);
    let last = events.last().expect("there are some");
    assert_eq!(
        (&last["exit"], &last["ok"], &last["failed"], &last["not_run"]),
        (&1.into(), &2.into(), &1.into(), &1.into())
    );
}

#[test]
fn events_on_stdout_leave_people_stderr() {
    let project = project();
    let done = project.walk("good --events -");
    assert_eq!(lines(&done.out).len(), 5, "{done:#?}");
    assert!(done.err.contains("   ok  good"), "{done:#?}");
    let done = project.walk("good --events - -q");
    assert_eq!(lines(&done.out)[1]["event"], "skipped");
    assert_eq!(done.err, "");
}

#[test]
fn a_trace_has_a_row_for_each_slot() {
    let project = project();
    project.walk("-k -j1 --trace trace.json").expect(1);
    let trace: Value = serde_json::from_str(&project.read("trace.json")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("a list");
    let spans: Vec<&Value> = events.iter().filter(|it| it["ph"] == "X").collect();
    assert_eq!(spans.len(), 4);
    assert!(spans.iter().all(|it| it["ts"].is_u64() && it["dur"].is_u64() && it["tid"] == 0));
    assert!(events.iter().any(|it| it["ph"] == "M" && it["args"]["name"] == "slot 0"));
}

#[test]
fn junit_tells_failures_with_their_output() {
    let project = project();
    project.walk("good").expect(0);
    project.walk("-k --junit report.xml").expect(1);
    let report = project.read("report.xml");
    let expected = [
        "tests=\"4\" skipped=\"1\" failures=\"1\" errors=\"0\"",
        "<failure message=\"exit 3\" type=\"failure\"",
        "<system-out>broken",
        "<skipped message=\"`bad` failed\"",
        "<property name=\"walk\" value=\"up to date\"/>",
    ];
    for text in expected {
        assert!(report.contains(text), "{text} in {report}");
    }
}
