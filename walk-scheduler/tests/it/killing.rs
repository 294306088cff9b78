//! P4 and S7: killing a command leaves nothing of it alive, and nothing else dead.
//!
//! Each script appends the process ids that must not survive to the file `pids`.

use std::time::{Duration, Instant};

use walk_scheduler::{InterruptCause, Job, Process, Scheduler, SchedulingParams};

use crate::support::{
    FOREVER, Place, drive, ending, eventually, exists, finished, start_all, state, tokens,
};

/// How the run is told to stop.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// Politely, and all obey.
    Trigger,
    /// Politely, with no grace worth the name.
    Impatient,
    /// At once.
    Kill,
}

/// Runs `script` until `count` processes are there, stops it in every way, and looks for them.
fn check(script: &str, count: usize) {
    for how in [How::Impatient, How::Kill] {
        check_one(script, count, how, |it| it);
        check_one(script, count, how, |it| it.share_terminal(true));
    }
}

fn check_one(script: &str, count: usize, how: How, change: impl Fn(Process) -> Process) {
    let place = Place::new();
    let grace = if how == How::Impatient { Duration::from_millis(50) } else { FOREVER };
    let params = SchedulingParams { grace, ..tokens(1) };
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), Job::new(change(place.sh(script)))).expect("can run");
    start_all(&mut scheduler);
    place.lines("pids", count);
    match how {
        How::Trigger | How::Impatient => params.interrupt.trigger(),
        How::Kill => params.interrupt.kill(),
    }
    let outcome = finished(&mut scheduler).outcome;
    assert_eq!(outcome.interrupted, Some(InterruptCause::Run), "{script}");
    assert_eq!(ending(&outcome), "interrupted: run");
    for pid in place.lines("pids", count) {
        assert!(!exists(&pid), "{pid} of `{script}` is {:?}", state(&pid));
    }
}

#[test]
fn p4_children_and_grandchildren_die() {
    check("echo $$ >> pids; sleep 600 & echo $! >> pids; wait", 2);
    check("sh -c 'echo $$ >> pids; sleep 600 & echo $! >> pids; wait'; true", 2);
}

#[test]
fn p4_a_grandchild_in_a_session_of_its_own_dies() {
    check("setsid sh -c 'echo $$ >> pids; exec sleep 600' & wait; sleep 600", 1);
    check("setsid sh -c 'sleep 600 & echo $! >> pids; echo $$ >> pids; wait' & wait", 2);
}

#[test]
fn p4_a_daemon_forked_twice_dies() {
    let daemon = "nohup sh -c 'echo $$ >> pids; exec sleep 600' > /dev/null 2>&1 &";
    check(&format!("(setsid sh -c \"{daemon}\" &); sleep 600"), 1);
    check(&format!("sh -c \"{daemon}\"; exec sleep 600"), 1);
}

#[test]
fn p4_those_that_ignore_sigterm_die() {
    check("trap '' TERM HUP INT; echo $$ >> pids; while :; do sleep 0.01; done", 1);
    check("trap '' TERM; setsid sh -c 'echo $$ >> pids; exec sleep 600'; sleep 600", 1);
}

#[test]
fn p4_one_without_its_environment_dies() {
    check("setsid env -i /bin/sh -c 'echo $$ >> pids; exec sleep 600' & wait; sleep 600", 1);
    let orphan = "(env -i /bin/sh -c 'echo $$ >> pids; exec sleep 600' &); exec sleep 600";
    // Its group is all that tells whose it is.
    check_one(orphan, 1, How::Impatient, |it| it);
    check_one(orphan, 1, How::Kill, |it| it);
}

#[test]
fn p4_those_that_fork_while_being_killed_die() {
    let fork = "while :; do sleep 600 & echo $! >> pids; done";
    let forever = |it: &str| format!("trap '' TERM; {it}");
    check(&forever("for i in $(seq 30); do sleep 600 & echo $! >> pids; done; wait"), 30);
    let limited = fork.replace("while :;", "for i in $(seq 300);");
    check(&forever(&format!("setsid sh -c '{limited}; wait' & wait; sleep 600")), 20);
}

/// A chain in which each process starts the next and ends.
#[test]
fn p4_one_that_passes_itself_on_while_being_killed_dies() {
    let place = Place::new();
    std::fs::write(
        place.path("hop"),
        "test $1 -gt 0 || exec sleep 600; echo $$ >> pids; setsid sh hop $(($1 - 1)) & exit 0",
    )
    .expect("ours");
    let params = SchedulingParams { grace: Duration::ZERO, ..tokens(1) };
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), Job::new(place.sh("sh hop 300; exec sleep 600"))).expect("can run");
    start_all(&mut scheduler);
    place.lines("pids", 5);
    params.interrupt.trigger();
    finished(&mut scheduler);
    let directory = place.path("").canonicalize().expect("exists");
    assert_eq!(running_in(&directory), [""; 0]);
}

/// The processes whose working directory this is.
fn running_in(directory: &std::path::Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("on Linux").flatten();
    processes
        .filter(|it| std::fs::read_link(it.path().join("cwd")).is_ok_and(|cwd| cwd == directory))
        .map(|it| it.file_name().display().to_string())
        .collect()
}

