//! How commands end, and what is left behind (P1, P2, S5, S8 as seen from a plan).

use walk_core::Interrupt;
use walk_core::JobStatus::{Failure, ForceFail, NotReady, Success};
use walk_plan::Options;

use super::project::{Project, names};

/// P1: 75 is not ready, everything else but 0 a failure, 125 and 126 included.
#[test]
fn exit_codes_are_statuses() {
    let check = |code: i32, expected| {
        let project = Project::new(&format!("[action.a]\nrun = 'exit {code}'\n"));
        assert_eq!(project.walk().status("a"), Some(expected), "exit {code}");
    };
    check(0, Success);
    check(1, Failure);
    check(75, NotReady);
    check(125, Failure);
    check(126, Failure);
}

/// P2: a program that does not exist is a failure that names it.
#[test]
fn a_missing_program_is_a_failure_that_names_it() {
    let project = Project::new("[action.a]\nrun = ['no-such-program-here']\n");
    let walked = project.walk();
    assert_eq!(walked.status("a"), Some(Failure));
    assert!(walked.ending("a").contains("no-such-program-here"), "{}", walked.ending("a"));
}

#[test]
fn a_missing_output_is_a_failure() {
    let project = Project::new("[action.a]\nrun = 'true'\nout = ['x', 'y']\n");
    let walked = project.walk();
    assert_eq!(walked.status("a"), Some(Failure));
    assert!(walked.ending("a").contains('`') && walked.ending("a").contains("not made"));
}

/// What a failed action wrote to its outputs is removed, what it did not touch stays.
#[test]
fn half_made_outputs_are_removed() {
    let manifest = |keep: &str| {
        format!(
            "[action.a]\nrun = 'echo half > new; echo half > old; exit 3'\nout = ['new', 'old', 'untouched']\n{keep}"
        )
    };
    let project = Project::new(&manifest(""));
    project.write("old", "before");
    project.write("untouched", "before");
    let walked = project.walk();
    assert_eq!(walked.ending("a"), "exit 3");
    assert!(!project.exists("new") && !project.exists("old") && project.exists("untouched"));

    project.manifest(&manifest("keep-failed = true\n"));
    project.walk();
    assert!(project.exists("new") && project.exists("old"));
}

/// F4: what needs a failed action does not run, what does not need it does.
#[test]
fn what_needs_a_failure_does_not_run() {
    let project = Project::new(
        r#"
[action.bad]
run = "false"
out = ["x"]
[action.below]
run = "true"
in = ["x"]
[action.beside]
run = "true"
"#,
    );
    let walked = project.walk();
    assert_eq!(walked.status("below"), Some(ForceFail));
    assert_eq!(walked.status("beside"), Some(Success));
}

/// A death of a signal is the exit of a shell that saw it: the same with and without one.
#[test]
fn a_retry_after_a_signal_depended_on_whether_a_shell_was_there() {
    let check = |run: &str| {
        let project = Project::new(&format!(
            "[action.a]\nrun = {run}\nin = ['die']\nretry = {{ times = 2, delay = '1ms', on = [137] }}\n"
        ));
        project.write("die", "echo again >> log; kill -9 $$");
        project.walk();
        assert_eq!(project.read("log"), "again\n".repeat(3), "{run}");
    };
    check("'sh die'");
    check("'sh die; exit $?'");
    check("['sh', 'die']");
}

/// A retry runs the command again, which is told how often it was tried.
#[test]
fn a_failure_is_tried_again() {
    let check = |retry: &str, expected: &str| {
        let project = Project::new(&format!(
            "[action.a]\nrun = 'echo $WALK_ACTION $WALK_ATTEMPT >> log; test $WALK_ATTEMPT = 3 || exit 7'\nretry = {retry}\n"
        ));
        project.walk();
        assert_eq!(project.read("log"), expected, "{retry}");
    };
    check("{ times = 2, delay = '1ms' }", "a 1\na 2\na 3\n");
    check("{ times = 1, delay = '1ms', factor = 2.0 }", "a 1\na 2\n");
    check("{ times = 2, delay = '1ms', on = [7] }", "a 1\na 2\na 3\n");
    check("{ times = 2, delay = '1ms', on = [8] }", "a 1\n");
}

/// S5: a command that takes too long is a failure that says so.
#[test]
fn a_command_that_takes_too_long_is_interrupted() {
    let project = Project::new(
        "[action.a]\nrun = 'echo half > x; exec sleep 60'\nout = ['x']\ntimeout = '200ms'\n",
    );
    let walked = project.walk();
    assert_eq!(walked.status("a"), Some(Failure));
    assert!(walked.ending("a").contains("timeout"), "{}", walked.ending("a"));
    assert!(!project.exists("x"));
}

/// S7: a walk that is stopped before it began starts nothing.
#[test]
fn a_stopped_walk_starts_nothing() {
    let project = Project::new("[action.a]\nrun = 'touch ran'\n");
    let mut options = Options::default();
    options.interrupt = Interrupt::default();
    options.interrupt.trigger();
    let walked = project.walk_with(options);
    assert!(walked.report.is_interrupted());
    assert_eq!(walked.status("a"), None);
    assert!(!project.exists("ran"));
}

