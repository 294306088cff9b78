//! What only Linux offers: pidfds, the child subreaper, `/proc`.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Once;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open, set_child_subreaper};

/// One process, as `/proc` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// It can still do something: it is not just waiting to be reaped.
    pub(crate) is_alive: bool,
    /// When it started; with the process id, what makes it this process and no other.
    pub(crate) start: u64,
}

/// Opens what becomes readable when the child exits; `None` if the kernel is too old.
pub(crate) fn exit_fd(child: Pid) -> Option<OwnedFd> {
    pidfd_open(child, PidfdFlags::empty()).ok()
}

/// Returns the load average of the last minute, from where the C library's `getloadavg` has it, so
/// that it is the number that ninja and make see (a container may show its own).
pub(crate) fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// Makes orphans among the descendants of this process its children, from now on.
pub(crate) fn adopt_orphans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(error) = set_child_subreaper(Some(getpid())) {
            log::warn!("processes that leave their group may survive: no subreaper: {error}");
        }
    });
}

/// Makes a file that exists in memory only, for as long as anybody has it open.
pub(crate) fn memory_file(name: &str) -> io::Result<File> {
    Ok(memfd_create(name, MemfdFlags::CLOEXEC)?.into())
}

/// Lists all processes, those included that start while it looks.
///
/// A process may start another and end between two looks at `/proc`, so that neither is seen. But
/// ids ascend: whoever started meanwhile has an id between the newest at the beginning and the
/// newest now, and is looked at until no newer one is there.
pub(crate) fn processes() -> Vec<Stat> {
    const ROUNDS: usize = 100;
    let mut newest = newest_id();
    let mut processes = listed();
    for _ in 0..ROUNDS {
        let now = newest_id();
        match now.cmp(&newest) {
            Ordering::Equal => break,
            Ordering::Greater => processes.extend((newest + 1..=now).filter_map(stat)),
            // Ids have begun again from below.
            Ordering::Less => processes = listed(),
        }
        newest = now;
    }
    processes
}

/// Returns whether the process was started with `name` set to `value` or to a path below it;
/// `None` if it has no environment, as in the middle of becoming another program.
pub(crate) fn has_variable(pid: i32, name: &str, value: &str) -> Option<bool> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let matches = |variable: &[u8]| {
        let rest = variable.strip_prefix(name.as_bytes());
        let rest = rest.and_then(|it| it.strip_prefix(b"=")?.strip_prefix(value.as_bytes()));
        rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    };
    (!environment.is_empty()).then(|| environment.split(|&byte| byte == 0).any(matches))
}

fn listed() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| stat(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// Returns the id that was given out last, or 0 where the system does not tell.
fn newest_id() -> i32 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_ascii_whitespace().last().and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn stat(pid: i32) -> Option<Stat> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Parses `pid (name) state parent group ...`, of which the name may contain anything.
fn parse(pid: i32, text: &[u8]) -> Option<Stat> {
    let end_of_name = text.iter().rposition(|&byte| byte == b')')?;
    let rest = str::from_utf8(&text[end_of_name + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
    let id = |field: usize| i32::try_from(number(field)?).ok();
    // A process whose first thread ended looks like a zombie while its other threads go on.
    let is_alive = !matches!(*fields.first()?, "Z" | "X") || number(17)? > 1;
    Some(Stat { pid, parent: id(1)?, group: id(2)?, is_alive, start: number(19)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P4: no process can hide by its name.
    #[test]
    fn a_name_may_contain_anything() {
        let text = b"42 (a) Z (b) S 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 12345 0 0";
        let stat = parse(42, text).expect("well-formed");
        assert_eq!((stat.pid, stat.parent, stat.group, stat.start), (42, 7, 8, 12345));
        assert!(stat.is_alive);
    }

    #[test]
    fn this_process_is_listed() {
        let me = getpid().as_raw_pid();
        assert!(processes().iter().any(|it| it.pid == me && it.is_alive));
    }

    #[test]
    fn a_variable_matches_whole_or_as_a_parent() {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", "echo; read line"]).env("MARK", "1.2/3");
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().expect("sh starts");
        let mut line = [0];
        let mut output = child.stdout.take().expect("piped");
        std::io::Read::read_exact(&mut output, &mut line).expect("sh echoes");
        let pid = i32::try_from(child.id()).expect("a pid fits");
        let found =
            ["1.2/3", "1.2", "1", "1.2/", "1.2/3/4"].map(|it| has_variable(pid, "MARK", it));
        drop(child.stdin.take());
        child.wait().expect("it ends with its input");
        assert_eq!(found, [true, true, false, false, false].map(Some));
    }
}
