//! What every run leaves behind, and the questions that it answers: `runs`, `why --last`,
//! `why --run`, `diff`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::project::{Project, timeless};

/// A header that a script makes, and two that read it.
fn project() -> Project {
    let project = Project::new(
        "[action.gen]\nrun = \"cat gen.py > gen.h\"\nin = [\"gen.py\"]\nout = [\"gen.h\"]\n\
         [action.app]\nrun = \"cat gen.h > app\"\nin = [\"gen.h\"]\nout = [\"app\"]\n\
         [action.test]\nrun = \"grep -q good app\"\nin = [\"app\"]\n\
         [action.other]\nrun = \"cat other.c > other\"\nin = [\"other.c\"]\nout = [\"other\"]\n",
    );
    project.write("gen.py", "good\n");
    project.write("other.c", "1\n");
    project
}

fn records(project: &Project) -> usize {
    fs::read_dir(project.path(".walk/runs")).map_or(0, Iterator::count)
}

#[test]
fn a_run_with_something_to_do_is_recorded_and_no_other() {
    let project = project();
    project.walk("plan").expect(0);
    assert_eq!(records(&project), 0);
    project.walk("-j1").expect(0);
    project.walk("-j1").expect(0);
    project.walk("-n -B").expect(0);
    assert_eq!(records(&project), 1);
    // Only a part of the graph is walked.
    project.write("other.c", "2\n");
    project.walk("-j1").expect(0);
    assert_eq!(records(&project), 2);
    let mode = |path: &str| {
        let file = fs::metadata(project.path(path)).expect("it is there");
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode(".walk/runs"), mode(".walk/runs/000001.jsonl")), (0o700, 0o600));
    let listed = timeless(&project.walk("runs").expect(0));
    assert!(listed.contains("ok 4 in 0.00s") && listed.contains("ok 1, up to date 3"), "{listed}");
}

#[test]
fn the_first_cause_is_named() {
    let project = project();
    project.walk("-j1").expect(0);
    project.write("gen.py", "good, and better\n");
    project.write("other.c", "2\n");
    project.walk("-j1").expect(0);
    let why = project.walk("why --last test").expect(0);
    let chain = [
        "app changed",
        "which app made, because: gen.h changed",
        "which gen made, because: gen.py changed",
    ];
    assert!(chain.iter().all(|it| why.contains(it)), "{why}");
    let whole = project.walk("why --run last").expect(0);
    assert!(whole.contains("gen   gen.py changed\n    and because of it: app, test\n"), "{whole}");
    assert!(whole.contains("other   other.c changed\n"), "{whole}");
    let now = project.walk("why test").expect(0);
    assert!(
        now.contains("test is up to date") && chain[1..].iter().all(|it| now.contains(it)),
        "{now}"
    );
}

#[test]
fn a_record_answers_what_the_project_no_longer_does() {
    let project = project();
    project.walk("-j1").expect(0);
    project.write("gen.py", "good again\n");
    project.walk("-j1").expect(0);
    fs::remove_file(project.path("gen.py")).expect("it is there");
    let why = project.walk("why --last other").expect(0);
    assert!(why.contains("other ran in run 1") && why.contains("no earlier success"), "{why}");
    let why = project.walk("why --run 2 other").expect(0);
    assert!(why.contains("other did not run in run 2: it was up to date"), "{why}");
    // By what it makes.
    let why = project.walk("why --run -2 gen.h").expect(0);
    assert!(why.contains("gen ran in run 1"), "{why}");
}

#[test]
fn what_did_not_run_is_told_with_the_failure_before_it() {
    let project = project();
    project.write("gen.py", "bad\n");
    project.write(
        "walk.toml",
        &(project.read("walk.toml") + "[action.all]\nrun = \"true\"\ndeps = [\"test\"]\n"),
    );
    project.walk("-j1 -k").expect(1);
    let why = project.walk("why --last all").expect(0);
    let expected =
        "all did not run in run 1, just now: `test` failed\n  test ran for 0.00: exit 1\n";
    assert_eq!(timeless(&why).replace("0.00s:", "0.00:"), expected);
    let whole = project.walk("why --run 1").expect(0);
    assert!(whole.contains("  not run: all\n"), "{whole}");
}

