//! P1 to P3: what becomes of a command's exit, output and surroundings.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use walk_scheduler::{
    ExitProtocol, JOB_ID, Job, JobContext, JobStatus, Output, Process, Stdin, Work,
};

use crate::support::{Place, ending, exists, run};

/// Runs a script; `expected` is the status under the plain protocol and e3's, and the ending.
fn check(script: &str, expected: (JobStatus, JobStatus, &str)) {
    let place = Place::new();
    let plain = run(Job::new(place.sh(script)));
    let e3 = run(Job::new(place.sh(script).exit_protocol(ExitProtocol::E3)));
    assert_eq!((plain.status, e3.status, ending(&plain).as_str()), expected, "{script}");
    assert_eq!(ending(&e3), expected.2, "{script}");
}

#[test]
fn p1_exit_codes_and_signals_become_statuses() {
    use JobStatus::{Failure, ForceFail, NotReady, Skip, Success, Unchanged, Unknown};
    check("exit 0", (Success, Success, "exit 0"));
    check("exit 1", (Failure, Failure, "exit 1"));
    check("exit 2", (Failure, Failure, "exit 2"));
    check("exit 75", (NotReady, NotReady, "exit 75"));
    check("exit 123", (Failure, ForceFail, "exit 123"));
    check("exit 124", (Failure, Unknown, "exit 124"));
    check("exit 125", (Failure, Skip, "exit 125"));
    check("exit 126", (Failure, Unchanged, "exit 126"));
    check("exit 127", (Failure, Failure, "exit 127"));
    check("exit 255", (Failure, Failure, "exit 255"));
    check("kill -SEGV $$", (Failure, Failure, "killed by SIGSEGV (signal 11)"));
    check("kill -TERM $$", (Failure, Failure, "killed by SIGTERM (signal 15)"));
    check("kill -40 $$", (Failure, Failure, "killed by signal 40"));
}

/// Runs a command that cannot run; `place` in `expected` stands for its directory.
fn check_spawn(change: impl Fn(&Place) -> Process, expected: &str) {
    let place = Place::new();
    fs::write(place.path("plain"), "").expect("ours");
    let outcome = run(Job::new(change(&place)));
    let root = place.path("").display().to_string();
    assert_eq!(outcome.status, JobStatus::Failure);
    assert_eq!(ending(&outcome), expected.replace("place/", &root));
}

#[test]
fn p2_what_cannot_be_spawned_is_a_failure_with_command_and_error() {
    const NONE: &str = "No such file or directory (os error 2)";
    let process = |it: &Place, program: &str| Process::new(program).current_dir(it.path("."));
    check_spawn(
        |it| process(it, "walk-no-such-program").args(["a", "b c"]),
        &format!("cannot run `walk-no-such-program a b c`: {NONE}"),
    );
    check_spawn(
        |it| process(it, "./plain"),
        "cannot run `./plain`: Permission denied (os error 13)",
    );
    check_spawn(
        |it| process(it, "plain").env("PATH", "."),
        "cannot run `plain`: Permission denied (os error 13)",
    );
    check_spawn(|it| process(it, "true").env("PATH", ""), &format!("cannot run `true`: {NONE}"));
    check_spawn(
        |it| Process::new("true").current_dir(it.path("none")),
        &format!("cannot run `true` in `place/none`: {NONE}"),
    );
    check_spawn(
        |it| process(it, "true").output(Output::File(it.path("none/output"))),
        &format!("cannot open `place/none/output` for the output of `true`: {NONE}"),
    );
}

#[test]
fn p2_a_long_command_is_shown_by_its_beginning() {
    let outcome = run(Job::new(Process::new("/none").arg("x".repeat(5000))));
    assert!(ending(&outcome).len() < 300);
    assert!(ending(&outcome).contains("xxx...`: No such file"), "{}", ending(&outcome));
}

#[test]
fn p3_the_child_leads_its_group_and_reads_nothing() {
    let place = Place::new();
    let script = "echo $$; cut -d' ' -f5 < /proc/$$/stat; cat; readlink /proc/$$/fd/0";
    assert_eq!(run(Job::new(place.sh(script))).status, JobStatus::Success);
    let output = place.read("output");
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[0], lines[1], "{output}");
    assert_eq!(lines[2..], ["/dev/null"]);
}

#[test]
fn p3_no_descriptor_of_ours_is_inherited() {
    let place = Place::new();
    let secret = place.path("secret");
    let _open = fs::File::create(&secret).expect("ours");
    let ours = |fd: &str| fs::read_link(format!("/proc/self/fd/{fd}")).ok();
    assert_eq!(run(Job::new(place.sh("ls -l /proc/$$/fd"))).status, JobStatus::Success);
    let output = place.read("output");
    assert!(!output.contains("secret"), "{output}");
    for line in output.lines().filter(|it| it.contains(" -> ")) {
        let (left, target) = line.split_once(" -> ").expect("filtered");
        let fd = left.rsplit(' ').next().expect("the name");
        let number: u32 = fd.parse().expect("a number");
        // What came from our own parent goes on to the child at the same number.
        let from_parent = ours(fd).is_some_and(|ours| ours.as_os_str() == target);
        assert!(number <= 2 || from_parent, "{line}");
        assert!(!target.starts_with("anon_inode"), "{line}");
    }
}