/// Cleans up when asked to end, which takes a moment.
const OBEDIENT: &str = "trap 'sleep 0.1; echo cleaned >> end; exit 0' TERM; echo $$ >> pids;
    while :; do sleep 0.01; done";

/// Runs a script that runs the file `obedient`, and asks it to end.
fn check_grace(script: &str) {
    let place = Place::new();
    std::fs::write(place.path("obedient"), OBEDIENT).expect("ours");
    let params = tokens(1);
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit((), Job::new(place.sh(script))).expect("can run");
    start_all(&mut scheduler);
    place.lines("pids", 1);
    let begin = Instant::now();
    params.interrupt.trigger();
    finished(&mut scheduler);
    assert_eq!(place.read("end"), "cleaned\n", "{script}");
    assert!(begin.elapsed() < FOREVER, "the grace period was not sat out");
}

#[test]
fn s7_those_that_obey_have_their_grace_and_no_more_is_waited() {
    check_one(OBEDIENT, 1, How::Trigger, |it| it);
    check_grace("exec sh obedient");
    // The leader dies at once, what it started takes longer.
    check_grace("sh obedient; true");
    // SIGTERM to the group does not reach it.
    check_grace("setsid sh obedient & wait; true");
    check_grace("(setsid sh obedient &); exec sleep 600");
}

#[test]
fn s7_a_second_request_does_not_wait_for_the_grace_period() {
    let place = Place::new();
    let params = tokens(1);
    let mut scheduler = Scheduler::new(&params);
    let script = "trap 'echo asked >> asked' TERM; echo $$ >> pids; while :; do sleep 0.01; done";
    scheduler.submit((), Job::new(place.sh(script))).expect("can run");
    start_all(&mut scheduler);
    let pids = place.lines("pids", 1);
    params.interrupt.trigger();
    place.lines("asked", 1);
    assert!(exists(&pids[0]));
    params.interrupt.kill();
    finished(&mut scheduler);
    assert!(!exists(&pids[0]));
}

#[test]
fn s5_a_timeout_kills_the_tree_of_its_job_and_no_other() {
    let place = Place::new();
    let script = |name: &str| {
        format!(
            "(setsid sh -c 'echo $$ >> {name}; exec sleep 600' &); echo $$ >> {name}; sleep 600"
        )
    };
    let params = SchedulingParams { grace: Duration::ZERO, ..tokens(2) };
    let mut scheduler = Scheduler::new(&params);
    scheduler.submit("spared", Job::new(place.sh(&script("spared")))).expect("can run");
    start_all(&mut scheduler);
    let spared = place.lines("spared", 2);
    let (mut timeout, mut killed) = (Duration::from_millis(200), Vec::new());
    while killed.len() < 2 {
        let job = Job::new(place.sh(&script("killed"))).timeout(timeout);
        scheduler.submit("killed", job).expect("can run");
        start_all(&mut scheduler);
        let ended = finished(&mut scheduler);
        assert_eq!(
            (ended.tag, ending(&ended.outcome).as_str()),
            ("killed", "interrupted: timeout")
        );
        // On a busy machine it may have been killed before it had said anything.
        killed = place.read("killed").lines().map(str::to_owned).collect();
        timeout *= 2;
    }
    assert!(!killed.iter().any(|pid| exists(pid)));
    assert!(spared.iter().all(|pid| exists(pid)));
    scheduler.interrupt();
    drive(&mut scheduler);
    assert!(!spared.iter().any(|pid| exists(pid)));
}

#[test]
fn s7_an_interruption_with_many_running_leaves_none() {
    const MANY: u32 = 24;
    let place = Place::new();
    let params = SchedulingParams { grace: Duration::from_secs(1), ..tokens(MANY) };
    let mut scheduler = Scheduler::new(&params);
    for number in 0..MANY {
        let script = match number % 3 {
            0 => "echo $$ >> pids; sleep 600; true",
            1 => "(setsid sh -c 'echo $$ >> pids; exec sleep 600' &); sleep 600",
            _ => "trap '' TERM; echo $$ >> pids; while :; do sleep 1; done",
        };
        scheduler.submit(number, Job::new(place.sh(script))).expect("can run");
    }
    let started = start_all(&mut scheduler).len();
    let pids = place.lines("pids", started);
    params.interrupt.trigger();
    let ended = drive(&mut scheduler);
    assert_eq!((started, ended.len()), (24, 24));
    assert!(ended.iter().all(|it| it.outcome.interrupted == Some(InterruptCause::Run)));
    assert_eq!(pids.iter().filter(|pid| exists(pid)).count(), 0);
}

/// Being the subreaper must not take the embedder's own children away.
#[test]
fn p4_children_of_the_embedder_are_neither_killed_nor_reaped() {
    let mut own = std::process::Command::new("sleep").arg("600").spawn().expect("starts");
    let mut ended = std::process::Command::new("true").spawn().expect("starts");
    eventually("it ends", || (state(&ended.id().to_string()) == Some('Z')).then_some(()));
    check_one("setsid sh -c 'echo $$ >> pids; sleep 600'", 1, How::Kill, |it| it);
    assert!(ended.wait().expect("still ours").success());
    assert!(own.try_wait().expect("still ours").is_none());
    own.kill().expect("alive");
    own.wait().expect("ours");
}
