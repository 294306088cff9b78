//! What is said of why something runs, or ran, is true, and the same wherever it is said; so are
//! the numbers.

use rustix::process::Signal;

use crate::ninja::Ninja;
use crate::project::{Project, timeless};

/// One output, which is made only where there is a file `good`.
const PICKY: &str = "[action.a]\nrun = \"test -e good; echo > {out}\"\nout = [\"out\"]\n";

fn walked() -> Project {
    let project = Project::new(PICKY);
    project.write("good", "");
    project.walk("").expect(0);
    project
}

/// What `status` says of the action `a`.
fn status(project: &Project) -> String {
    let out = project.walk("status").expect(1);
    let line = out.lines().next().unwrap_or_default();
    line.strip_prefix("stale a   ").unwrap_or(line).to_owned()
}

#[test]
fn after_a_failure_no_earlier_success_was_said_to_be_on_record() {
    let project = walked();
    std::fs::remove_file(project.path("good")).expect("it is there");
    project.walk("-B").expect(1);
    assert_eq!(status(&project), "it failed last time");
    let why = project.walk("why a").expect(0);
    assert!(why.starts_with("a would run: it failed last time\n  last ran "), "{why}");
    assert!(why.ends_with(": exit 1\n  because: forced\n"), "{why}");
    project.write("good", "");
    let again = timeless(&project.walk("--explain").expect(0));
    assert!(again.contains("   it failed last time\n"), "{again}");
    let why = project.walk("why a").expect(0);
    assert!(why.ends_with(": ok\n  because: it failed the time before\n"), "{why}");
}

#[test]
fn after_an_interruption_no_earlier_success_was_said_to_be_on_record() {
    let project = Project::new(
        "[action.a]\nrun = \"echo > ready; sleep 60; echo > {out}\"\nout = [\"out\"]\n",
    );
    project.fifo("ready");
    for (signal, expected) in
        [(Signal::INT, "it was interrupted last time"), (Signal::KILL, "it did not end last time")]
    {
        let running = project.start("");
        project.await_fifo("ready");
        running.signal(signal);
        assert!(running.wait().code > 128);
        assert_eq!(status(&project), expected);
        let list = project.walk("list").expect(0);
        assert!(list.starts_with(" stop  a ") && !list.contains("days"), "{list}");
    }
    let why = project.walk("why a").expect(0);
    assert!(why.contains("\n  last ran just now: it did not end\n"), "{why}");
    assert!(why.ends_with("  because: it was interrupted the time before\n"), "{why}");
}

#[test]
fn after_a_clean_no_earlier_success_was_said_to_be_on_record() {
    let project = walked();
    assert_eq!(project.walk("clean --all").expect(0), "removed out\n");
    assert_eq!(status(&project), "its outputs were removed by `walk clean`");
    assert_eq!(project.walk("list").expect(0), "    -  a\n");
    project.walk("clean --all").expect(0);
    assert_eq!(status(&project), "its outputs were removed by `walk clean`");
    project.walk("").expect(0);
    let why = project.walk("why a").expect(0);
    assert!(why.ends_with("because: its outputs were removed by `walk clean`\n"), "{why}");
}

#[test]
fn a_deleted_output_was_said_to_have_changed() {
    let project = walked();
    std::fs::remove_file(project.path("out")).expect("it was made");
    assert_eq!(status(&project), "output out is gone");
    project.walk("").expect(0);
    let why = project.walk("why a").expect(0);
    assert!(why.contains("\n  because: output out is gone\n    output out  "), "{why}");
}

/// As `CMake` has it for `install` and the like.
#[test]
fn what_never_makes_its_output_was_said_to_have_changed() {
    let ninja = Ninja::new(
        "rule util\n  command = true\n  restat = 1\nrule other\n  command = true\n\
         build a: util\nbuild b: other\n",
    );
    for _ in 0..2 {
        ninja.project.walk("").expect(0);
        let always = "it always runs, as it does not make its output";
        let expected = format!("stale a   {always}\nstale b   {always}\nstale 2\n");
        assert_eq!(ninja.project.walk("status").expect(1), expected);
    }
}

/// Aliases counted in some places, and in others not.
#[test]
fn counts_disagreed_about_aliases() {
    let ninja = Ninja::new(
        "rule cp\n  command = cp $in $out\nbuild a: cp in\nbuild one: phony a\n\
         build all: phony one\ndefault all\n",
    );
    ninja.project.write("in", "1");
    let walk = |args: &str| timeless(&ninja.project.walk(args).expect(0));
    assert!(walk("").ends_with("\nok 1 in 0.00s\n"));
    assert_eq!(walk("--junit report.xml --events events"), "up to date (1 action) in 0.00s\n");
    assert_eq!((walk("plan"), walk("status")), ("up to date 1\n".into(), "up to date 1\n".into()));
    assert!(walk("check").ends_with(": 1 action, 2 aliases, 2 dependencies\n"));
    assert!(ninja.project.read("report.xml").contains("tests=\"1\""));
    let events = ninja.project.read("events");
    assert!(events.contains("\"actions\":1,") && events.contains("\"up_to_date\":1,"), "{events}");
}

#[test]
fn aliases_were_counted_among_what_did_not_run() {
    let ninja = Ninja::new(
        "rule r\n  command = false\nbuild a: r\nbuild b: r a\nbuild all: phony b\ndefault all\n",
    );
    let out = timeless(&ninja.project.walk("").expect(1));
    assert!(out.contains("\nfailed 1, not run 1 in 0.00s\n"), "{out}");
    assert!(out.ends_with("   not run because of it: all (+1)\n"), "{out}");
}

/// They were said to stay, and ran in the next line.
#[test]
fn what_is_forced_does_not_stay() {
    let project = Project::new(
        "[action.a]\nrun = \"echo > {out}\"\nout = [\"a\"]\n\
         [action.b]\nrun = \"cp {in} {out}\"\nin = [\"a\"]\nout = [\"b\"]\n",
    );
    project.walk("").expect(0);
    let out = timeless(&project.walk("-B").expect(0));
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    assert!(lines[..2].iter().all(|it| it.ends_with("0.00s   output identical")), "{out}");
}

/// It looked as if the command had said so.
#[test]
fn what_stops_a_command_from_starting_is_said_by_ninja() {
    let ninja = Ninja::new("rule touch\n  command = touch $out\nbuild gen/a: touch\n");
    ninja.project.write("gen", "a file");
    let out = ninja.run("").expect(1);
    let expected = "FAILED: [code=1] gen/a \ntouch gen/a\nninja: not started: cannot create \
        directory `";
    assert!(out.contains(expected), "{out}");
    let out = ninja.project.walk("").expect(1);
    assert!(out.contains("   not started: cannot create directory `"), "{out}");
}

#[test]
fn what_had_the_terminal_was_said_to_have_written_nothing() {
    let project = Project::new("[action.a]\nrun = \"echo hello\"\ninteractive = true\n");
    assert_eq!(project.walk("log a").complains(0), "`a` has not run yet\n");
    project.walk("").expect(0);
    let expected = "`a` had the terminal for itself when it ran last: what it wrote went there and \
        was not kept\n";
    assert_eq!(project.walk("log a").complains(0), expected);
}
