//! The shell, processes, and the system's limits.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::finding::{Finding, ok, warn};
use crate::os;

/// What is little for a project of some thousand files.
const FEW_WATCHES: u64 = 4096;
const FEW_FILES: u64 = 256;

pub(super) fn version() -> Finding {
    let program = env::current_exe().map(|it| format!(", {}", it.display()));
    ok("walk", format!("{}{}", env!("CARGO_PKG_VERSION"), program.unwrap_or_default()))
}

pub(super) fn shell() -> Finding {
    let name = "shell";
    let Some(shell) = find("sh") else {
        return warn(name, "there is no sh on PATH: only commands that are arrays run");
    };
    let real = fs::canonicalize(&shell).unwrap_or_else(|_| shell.clone());
    let kind = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if kind == "dash" {
        return ok(name, "sh is dash: commands of plain words run without it");
    }
    ok(name, format!("sh is {kind}: every command that is a text starts it; dash would be quicker"))
}

pub(super) fn processes() -> Finding {
    let name = "processes";
    match (os::has_subreaper(), os::has_pidfd()) {
        (true, true) => ok(name, "whatever an action starts ends with it (subreaper, pidfd)"),
        (true, false) => ok(name, "the ends of processes are polled for: there is no pidfd here"),
        (false, _) => {
            warn(name, "what leaves the group of an action may go on after it: no subreaper here")
        }
    }
}

pub(super) fn guardian() -> Finding {
    let name = "guardian";
    let missing: Vec<&str> =
        ["sh", "grep", "sleep"].into_iter().filter(|it| find(it).is_none()).collect();
    if missing.is_empty() && cfg!(target_os = "linux") {
        return ok(name, "if walk is killed, what it started is ended too");
    }
    let why = if missing.is_empty() {
        "only Linux has it".into()
    } else {
        missing.join(", ") + " missing"
    };
    warn(name, format!("if walk is killed, what it started goes on: {why}"))
}

pub(super) fn watches() -> Finding {
    let name = "inotify";
    let limit = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    match (limit("max_user_watches"), limit("max_user_instances")) {
        (Some(watches), _) if watches < FEW_WATCHES => warn(
            name,
            format!(
                "walk watch may look at {watches} directories only; sysctl fs.inotify.max_user_watches=524288, as root"
            ),
        ),
        (Some(watches), Some(instances)) => ok(
            name,
            format!("walk watch may look at {watches} directories, {instances} times at once"),
        ),
        _ if cfg!(target_os = "linux") => warn(name, "none here: walk watch polls"),
        _ => ok(name, "only Linux has it; walk watch asks this system its own way"),
    }
}

pub(super) fn open_files() -> Finding {
    let name = "open files";
    match os::open_files() {
        Some(limit) if limit < FEW_FILES => {
            warn(name, format!("{limit} at once are few for many jobs; ulimit -n raises it"))
        }
        Some(limit) => ok(name, format!("{limit} at once")),
        None => ok(name, "as many as wanted"),
    }
}

/// Returns where a program is, by `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|it| it.join(program)).find(|it| it.is_file())
}
