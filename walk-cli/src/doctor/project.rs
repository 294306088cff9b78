//! The manifest, the state directory and what is in it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use walk_plan::{Run, StateDir};

use super::finding::{Finding, ok, warn};
use crate::args::Common;
use crate::error::CliError;
use crate::os::is_alive;
use crate::project::{Project, pid_of};

/// How much of a state directory nobody wonders at.
const MUCH: u64 = 2 << 30;

pub(super) fn manifest(common: &Common) -> Finding {
    match Project::read(common, None) {
        Ok(project) => {
            let actions = project.plan.actions.iter().filter(|it| it.run != Run::Nothing).count();
            ok("manifest", format!("{}: {actions} actions", project.plan.manifest.display()))
        }
        Err(CliError::NoManifest(_)) => ok("manifest", "there is none here: walk init writes one"),
        Err(error @ CliError::ManifestAbove { .. }) => ok("manifest", error.to_string()),
        Err(error) => {
            let message = error.message(&common.directory_of_manifest()).unwrap_or_default();
            let first = message.lines().next().unwrap_or_default();
            warn("manifest", format!("{first} (walk check says more)"))
        }
    }
}

pub(super) fn state(state: &StateDir) -> Finding {
    let path = state.path().display();
    if !state.path().exists() {
        return ok("state", format!("{path} is made by the first walk"));
    }
    let size = size(state.path());
    let text = format!("{path} holds {}", bytes(size));
    if state.was_killed() {
        return ok(
            "state",
            format!("{text}; the last walk was killed, and the next one looks again"),
        );
    }
    if size > MUCH {
        return warn("state", format!("{text}: without it, everything would only run again"));
    }
    ok("state", text)
}

pub(super) fn lock(state: &StateDir) -> Finding {
    let path = state.path().join("lock");
    let Ok(file) = File::open(&path) else { return ok("lock", "nobody has it") };
    match file.try_lock_shared() {
        Ok(()) => ok("lock", "nobody has it"),
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            match pid_of(&holder) {
                Some(pid) if !is_alive(pid) => {
                    warn("lock", format!("what {holder} left running has it; it was killed"))
                }
                _ => ok("lock", format!("{holder} has it: others wait")),
            }
        }
        Err(TryLockError::Error(error)) => warn("lock", format!("it cannot be taken: {error}")),
    }
}

/// Returns how many bytes the files below a directory have.
fn size(directory: &Path) -> u64 {
    let (mut todo, mut size) = (vec![directory.to_path_buf()], 0);
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(it) if it.is_dir() => todo.push(entry.path()),
                Ok(it) => size += it.len(),
                Err(_) => {}
            }
        }
    }
    size
}

fn bytes(size: u64) -> String {
    match size {
        0..10_000 => format!("{size} bytes"),
        10_000..10_000_000 => format!("{} kB", size / 1000),
        _ => format!("{} MB", size / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded() {
        let check = |size, expected| assert_eq!(bytes(size), expected);
        check(12, "12 bytes");
        check(12_345, "12 kB");
        check(123_456_789, "123 MB");
    }
}
