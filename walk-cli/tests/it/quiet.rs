//! Runs that have nothing to do: answered from a memo, and the same as without it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use crate::ninja::Ninja;
use crate::project::Project;

const MANIFEST: &str = "[env]\ntrack = ['FLAVOR']\n[vars]\nx = '1'\n[action.a]\n\
    run = 'echo ${x} > a'\nout = ['a']\nin = ['in']\n[action.b]\nrun = 'cp a b'\nout = ['b']\nin = ['a']\n";

/// What tells a memo from the next one; nothing if there is none.
fn memo(project: &Project) -> Option<(u64, i64, i64)> {
    let found = fs::metadata(project.path(".walk/memo")).ok()?;
    Some((found.ino(), found.ctime(), found.ctime_nsec()))
}

/// Runs until there is a memo that stays: what was just written is read again for a while.
fn learn(project: &Project, mut run: impl FnMut()) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut before = None;
    loop {
        run();
        let now = memo(project);
        if now.is_some() && now == before {
            return;
        }
        assert!(Instant::now() < deadline, "no memo is made");
        before = now;
    }
}

fn without_time(text: &str) -> &str {
    text.split(" in ").next().unwrap_or_default()
}

#[test]
fn the_same_question_is_answered_from_the_memo() {
    let project = Project::new(MANIFEST);
    project.write("in", "");
    learn(&project, || drop(project.walk("").expect(0)));
    let known = memo(&project);
    for args in ["", "-v", "--explain", "--timeout 3s"] {
        let out = project.walk(args).expect(0);
        assert_eq!(without_time(&out), "up to date (2 actions)", "{args}");
    }
    assert_eq!(project.walk("-q").expect(0), "");
    assert_eq!(memo(&project), known);
    // The text of the manifest is not read: it has not changed.
    assert_eq!(without_time(&project.walk("a").expect(0)), "up to date (1 action)");
    assert_ne!(memo(&project), known);
}

#[test]
fn another_question_is_not() {
    let project = Project::new(MANIFEST);
    project.write("in", "");
    let check = |args: &str, flavor: &str, expected: &str| {
        learn(&project, || drop(project.walk("").expect(0)));
        let mut command = project.command(args);
        if !flavor.is_empty() {
            command.env("FLAVOR", flavor);
        }
        let done = command.output().expect("it runs");
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(out.contains(expected), "{args} {flavor}: {out}");
        project.walk("").expect(0);
    };
    check("--set x=2", "", "ok 2 ");
    check("-B", "", "ok 2 ");
    check("", "sweet", "ok 2 ");
    check("--events -", "", "\"event\"");
}

#[test]
fn what_is_wrong_by_now_is_said() {
    let project = Project::new(MANIFEST);
    project.write("in", "");
    learn(&project, || drop(project.walk("").expect(0)));
    project.write("walk.toml", "nonsense");
    project.walk("").complains(2);
    project.write("walk.toml", &format!("[walk]\nversion = 1\n{MANIFEST}"));
    learn(&project, || drop(project.walk("").expect(0)));
    fs::remove_file(project.path("in")).expect("it is there");
    project.walk("").complains(2);
}

#[test]
fn ninja_has_a_memo_too() {
    let rule = "rule cp\n  command = cp $in $out\n";
    let ninja = Ninja::new(&format!("{rule}build a: cp in\nbuild b: cp a\n"));
    ninja.project.write("in", "1");
    learn(&ninja.project, || drop(ninja.run("").expect(0)));
    let known = memo(&ninja.project);
    for args in ["", "-v", "-j7", "-k0"] {
        ninja.check(args, 0, "ninja: no work to do.\n");
    }
    ninja.check("--quiet", 0, "");
    assert_eq!(memo(&ninja.project), known);
    ninja.project.write("in", "2");
    ninja.check("a", 0, "[1/1] cp in a\n");
    ninja.check("", 0, "[1/1] cp a b\n");
    learn(&ninja.project, || drop(ninja.run("").expect(0)));
    let manifest = format!("{rule}build a: cp in\nbuild b: cp a\nbuild c: cp a\n");
    ninja.project.write("build.ninja", &manifest);
    ninja.check("", 0, "[1/1] cp a c\n");
}

#[test]
fn a_warning_of_ninja_was_said_only_once() {
    let ninja = Ninja::new("build a: phony a\nrule cp\n  command = cp $in $out\nbuild b: cp in\n");
    ninja.project.write("in", "1");
    for _ in 0..5 {
        let done = ninja.run("b");
        assert!(done.err.contains("names itself as an input"), "{done:?}");
    }
}

/// A walk that is up to date and has something to complain about does so each time.
#[test]
fn a_warning_was_said_only_once() {
    let project = Project::new(
        "[action.a]\nrun = \"echo 'a: b' > a.d; cp in a\"\nout = ['a']\nin = ['in']\n\
         depfile = 'a.d'\n[action.b]\nrun = 'cp a b'\nout = ['b']\nin = ['a']\n",
    );
    project.write("in", "1");
    project.write("b", "1");
    project.walk("").expect(0);
    for _ in 0..5 {
        let done = project.walk("");
        assert!(done.err.contains("warning"), "{done:?}");
    }
}
