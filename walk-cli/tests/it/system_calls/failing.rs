//! A walk of which a system call fails: full disks, broken ones, systems without locks.

use super::sources::{self, Version};
use super::strace;

const WRITES: &str = "write,pwrite64,ftruncate,fallocate,fsync,fdatasync,fchmod,mkdir";

/// Of how many moments one is tried, unless all are.
const STRIDE: usize = 31;

/// Lets calls fail, and expects that it is said: the exit is 74, and a file of the state named,
/// unless the failure did no harm. Returns whether there were so many calls.
fn fails(calls: &str, error: &str, moment: usize, lasts: bool) -> bool {
    let project = sources::project();
    if !moment.is_multiple_of(3) {
        Version::First.edit(&project);
        project.walk("").expect(0);
    }
    Version::Second.edit(&project);
    let when = format!("{moment}{}", if lasts { "+" } else { "" });
    let why = format!("{error} from {calls} at {when}");
    let done = strace::inject(&project, &format!("{calls}:error={error}:when={when}"));
    let is_said = done.err.starts_with("walk: ") && done.err.contains(".walk");
    assert!([0, 74].contains(&done.code), "{why}: {done:#?}");
    assert!(done.code == 0 || is_said, "{why}: {done:#?}");
    assert!(!done.err.contains("bug"), "{why}: {done:#?}");
    assert!(!project.exists(".walk/state.db.damaged"), "{why}: {done:#?}");
    let version = if done.code == 0 || lasts { Version::Second } else { Version::First };
    version.edit(&project);
    version.assert_built(&project, &why);
    done.code == 74
}

#[test]
fn a_call_that_fails_is_said_and_the_next_walk_is_right() {
    if !strace::is_there() {
        return;
    }
    let all = std::env::var_os("WALK_CASES").is_some();
    let stride = if all { 1 } else { STRIDE };
    let mut failures = 0;
    let kinds = [("ENOSPC", true), ("EIO", false), ("EIO", true), ("EDQUOT", false)];
    for (error, lasts) in &kinds[..if all { 4 } else { 2 }] {
        for moment in (1..60).step_by(stride) {
            failures += usize::from(fails(WRITES, error, moment, *lasts));
        }
    }
    println!("{failures} walks that could not write");
    assert!(failures > 0);
}

#[test]
fn a_file_system_without_locks_is_said() {
    if !strace::is_there() {
        return;
    }
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS"] {
        let project = sources::project();
        Version::First.edit(&project);
        let done = strace::inject(&project, &format!("flock:error={error}"));
        let err = done.complains(74);
        assert!(err.starts_with("walk: cannot lock `") && err.contains("/lock`: "), "{err}");
        assert!(err.contains("choose a state directory on a file system with locks"), "{err}");
        assert!(!project.exists("last"), "it must not walk without a lock");
        Version::First.assert_built(&project, error);
    }
}

/// What may not be opened is said, and nothing is made anew in its place.
#[test]
fn what_may_not_be_opened_is_said() {
    if !strace::is_there() {
        return;
    }
    for (error, words) in [("EACCES", "denied"), ("EROFS", "")] {
        let project = sources::project();
        Version::First.edit(&project);
        project.walk("").expect(0);
        Version::Second.edit(&project);
        let err = strace::inject(&project, &format!("openat:error={error}")).complains(74);
        assert!(err.starts_with("walk: cannot ") && err.contains(words), "{error}: {err}");
        assert!(!project.exists(".walk/state.db.damaged"), "{error}: {err}");
        Version::Second.assert_built(&project, error);
    }
}