#[test]
fn what_failed_is_neither_blamed_for_others_nor_in_the_way_of_a_chain() {
    let project = project();
    // The name of one that failed is a part of the name of another.
    let manifest = "[action.a]\nrun = \"exit 4\"\n[action.bad]\nrun = \"exit 3\"\n\
                    [action.below]\nrun = \"true\"\ndeps = [\"bad\"]\n";
    let others = project.read("walk.toml");
    let others = others.strip_prefix("[walk]\nversion = 1\n").expect("it begins so");
    project.write("walk.toml", &format!("[walk]\nversion = 1\n{manifest}{others}"));
    project.walk("-j1 -k").expect(1);
    project.write("gen.py", "good, and better\n");
    project.walk("-j1 -k").expect(1);
    let why = project.walk("why --last below").expect(0);
    assert!(why.contains("bad ran for") && !why.contains("  a ran for"), "{why}");
    let whole = project.walk("why --run last").expect(0);
    assert!(whole.contains("and because of it: app, test\n"), "{whole}");
}

#[test]
fn a_record_that_makes_no_sense_is_answered_nevertheless() {
    let project = project();
    let twice = |id: usize, needs: &str| {
        format!(
            "{{\"v\":1,\"event\":\"queued\",\"time_ms\":6,\"action\":\"a\",\"id\":{id},\
             \"needs\":[{needs}],\"elements\":[{{\"element\":\"result a\"}}]}}\n"
        )
    };
    let start = "{\"v\":1,\"event\":\"run-started\",\"time_ms\":5,\"run\":1}\n";
    project.write(".walk/runs/000001.jsonl", &[start, &twice(0, ""), &twice(1, "0")].concat());
    let why = project.walk("why --last a").expect(0);
    assert!(!why.contains("which a made"), "{why}");
    project.walk("why --run 1").expect(0);
}

#[test]
fn two_runs_are_compared() {
    let project = project();
    project.write("gen.py", "bad\n");
    project.walk("-j1 -k").expect(1);
    project.write("gen.py", "good\n");
    project.walk("-j1 -k").expect(0);
    let diff = project.walk("diff").expect(0);
    for part in [
        "- run 1  ",
        "+ run 2  ",
        "succeeded, and had not\n  test   was: exit 1\n",
        "only in run 1\n  other ",
    ] {
        assert!(diff.contains(part), "{diff}");
    }
    let back = project.walk("diff last 1").expect(0);
    assert!(back.contains("failed, and had not\n  test   exit 1\n"), "{back}");
    assert!(back.contains("only in run 1\n  other   no earlier success on record\n"), "{back}");
}

#[test]
fn a_run_that_is_not_there_is_refused_with_those_that_are() {
    let project = project();
    let check = |args: &str, expected: &str| {
        let error = project.walk(args).complains(2);
        assert!(error.contains(expected), "{args}: {error}");
    };
    check("why --last gen", "no run is recorded in `.walk`: nothing has run yet");
    project.walk("-j1").expect(0);
    check("diff", "no run -2 is recorded in `.walk`: the only one is 1");
    check("why --run 7", "no run 7 is recorded in `.walk`: the only one is 1");
    check("why --run first", "a run is a number, `last`, or `-2`");
    check(
        "why --last nothing",
        "`nothing` ran in no recorded run: `walk runs` lists them, 1 in all",
    );
    check("why", "required arguments were not provided");
    fs::write(project.path(".walk/runs/000002.jsonl"), "no\nrecord\n").expect("it can be written");
    let error = project.walk("why --run 2").complains(74);
    assert!(error.contains("000002.jsonl`: line 1 is none of a record"), "{error}");
}

/// What a killed run was at was in none of the lists.
#[test]
fn what_a_killed_run_was_at_is_a_difference() {
    let project = Project::new("[action.a]\nrun = \"echo > up; cat go\"\nalways = true\n");
    project.write("go", "");
    project.walk("").expect(0);
    for name in ["up", "go"] {
        fs::remove_file(project.path(name)).expect("it is there");
        project.fifo(name);
    }
    let running = project.start("");
    project.await_fifo("up");
    running.signal(Signal::KILL);
    running.wait();
    let diff = project.walk("diff").expect(0);
    assert!(diff.contains("failed, and had not") && diff.contains("a   not ended"), "{diff}");
}