/// What a command writes is kept whole; a log that is empty is none.
#[test]
fn output_is_kept_whole_and_only_if_there_is_any() {
    let project = Project::new(
        "[action.quiet]\nrun = 'true'\n[action.loud]\nrun = 'seq 1 200000; echo err >&2'\n",
    );
    project.walk();
    let log = std::fs::read_to_string(project.state().log("loud")).expect("there is a log");
    assert_eq!(log.lines().count(), 200_001);
    assert!(log.ends_with("200000\nerr\n"));
    assert_eq!(names(&project.path(".walk/logs")), ["loud.log"]);
    assert!(!project.note("quiet").has_log && project.note("loud").has_log);
}

/// The state directory marks itself as something to leave out.
#[test]
fn the_state_directory_marks_itself() {
    let project = Project::new("[action.a]\nrun = 'true'\n");
    project.walk();
    assert_eq!(project.read(".walk/.gitignore"), "*\n");
    assert!(
        project
            .read(".walk/CACHEDIR.TAG")
            .starts_with("Signature: 8a477f597d28d172789f06886806bc55")
    );
}

/// A program that is named by a path is found from the root, wherever the command runs.
#[test]
fn a_program_is_named_from_the_root_and_runs_in_its_directory() {
    let project = Project::new(
        "[action.a]\nrun = ['sh', '-c', 'ls']\ncwd = 'tests'\n\
         [action.b]\nrun = ['tests/run.sh']\ncwd = 'tests'\nafter = ['a']\n",
    );
    project.write("tests/run.sh", "#!/bin/sh\npwd > where\n");
    let script = project.path("tests/run.sh");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(script, mode).expect("it can be made executable");
    project.check(&["a", "b"]);
    assert!(project.read("tests/where").trim().ends_with("tests"));
}

/// What a failed action changed deep in a directory that it makes is not kept.
#[test]
fn a_directory_that_a_failure_changed_is_removed() {
    let project = Project::new(
        "[action.a]\nrun = 'mkdir -p o/sub; cat in > o/sub/f; test $(cat in) = good'\nin = ['in']\nout = ['o']\n",
    );
    project.write("in", "good");
    project.check(&["a"]);
    project.write("in", "bad");
    project.walk();
    assert!(!project.exists("o"));
}

/// A failed attempt that waits to be tried again when the walk stops is remembered.
#[test]
fn a_failure_that_waits_for_its_next_attempt_is_remembered() {
    let project = Project::new(
        "[action.a]\nrun = 'exit 7'\nretry = { times = 1, delay = '1h' }\n\
         [action.b]\nrun = 'exit 8'\nafter = ['c']\n[action.c]\nrun = 'true'\n",
    );
    let mut options = Options::default();
    options.max_failures = std::num::NonZeroU32::new(1);
    let walked = project.walk_with(options);
    assert_eq!(walked.status("a"), Some(Failure));
    assert_eq!(walked.ending("a"), "exit 7");
    assert_eq!(project.note("a").ending.as_deref(), Some("exit 7"));
}

/// What passed on a retry is remembered as flaky, over runs; what passed at once is not.
#[test]
fn flaky_runs_are_counted_over_walks() {
    let project = Project::new(
        "[action.a]\nrun = 'test $WALK_ATTEMPT = 2 || test -e steady'\nalways = true\n\
         retry = { times = 1, delay = '1ms' }\n",
    );
    project.walk();
    let note = project.note("a");
    assert!(note.is_flaky);
    assert_eq!((note.history.recently_flaky(), note.history.flaky()), ((1, 1), 1));
    project.write("steady", "");
    project.walk();
    let note = project.note("a");
    assert!(!note.is_flaky);
    assert_eq!((note.history.recently_flaky(), note.history.runs()), ((1, 2), 2));
    assert_eq!(note.history.durations().len(), 2);
}

/// To be asked to come back later is no failure, and to succeed then is not flaky.
#[test]
fn who_was_not_ready_at_first_is_not_flaky() {
    let project = Project::new(
        "[action.a]\nrun = 'test $WALK_ATTEMPT = 2 || exit 75'\n\
         retry = { times = 1, delay = '1ms' }\n",
    );
    project.walk();
    let note = project.note("a");
    assert_eq!((note.is_flaky, note.attempts, note.history.flaky()), (false, 2, 0));
}

/// A failure leaves what is known of how long the action usually takes.
#[test]
fn failures_count_as_runs_and_not_in_what_is_usual() {
    let project = Project::new("[action.a]\nrun = 'test ! -e bad'\nalways = true\n");
    project.walk();
    project.write("bad", "");
    project.walk();
    let history = project.note("a").history;
    assert_eq!((history.runs(), history.durations().len()), (2, 1));
    let histories = project.state().histories().expect("it can be read");
    assert_eq!(histories, [("a".to_owned(), history)]);
}
