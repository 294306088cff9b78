//! The exit codes of the contract, each from the real process.

use crate::project::{Project, timeless};

#[test]
fn done_is_0() {
    let project = Project::new("[action.a]\nrun = \"echo hi > {out}\"\nout = [\"a\"]\n");
    assert_eq!(
        timeless(&project.walk("").expect(0)),
        "   ok  a                           0.00s\nok 1 in 0.00s\n"
    );
    assert_eq!(timeless(&project.walk("").expect(0)), "up to date (1 action) in 0.00s\n");
    assert_eq!(project.walk("-q").expect(0), "");
}

#[test]
fn a_failed_action_is_1_and_is_told_with_what_did_not_run() {
    let project = Project::new(
        "[action.bad]\nrun = \"echo no luck; exit 3\"\nout = [\"bad.o\"]\n\
         [action.app]\nrun = \"true\"\nin = [\"bad.o\"]\n\
         [action.check]\nrun = \"true\"\ndeps = [\"app\"]\n\
         [action.good]\nrun = \"true\"\n",
    );
    let done = project.walk("-k -j1");
    insta::assert_snapshot!(timeless(&done.expect(1)));
}

#[test]
fn without_k_the_first_failure_ends_the_run() {
    let project = Project::new(
        "[action.a]\nrun = \"exit 1\"\n[action.b]\nrun = \"true\"\n[action.c]\nrun = \"exit 1\"\n",
    );
    let out = project.walk("-j1").expect(1);
    assert!(out.contains("failed 1, not run 2 in"), "{out}");
    assert!(out.ends_with(" 2 more not started; -k goes on after failures\n"), "{out}");
    let out = project.walk("-j1 -k").expect(1);
    assert!(out.contains("failed 2, ok 1 in"), "{out}");
    let out = project.walk("-j1 -k=1 b c").expect(1);
    assert!(out.contains("failed 1, up to date 1 in"), "{out}");
}

#[test]
fn a_stale_status_is_1() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    project.walk("status").expect(1);
    assert_eq!(project.walk("status -q").expect(1), "");
    project.walk("").expect(0);
    project.walk("status -q").expect(0);
}

#[test]
fn wrong_usage_is_2() {
    let project = Project::new("[action.compile]\nrun = \"true\"\n");
    let check = |args: &str, expected: &str| {
        let err = project.walk(args).complains(2);
        assert!(err.contains(expected), "{args}: {err}");
    };
    check("--no-such-flag", "--no-such-flag");
    check("-j 0", "0 is not in");
    check("compil", "walk: no action or output is called `compil`; did you mean `compile`?");
    check("--set novalue", "name=value");
    check("-k list", "`--keep-going` before `list`");
    check("query path compile nothing", "nothing");
}

#[test]
fn no_manifest_is_2_and_names_what_was_looked_for_and_where() {
    let project = Project::empty();
    let err = project.walk("").complains(2);
    let place = project.path("").canonicalize().expect("it exists");
    for expected in ["walk.toml, walk.json, walk.jsonl and build.ninja", &*place.to_string_lossy()]
    {
        assert!(err.contains(expected.trim_end_matches('/')), "{err}");
    }
    let err = project.walk("-f none.toml").complains(2);
    assert!(err.contains("none.toml"), "{err}");
}

#[test]
fn a_manifest_further_up_is_named() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    project.write("sub/below/file", "");
    let err = project.walk("-C sub/below").complains(2);
    let place = project.path("").canonicalize().expect("it exists");
    let place = place.to_string_lossy();
    assert!(err.contains(&format!("further up: `-C {}`", place.trim_end_matches('/'))), "{err}");
    let err = project.walk("-C sub/none").complains(2);
    assert!(err.contains("sub/none` is no directory"), "{err}");
}

#[test]
fn an_unusable_state_is_74() {
    let project = Project::new("[action.a]\nrun = \"true\"\n");
    project.write("file", "");
    let err = project.walk("--state-dir file").complains(74);
    assert!(err.starts_with("walk: cannot create `file"), "{err}");
    let err = project.walk("--events none/events").complains(74);
    assert!(err.starts_with("walk: cannot write `none/events`"), "{err}");
}

#[test]
fn only_not_ready_is_75() {
    let project = Project::new("[action.a]\nrun = \"exit 75\"\n[action.b]\nrun = \"exit 1\"\n");
    let out = project.walk("a").expect(75);
    assert!(timeless(&out).contains(" a   not ready (exit 75) after 0.00s\n"), "{out}");
    project.walk("-k").expect(1);
}

#[test]
fn help_and_version_are_0() {
    let project = Project::empty();
    insta::assert_snapshot!(project.walk("--help").expect(0));
    assert!(project.walk("--version").expect(0).starts_with("walk "));
}

/// What was made for a source that is gone is no source: a wildcard does not match it.
#[test]
fn a_deleted_source_is_gone_from_what_was_linked() {
    let project = Project::new(
        "[action.compile]\nforeach = \"src/*.c\"\nrun = \"cp {file} {out}\"\nin = [\"{file}\"]\n\
         out = [\"build/{stem}.o\"]\n\
         [action.link]\nrun = \"cat {in} > {out}\"\nin = [\"build/*.o\"]\nout = [\"app\"]\n",
    );
    project.write("src/a.c", "a");
    project.write("src/b.c", "b");
    project.walk("").expect(0);
    assert_eq!(project.read("app"), "ab");
    std::fs::remove_file(project.path("src/b.c")).expect("it can be removed");
    project.walk("").expect(0);
    assert_eq!(project.read("app"), "a");
    assert!(project.walk("").expect(0).starts_with("up to date"));
    project.walk("clean").expect(0);
    assert!(!project.exists("build/b.o") && project.exists("build/a.o"));
    assert!(project.walk("").expect(0).starts_with("up to date"));
}
