//! What is left when this process is killed, or a run interrupted, is ended by somebody else.
//!
//! The test starts itself again as a program that runs a command and is killed meanwhile.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use walk_scheduler::{Job, Jobserver, Scheduler, SchedulingParams};

use crate::support::{Place, drive, eventually, finished, is_alive, run, start_all, tokens};

const SCRIPT: &str = "WALK_SCHEDULER_GUARDED_SCRIPT";
const PLACE: &str = "WALK_SCHEDULER_GUARDED_PLACE";
const GRACE: Duration = Duration::from_millis(300);

/// How the program ends.
#[derive(Clone, Copy, Debug)]
enum How {
    /// SIGKILL.
    Killed,
    /// SIGABRT, as after a panic in a destructor or a failed allocation.
    Aborted,
}

/// Starts the program, and lets it run `script` until `count` processes are there and the guardian
/// knows of `jobs` jobs.
fn start(place: &Place, script: &str, count: usize, jobs: usize) -> Child {
    let program = std::env::current_exe().expect("there is one");
    let child = Command::new(program)
        .args(["--exact", "guarded::program", "--nocapture"])
        .env(SCRIPT, script)
        .env(PLACE, place.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    place.lines("pids", count);
    // Between the start of a command and that the guardian knows its id, only its environment
    // tells whose it is.
    eventually("the guardian knows the jobs", || {
        (children_on_record(child.id()) == jobs).then_some(())
    });
    child
}

/// How many children the guardian of a process knows of.
fn children_on_record(walk: u32) -> usize {
    let processes = std::fs::read_dir("/proc").expect("on Linux").flatten().map(|it| it.path());
    let read = |path: &Path, name: &str| std::fs::read(path.join(name)).unwrap_or_default();
    let is_guardian = |path: &Path| {
        let parent = format!(") S {walk} ");
        let stat = String::from_utf8_lossy(&read(path, "stat")).into_owned();
        let arguments = read(path, "cmdline");
        stat.contains(&parent) && arguments.split(|&it| it == 0).any(|it| it == b"walk-guardian")
    };
    let table = processes.filter(|it| is_guardian(it)).map(|it| read(&it, "fd/8")).next();
    let lines = table.unwrap_or_default();
    let lines = String::from_utf8_lossy(&lines);
    lines.lines().filter(|line| !matches!(line.trim(), "" | "0" | "+0" | "+1")).count()
}

/// The program; does nothing unless it was started by a test.
#[test]
fn program() {
    let Some(script) = std::env::var_os(SCRIPT) else { return };
    let place = Place::at(std::env::var_os(PLACE).expect("given"));
    let held = File::open(place.path("")).expect("a directory can be opened");
    held.lock().expect("nobody else has it");
    let held = Some(Arc::new(held));
    let jobserver = Jobserver::join_fifo(&place.path("fifo")).ok();
    let params = SchedulingParams { grace: GRACE, held, jobserver, ..tokens(2) };
    let mut scheduler = Scheduler::new(&params);
    for share in [false, true] {
        let job = place.sh(&script.to_string_lossy()).share_terminal(share);
        scheduler.submit((), Job::new(job)).expect("can run");
    }
    drive(&mut scheduler);
}

fn check(script: &str, count: usize) {
    for how in [How::Killed, How::Aborted] {
        check_one(script, count, how, 2);
    }
}

#[test]
fn tokens_of_a_jobserver_come_back_when_the_walk_is_killed() {
    let place = Place::new();
    let fifo = place.path("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a fifo");
    let pool = File::options().read(true).write(true).open(&fifo).expect("it can be opened");
    (&pool).write_all(b"+").expect("there is room");
    let mut child = start(&place, "echo $$ >> pids; sleep 1000", 2, 2);
    child.kill().expect("it runs");
    child.wait().expect("ours");
    let directory = File::open(place.path("")).expect("exists");
    eventually("the lock is free", || directory.try_lock().ok());
    let nonblocking = OFlags::NONBLOCK | OFlags::RDWR;
    rustix::fs::fcntl_setfl(&pool, nonblocking).expect("it can be set");
    let mut back = [0; 2];
    assert_eq!((&pool).read(&mut back).expect("it is back"), 1, "one, as two ran");
}

/// Kills the program while `jobs` of its two jobs run.
fn check_one(script: &str, count: usize, how: How, jobs: usize) {
    let place = Place::new();
    let mut child = start(&place, script, 2 * count, jobs);
    let signal = match how {
        How::Killed => "KILL",
        How::Aborted => "ABRT",
    };
    let killing = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    assert!(killing.expect("kill starts").success());
    assert!(child.wait().expect("ours").signal().is_some());
    // Whoever wants to do the same work waits for this lock.
    let directory = File::open(place.path("")).expect("exists");
    eventually("the lock is free", || directory.try_lock().ok());
    let mut living = place.lines("pids", 2 * count);
    living.retain(|it| is_alive(it));
    assert!(living.is_empty(), "{living:?} of `{script}` survive {how:?}");
}

#[test]
fn p4_children_and_grandchildren_die_with_the_walk() {
    check("echo $$ >> pids; sleep 600 & echo $! >> pids; wait", 2);
    check("sh -c 'echo $$ >> pids; sleep 600 & echo $! >> pids; wait'; true", 2);
}

#[test]
fn p4_those_that_left_the_group_die_with_the_walk() {
    check("setsid sh -c 'sleep 600 & echo $! >> pids; echo $$ >> pids; wait' & wait", 2);
    let daemon = "nohup sh -c 'echo $$ >> pids; exec sleep 600' > /dev/null 2>&1 &";
    check(&format!("(setsid sh -c \"{daemon}\" &); sleep 600"), 1);
    check(&format!("sh -c \"{daemon}\"; exec sleep 600"), 1);
}

#[test]
fn p4_those_that_ignore_sigterm_die_with_the_walk() {
    check("trap '' TERM HUP INT; echo $$ >> pids; while :; do sleep 0.01; done", 1);
}

#[test]
fn p4_one_without_its_environment_dies_with_the_walk() {
    check("setsid env -i /bin/sh -c 'echo $$ >> pids; exec sleep 600' & wait; sleep 600", 1);
    check("exec env -i /bin/sh -c 'echo $$ >> pids; sleep 600 & echo $! >> pids; wait'", 2);
}

#[test]
fn p4_those_that_fork_while_being_killed_die_with_the_walk() {
    check(
        "trap '' TERM; setsid sh -c 'for i in $(seq 200); do sleep 600 & echo $! >> pids; done; wait'",
        20,
    );
}

#[test]
fn p4_what_ended_jobs_left_in_the_background_dies_with_the_walk() {
    let script = "setsid sleep 600 & echo $! >> pids; mkdir ended && exit 0; exec sleep 600";
    check_one(script, 1, How::Killed, 1);
}

/// Runs a script that leaves a process in the background, and ends the run; tells whether it is
/// alive after that.
fn is_left(script: &str, is_interrupted: bool) -> bool {
    let place = Place::new();
    let params = SchedulingParams { grace: GRACE, ..tokens(1) };
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), Job::new(place.sh(script))).expect("can run");
    start_all(&mut scheduler);
    assert!(finished(&mut scheduler).outcome.status.is_success());
    let pid = place.lines("pids", 1).remove(0);
    assert!(is_alive(&pid));
    if is_interrupted {
        params.interrupt.trigger();
    }
    drop(scheduler);
    let is_left = is_alive(&pid);
    Command::new("kill").args(["-s", "KILL", &pid]).stderr(Stdio::null()).status().expect("starts");
    is_left
}

