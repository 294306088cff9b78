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