#[test]
fn while_a_run_goes_on_its_record_says_what_is_waited_for() {
    let project = Project::new(
        "[queues]\none = 1\n\
         [action.first]\nrun = \"echo > started; cat go\"\nqueue = \"one\"\n\
         [action.second]\nrun = \"true\"\nqueue = \"one\"\n\
         [action.third]\nrun = \"true\"\ndeps = [\"first\"]\n\
         [action.fourth]\nrun = \"true\"\ndeps = [\"third\"]\n\
         [action.done]\nrun = \"true\"\n",
    );
    project.walk("done").expect(0);
    project.fifo("started");
    project.fifo("go");
    let running = project.start("");
    project.await_fifo("started");
    assert!(project.walk("runs").expect(0).contains("still running"));
    let why = project.walk("why --last first").expect(0);
    assert!(why.contains("first runs in run 2, just now, for "), "{why}");
    assert!(!why.contains("it did not end"), "{why}");
    let why = project.walk("why --run last second").expect(0);
    assert!(why.contains("second waits for tokens of the queue one"), "{why}");
    let why = project.walk("why --run last third").expect(0);
    assert_eq!(why, "third waits in run 2 for first\n");
    assert_eq!(
        project.walk("why --run last fourth").expect(0),
        "fourth waits in run 2 for first\n"
    );
    let done = project.walk("why --run last done").expect(0);
    assert_eq!(done, "done waits for nothing: it is up to date, or not asked for\n");
    running.signal(Signal::KILL);
    running.wait();
    let why = project.walk("why --last first").expect(0);
    assert!(why.contains("first ran in run 2, just now: it did not end\n"), "{why}");
    let why = project.walk("why --run last third").expect(0);
    assert!(why.contains("which was killed meanwhile\n  not ended: first, second"), "{why}");
    assert!(project.walk("runs").expect(0).contains("killed, last heard of after"));
}

#[test]
fn what_an_action_wrote_and_no_secret_is_recorded() {
    let project = Project::new(
        "[env]\nsecret = [\"TOKEN\"]\n[action.talk]\nrun = \"echo said $TOKEN; exit 1\"\n",
    );
    let done = project.command("").env("TOKEN", "hunter2").output().expect("it runs");
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let record = project.read(".walk/runs/000001.jsonl");
    assert!(record.contains("\"output\":\"said ") && !record.contains("hunter2"), "{record}");
}

#[test]
fn a_run_that_cannot_be_recorded_goes_on() {
    let project = project();
    project.walk("-j1").expect(0);
    fs::remove_dir_all(project.path(".walk/runs")).expect("it is there");
    fs::write(project.path(".walk/runs"), "").expect("it can be written");
    project.write("other.c", "2\n");
    let done = project.walk("-j1");
    assert!(done.err.contains("this run is not recorded"), "{done:#?}");
    done.expect(0);
    assert_eq!(project.read("other"), "2\n");
}

#[test]
fn a_report_is_written_of_any_run() {
    let project = project();
    let none = project.walk("report").complains(2);
    assert!(none.contains("no run is recorded in `.walk`: nothing has run yet"), "{none}");
    project.walk("-j1 --events events.jsonl").expect(0);
    project.write("other.c", "2\n");
    project.walk("-j1").expect(0);
    assert_eq!(project.walk("report").expect(0), "walk-report.html\n");
    let last = project.read("walk-report.html");
    assert!(last.contains("\"number\":2") && last.contains("\"name\":\"other\""));
    assert!(!last.contains("\"name\":\"gen\""), "it was up to date");
    assert!(last.contains("input other.c"), "the elements of its fingerprint are still known");
    assert_eq!(project.walk("report -2 --output first.html").expect(0), "first.html\n");
    assert!(project.read("first.html").contains("\"number\":1"));
    let told = project.walk("report events.jsonl -o -").expect(0);
    assert!(told.starts_with("<!doctype html>") && told.contains("\"name\":\"gen\""));
    let error = project.walk("report walk.toml").complains(74);
    assert!(error.contains("walk.toml`: line 1 is none of a record"), "{error}");
    let error = project.walk("report nonsense").complains(2);
    assert!(error.contains("`nonsense` is neither a file nor a run"), "{error}");
    let error = project.walk("report -o no/such/place.html").complains(74);
    assert!(error.contains("cannot write `no/such/place.html`"), "{error}");
}

