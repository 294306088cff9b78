//! Two walks on one state: the second waits, unless told not to.

use rustix::process::Signal;

use crate::project::{Project, Running};

fn holding() -> (Project, Running) {
    let project = Project::new("[action.a]\nrun = \"echo up > ready; read x < go\"\n");
    project.fifo("ready");
    project.fifo("go");
    let first = project.start("");
    project.await_fifo("ready");
    (project, first)
}

#[test]
fn no_wait_is_75_and_names_who_has_the_lock() {
    let (project, first) = holding();
    let err = project.walk("--no-wait").complains(75);
    let who = format!("walk: the state is in use by walk (pid {}: walk run, since ", first.0.id());
    assert!(err.starts_with(&who), "{err}");
    project.walk("clean --no-wait").complains(75);
    project.release("go");
    first.wait().expect(0);
}

#[test]
fn the_second_waits_and_says_for_whom() {
    let (project, first) = holding();
    let mut second = project.start("");
    let said = second.await_err("...\n");
    assert!(
        said.starts_with(&format!("waiting for walk (pid {}: walk run", first.0.id())),
        "{said}"
    );
    project.release("go");
    first.wait().expect(0);
    assert!(second.wait().expect(0).starts_with("up to date (1 action)"));
}

#[test]
fn ctrl_c_ends_the_waiting_at_once() {
    let (project, first) = holding();
    let mut second = project.start("");
    second.await_err("...\n");
    second.signal(Signal::INT);
    second.wait().expect(130);
    project.release("go");
    first.wait().expect(0);
}

#[test]
fn readers_do_not_wait() {
    let (project, first) = holding();
    for command in ["plan", "why a", "list", "log a", "graph", "query deps a", "check"] {
        project.walk(command).expect(0);
    }
    project.walk("status").expect(1);
    project.release("go");
    first.wait().expect(0);
}

/// It waited for the walk that waited for it, for ever.
#[cfg(target_os = "linux")]
#[test]
fn a_walk_within_a_walk_on_the_same_state_is_refused() {
    let walk = env!("CARGO_BIN_EXE_walk");
    let project = Project::new(&format!(
        "[action.a]\nrun = \"{walk} run b 2> said || echo $? >> said\"\n[action.b]\nrun = \"true\"\n"
    ));
    project.walk("run a").expect(0);
    let said = project.read("said");
    assert!(said.contains("which started this one"), "{said}");
    assert!(said.ends_with("\n75\n"), "{said}");
}
