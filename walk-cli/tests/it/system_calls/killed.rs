//! A walk that is killed at each of its system calls.

use super::sources::{self, Version};
use super::strace;
use crate::project::{Done, Project};

/// All calls that change a file, or ask for it.
const CALLS: &str = "openat,mkdir,fchmod,flock,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,\
                     unlink,rename";

/// Of how many moments one is tried, unless all are.
const STRIDE: usize = 23;

fn stride() -> usize {
    if std::env::var_os("WALK_CASES").is_some() { 1 } else { STRIDE }
}

fn kill(project: &Project, moment: usize) -> Done {
    strace::inject(project, &format!("{CALLS}:signal=SIGKILL:when={moment}"))
}

/// Kills a walk before one call after the other, until it comes to its end; returns how often.
fn check(prepare: fn() -> Project, after: fn(usize) -> Version) -> usize {
    let mut kills = 0;
    let mut moment = 1;
    loop {
        let project = prepare();
        let done = kill(&project, moment);
        let version = after(kills);
        version.edit(&project);
        let why = format!("killed before call {moment}, then {version:?}");
        let said = version.assert_built(&project, &why);
        // One that was not even begun may be called empty.
        assert!(!said.contains("damaged"), "{why}: {said}");
        if done.code == 0 {
            return kills;
        }
        assert_eq!(done.code, 137, "{why}: {done:#?}");
        kills += 1;
        moment += stride();
    }
}

/// The sources stay as they were when the walk was killed, or are put back.
fn either(kills: usize) -> Version {
    if kills.is_multiple_of(2) { Version::First } else { Version::Second }
}

fn new() -> Project {
    let project = sources::project();
    Version::Second.edit(&project);
    project
}

fn edited() -> Project {
    let project = sources::project();
    Version::First.edit(&project);
    project.walk("").expect(0);
    Version::Second.edit(&project);
    project
}

#[test]
fn f6_a_walk_may_be_killed_at_any_call() {
    if strace::is_there() {
        let mut kills = check(edited, either);
        if stride() == 1 {
            kills += check(edited, |kills| either(kills + 1));
        }
        println!("{kills} kills of a walk after an edit");
        assert!(kills >= 25 / stride(), "{kills}");
    }
}

#[test]
fn f6_a_first_walk_may_be_killed_at_any_call() {
    if strace::is_there() {
        let kills = check(new, |_| Version::Second);
        println!("{kills} kills of a first walk");
        assert!(kills >= 40 / stride(), "{kills}");
    }
}