#[test]
fn what_runs_under_the_name_of_ninja_is_recorded_too() {
    let project = Project::empty();
    project.write(
        "build.ninja",
        "rule cat\n  command = cat $in > $out\nbuild mid: cat source\nbuild end: cat mid\n",
    );
    project.write("source", "1\n");
    let ninja = project.path("ninja");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_walk"), &ninja).expect("a link");
    let build = || project.command_at(&ninja, "-j1").output().expect("it runs");
    assert!(build().status.success() && build().status.success());
    assert_eq!(records(&project), 1, "the second had nothing to do");
    project.write("source", "2\n");
    assert!(build().status.success());
    let why = project.walk("why --last end").expect(0);
    assert!(
        why.contains("ran in run 2") && why.contains("which mid made, because: source changed"),
        "{why}"
    );
    let listed = timeless(&project.walk("runs").expect(0));
    assert_eq!(listed.matches("ok 2 in 0.00s").count(), 2, "{listed}");
}

#[test]
fn a_record_gives_what_other_programs_read() {
    let project = project();
    project.write("gen.py", "bad\n");
    project.walk("-j1 -k --trace trace.json --junit junit.xml --events events.jsonl").expect(1);
    assert_eq!(project.walk("report --format trace").expect(0), "walk-trace.json\n");
    let spans = |path: &str| {
        let trace: serde_json::Value = serde_json::from_str(&project.read(path)).expect("JSON");
        let events = trace["traceEvents"].as_array().expect("a list").clone();
        let told = |it: &serde_json::Value| {
            [&it["name"], &it["tid"], &it["args"]["status"]].map(ToString::to_string)
        };
        events.iter().filter(|it| it["ph"] == "X").map(told).collect::<Vec<_>>()
    };
    assert_eq!(spans("walk-trace.json"), spans("trace.json"));
    let junit = project.walk("report --format junit -o -").expect(0);
    assert!(junit.contains("tests=\"4\"") && junit.contains("message=\"exit 1\""), "{junit}");
    let events = project.walk("report last --format events -o -").expect(0);
    let count = |text: &str, event: &str| text.matches(&format!("\"event\":\"{event}\"")).count();
    for event in ["run-started", "queued", "started", "finished", "run-finished"] {
        assert_eq!(count(&events, event), count(&project.read("events.jsonl"), event), "{event}");
    }
    let error = project.walk("report -o - --open").complains(2);
    assert!(error.contains("--open shows a file"), "{error}");
}

#[test]
fn what_was_interrupted_is_told_in_words() {
    let project = Project::new("[action.long]\nrun = \"echo > started; sleep 1000\"\n");
    project.fifo("started");
    let running = project.start("");
    project.await_fifo("started");
    running.signal(Signal::INT);
    assert_eq!(running.wait().code, 130);
    let why = timeless(&project.walk("why --last long").expect(0));
    assert!(why.contains("long ran in run 1") && why.contains(": interrupted\n"), "{why}");
    assert!(project.walk("runs").expect(0).contains("stopped 1"));
}

/// Without `-k` nothing more is started after a failure: what waited by then did not run.
#[test]
fn what_was_not_started_after_a_failure_was_told_as_if_it_had_run() {
    let project = Project::new(
        "[action.fails]\nin = [\"in\"]\nrun = \"exit 1\"\npriority = 1\n\
         [action.waits]\nin = [\"in\"]\nrun = \"true\"\n",
    );
    project.write("in", "");
    project.walk("-j1").expect(1);
    let told = project.walk("why --run 1").expect(0);
    assert!(told.contains("  not run: waits"), "{told}");
    assert_eq!(told.matches("waits").count(), 1, "{told}");
}
