//! Walk is killed with SIGKILL: nothing that it started lives on, and the next walk waits for that.

use rustix::process::Signal;

use crate::project::Project;

/// An action that never ends while there is a file `slow`: it and a process in a session of its own
/// ignore SIGTERM, and go on writing.
const MANIFEST: &str = r#"
[settings]
grace = "700ms"
[action.a]
run = """
trap '' TERM
if test -e slow; then
    forever='while :; do echo half >> a; sleep 0.01; done'
    setsid sh -c "$forever" &
    echo $$ $! > ready
    eval "$forever"
fi
echo whole > a
"""
out = ["a"]
"#;

/// Whether a process can still do something.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|it| !it.is_empty() && !it.starts_with(['Z', 'X']))
}

#[test]
fn what_a_killed_walk_leaves_is_killed_and_the_next_one_waits_for_that() {
    let project = Project::new(MANIFEST);
    project.fifo("ready");
    project.write("slow", "");
    let running = project.start("");
    let pids = project.await_fifo("ready");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().signal, Some(9));
    std::fs::remove_file(project.path("slow")).expect("it was written");
    let next = project.walk("");
    assert!(next.err.contains("which was killed ..."), "{next:#?}");
    next.expect(0);
    assert_eq!(project.read("a"), "whole\n");
    for pid in pids.split(' ') {
        assert!(!is_alive(pid), "{pid}");
    }
    project.walk("status").expect(0);
}

/// A panic, or whatever else ends walk by itself, is no different; here it is its own `abort`.
#[test]
fn what_an_aborted_walk_leaves_is_killed() {
    let project = Project::new(MANIFEST);
    project.fifo("ready");
    project.write("slow", "");
    let running = project.start("");
    let pids = project.await_fifo("ready");
    running.signal(Signal::ABORT);
    assert_eq!(running.wait().signal, Some(6));
    // Whoever gets the lock knows that nothing is left.
    project.walk("clean --all").expect(0);
    for pid in pids.split(' ') {
        assert!(!is_alive(pid), "{pid}");
    }
}

/// All the ways to outlive a command that we know of, each of which tells the ids of its processes.
const SURVIVORS: [(&str, usize); 7] = [
    ("sleep 600 & echo $! >> pids; wait", 1),
    ("setsid sleep 600 & echo $! >> pids; wait", 1),
    ("(setsid sh -c 'nohup sleep 600 >/dev/null 2>&1 & echo $! >> pids' &); exec sleep 600", 1),
    ("trap '' TERM HUP INT QUIT; echo $$ >> pids; while :; do sleep 0.01; done", 1),
    ("setsid env -i sh -c 'echo $$ >> pids; exec sleep 600' & wait", 1),
    ("trap '' TERM; for i in $(seq 50); do sleep 600 & echo $! >> pids; done; wait", 50),
    ("setsid sleep 600 >/dev/null 2>&1 & echo $! >> pids; exit 0", 1),
];

/// Sends a signal to a walk that runs all of them, and looks for what is left when the state may be
/// written again.
fn check_survivors(signal: Signal) {
    let mut manifest = "[settings]\ngrace = \"300ms\"\njobs = 8\n".to_owned();
    for (number, (script, _)) in SURVIVORS.iter().enumerate() {
        let action = format!("[action.a{number}]\nrun = \"\"\"{script}\"\"\"\nout = []\n");
        manifest.push_str(&action);
    }
    let project = Project::new(&manifest);
    project.write("pids", "");
    let running = project.start("");
    let count: usize = SURVIVORS.iter().map(|it| it.1).sum();
    let pids = project.await_lines("pids", count);
    running.signal(signal);
    assert_eq!(running.wait().signal, Some(signal.as_raw()));
    let lock = std::fs::File::open(project.path(".walk/lock")).expect("there is one");
    lock.lock().expect("nobody keeps it for ever");
    let left: Vec<_> = pids.lines().filter(|pid| is_alive(pid)).collect();
    assert!(left.is_empty(), "{signal:?} leaves {left:?}");
}

#[test]
fn sigkill_leaves_nobody() {
    check_survivors(Signal::KILL);
}

#[test]
fn sigint_leaves_nobody() {
    check_survivors(Signal::INT);
}

#[test]
fn sigterm_leaves_nobody() {
    check_survivors(Signal::TERM);
}

#[test]
fn sighup_leaves_nobody() {
    check_survivors(Signal::HUP);
}

#[test]
fn sigquit_leaves_nobody() {
    check_survivors(Signal::QUIT);
}

#[test]
fn sigabrt_leaves_nobody() {
    check_survivors(Signal::ABORT);
}
