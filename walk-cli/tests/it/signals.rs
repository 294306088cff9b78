//! Ctrl-C once and twice, Ctrl-Z, and signals that were ignored from the start.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, test_kill_process, waitpid};

use crate::project::{Project, Running};

/// An action that tells its process, and then waits; `trap` is what it does with SIGTERM.
fn waiting(trap: &str) -> Project {
    let project = Project::new(&format!(
        "[settings]\ngrace = \"1h\"\n\
         [action.a]\nrun = \"trap '{trap}' TERM; exec 3<>go; echo $$ > ready; read x <&3\"\n\
         [action.b]\nrun = \"true\"\ndeps = [\"a\"]\n"
    ));
    project.fifo("ready");
    project.fifo("go");
    project
}

fn ready(project: &Project) -> Pid {
    let pid = project.await_fifo("ready").parse().expect("a number");
    Pid::from_raw(pid).expect("not zero")
}

#[test]
fn the_first_ctrl_c_stops_what_runs_and_walk_dies_of_it() {
    let project = waiting("echo > term; exit 1");
    let running = project.start("");
    let action = ready(&project);
    running.signal(Signal::INT);
    let done = running.wait();
    assert_eq!(done.signal, Some(2), "{done:#?}");
    assert!(project.exists("term"));
    assert!(test_kill_process(action).is_err());
    assert!(done.out.contains(" stop  a "), "{done:#?}");
    assert!(done.out.contains("\nstopped 1, not run 1 in "), "{done:#?}");
    // Nothing is remembered of it as if it had succeeded.
    project.walk("status").expect(1);
}

/// Who presses Ctrl-C is told what that does, and what another one would do.
#[test]
fn a_signal_is_answered_in_words() {
    for (signal, again) in [(Signal::INT, "Ctrl-C again"), (Signal::TERM, "another signal")] {
        let project = waiting("");
        let mut running = project.start("");
        ready(&project);
        running.signal(signal);
        running
            .await_out(&format!("  ...  stopping: waiting 1h00m for 1 action; {again} kills it\n"));
        running.signal(signal);
        assert!(running.wait().signal.is_some());
    }
}

#[test]
fn every_signal_that_asks_to_stop_is_passed_on() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::QUIT, 3)] {
        let project = waiting("exit 1");
        let running = project.start("");
        ready(&project);
        running.signal(signal);
        assert_eq!(running.wait().signal, Some(number));
    }
}

#[test]
fn the_second_kills_without_grace() {
    let project = waiting("");
    let running = project.start("");
    let action = ready(&project);
    let started = Instant::now();
    running.signal(Signal::INT);
    // Another one, so that the two are not taken for one.
    running.signal(Signal::TERM);
    let done = running.wait();
    assert!(matches!(done.signal, Some(2 | 15)), "{done:#?}");
    assert!(started.elapsed() < Duration::from_secs(1800));
    assert!(test_kill_process(action).is_err());
}

#[test]
fn ctrl_z_stops_the_children_too() {
    let rounds = "exec 3<>go; for i in 1 2 3 4 5; do echo $$ > ready; read x <&3; done";
    let project = Project::new(&format!("[action.a]\nrun = \"{rounds}\"\n"));
    project.fifo("ready");
    project.fifo("go");
    let mut running = project.start("");
    // Some rounds later the thread that spawned the child has written down that it did.
    for _ in 1..5 {
        ready(&project);
        project.release("go");
    }
    let action = ready(&project);
    running.signal(Signal::TSTP);
    let (_, status) = waitpid(Some(running.pid()), WaitOptions::UNTRACED)
        .expect("it is a child")
        .expect("it stopped");
    assert!(status.stopped());
    // It was told to stop before walk itself stopped, and does so when it is next scheduled.
    let deadline = Instant::now() + Duration::from_secs(60);
    while state_of(action) != "T" {
        assert!(Instant::now() < deadline, "the child is {}", state_of(action));
        std::thread::yield_now();
    }
    running.signal(Signal::CONT);
    running.await_out("  ...  suspended, with 1 action; `fg` goes on\n  ...  going on after ");
    project.release("go");
    running.wait().expect(0);
}

#[test]
fn a_signal_that_was_ignored_from_the_start_stays_ignored() {
    let project = waiting("exit 1");
    let walk = format!("trap '' HUP; exec {}", env!("CARGO_BIN_EXE_walk"));
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &walk]).current_dir(project.path("")).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = Running(command.spawn().expect("it runs"));
    ready(&project);
    running.signal(Signal::HUP);
    project.release("go");
    running.wait().expect(0);
}

/// The letter that the kernel gives the state of a process.
fn state_of(pid: Pid) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let stat = stat.expect("it is there");
    let after_name = stat.rsplit_once(')').expect("a name").1;
    after_name.split_whitespace().next().expect("a state").to_owned()
}