#[test]
fn p3_both_streams_go_to_one_file_in_order() {
    let place = Place::new();
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    fs::write(
        place.path("output"),
        "of an earlier attempt, and longer than the new one\n".repeat(9),
    )
    .expect("ours");
    run(Job::new(place.sh(script)));
    assert_eq!(place.read("output"), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
    run(Job::new(place.sh("echo to be emptied; : > output; echo short")));
    assert_eq!(place.read("output"), "short\n", "appended at the end, wherever that is");
    let fresh = Place::new();
    run(Job::new(fresh.sh("true")));
    let mode = fs::metadata(fresh.path("output")).expect("created").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn p3_fifty_megabytes_on_both_streams_at_once_are_not_lost() {
    const HALF: usize = 25_000_000;
    let place = Place::new();
    let script = format!(
        "head -c {HALF} /dev/zero | tr '\\0' e >&2 & head -c {HALF} /dev/zero | tr '\\0' o; wait"
    );
    assert_eq!(run(Job::new(place.sh(&script))).status, JobStatus::Success);
    let output = fs::read(place.path("output")).expect("written");
    let (out, err): (Vec<u8>, Vec<u8>) = output.iter().partition(|&&letter| letter == b'o');
    assert_eq!((out.len(), err.len()), (HALF, HALF));
    assert!(err.iter().all(|&letter| letter == b'e'));
}

#[test]
fn p3_a_grandchild_that_keeps_the_output_open_holds_nobody_up() {
    let place = Place::new();
    let outcome = run(Job::new(place.sh("sleep 600 & echo $! > pids; echo ended")));
    assert_eq!((outcome.status, place.read("output").as_str()), (JobStatus::Success, "ended\n"));
    // P4 is of killing: what a command leaves behind on purpose goes on.
    let pid = place.lines("pids", 1).remove(0);
    assert!(exists(&pid));
    assert_eq!(run(Job::new(place.sh(&format!("kill -KILL {pid}")))).status, JobStatus::Success);
}

#[test]
fn output_may_go_nowhere() {
    let process = Process::new("sh").args(["-c", "echo lost; echo lost >&2"]).output(Output::Null);
    assert_eq!(run(Job::new(process)).status, JobStatus::Success);
}

#[test]
fn a_program_is_looked_for_in_the_commands_own_path_and_directory() {
    let place = Place::new();
    fs::create_dir(place.path("bin")).expect("ours");
    std::os::unix::fs::symlink("/bin/sh", place.path("bin/own-shell")).expect("ours");
    let process = |program: &str| {
        let script = "echo $0; pwd";
        let output = Output::File(place.path("output"));
        Process::new(program).args(["-c", script]).current_dir(place.path("bin")).output(output)
    };
    let here = place.path("bin").display().to_string();
    for process in [process("own-shell").env("PATH", "../bin"), process("./own-shell")] {
        let outcome = run(Job::new(process));
        assert_eq!(outcome.status, JobStatus::Success, "{}", ending(&outcome));
        assert!(place.read("output").contains(&here));
    }
    assert_eq!(run(Job::new(process("own-shell").env_remove("PATH"))).status, JobStatus::Failure);
}

#[test]
fn the_environment_is_ours_but_for_what_was_changed() {
    let place = Place::new();
    let script = "echo $A ${HOME-none} ${PATH:+path}";
    let process = place.sh(script).env("A", "1").env_remove("HOME");
    run(Job::new(process));
    assert_eq!(place.read("output"), "1 none path\n");
}

#[test]
fn s6_the_environment_may_change_between_attempts_and_each_has_its_id() {
    let place = Place::new();
    let mut process = place.sh(&format!("echo $A ${JOB_ID}"));
    let mut seen = Vec::new();
    let directory = place.path("");
    let outcome = run(Job::new(move |cx: &JobContext| {
        for a in ["1", "2"] {
            process.set_env("A", a);
            assert_eq!(process.run(cx), JobStatus::Success);
            let output = fs::read_to_string(directory.join("output")).expect("written");
            seen.push(output);
        }
        let ids: Vec<_> = seen.iter().map(|it| it.trim_start_matches(['1', '2'])).collect();
        assert!(seen[0].starts_with("1 ") && seen[1].starts_with("2 ") && ids[0] != ids[1]);
        JobStatus::Success
    }));
    assert_eq!(ending(&outcome), "exit 0");
}

#[test]
fn a_job_that_shares_the_terminal_stays_in_our_group() {
    let place = Place::new();
    let script = "cut -d' ' -f5 < /proc/$$/stat > group
        out=$(readlink /proc/$$/fd/1); echo $out > stdout";
    let process = place.sh(script).share_terminal(true).stdin(Stdin::Inherit);
    assert_eq!(run(Job::new(process)).status, JobStatus::Success);
    let ours = fs::read_to_string("/proc/self/stat").expect("on Linux");
    let group = ours.split(' ').nth(4).expect("has a group");
    assert_eq!(place.read("group").trim(), group);
    let stdout = fs::read_link("/proc/self/fd/1").expect("open").display().to_string();
    assert_eq!(place.read("stdout").trim(), stdout);
}