const BACKGROUND: [&str; 3] = [
    "sleep 600 & echo $! >> pids",
    "setsid env -u HOME sleep 600 & echo $! >> pids",
    "(trap '' TERM; while :; do sleep 0.01; done) & echo $! >> pids",
];

#[test]
fn s7_an_interruption_ends_what_ended_jobs_left_in_the_background() {
    for script in BACKGROUND {
        assert!(!is_left(script, true), "{script}");
    }
}

#[test]
fn what_ended_jobs_left_in_the_background_outlives_an_ordinary_end() {
    for script in BACKGROUND {
        assert!(is_left(script, false), "{script}");
    }
}

#[test]
fn what_is_left_in_the_background_is_told() {
    let place = Place::new();
    let is_told = |script: &str| run(Job::new(place.sh(script))).left_behind;
    assert!(is_told("sleep 600 & echo $! >> pids"));
    let pid = place.lines("pids", 1).remove(0);
    Command::new("kill").args(["-s", "KILL", &pid]).status().expect("starts");
    assert!(!is_told("true"));
    let has_ended =
        "while read -r id name state rest </proc/$!/stat && [ $state != Z ]; do :; done";
    assert!(!is_told(&format!("sh -c : & {has_ended}; exec true")), "it only waits to be reaped");
}
