//! A process that outlives this one, should it be killed, and then ends what it leaves alive.
//!
//! Whoever is killed with SIGKILL cannot clean up, so somebody else has to. A library has no
//! program of its own to start, and cannot go on in a copy of itself without `unsafe`; so the
//! guardian is a script. It sleeps until the connection to us closes, and recognises the family as
//! [`Family`](super::family::Family) does, by ids and by the mark in the environment. What ids
//! there are it reads then from a file in memory, so that a child costs one small write and wakes
//! nobody.
//!
//! It also takes over when a run was interrupted: jobs that had ended by themselves may have left
//! something in the background.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};

use super::{Leash, platform};

const SCRIPT: &str = include_str!("guardian.sh");

/// How long a line of the table is: a sign, an id, a line feed.
const LINE: usize = 12;

/// A process that ends what this one leaves alive.
#[derive(Debug)]
pub(crate) struct Guardian {
    pid: Pid,
    /// Until it is reaped.
    process: Mutex<Option<process::Child>>,
    connection: UnixStream,
    table: Table,
}

/// The children that run, where the guardian can read it.
#[derive(Debug)]
struct Table {
    file: File,
    /// The process ids by line, 0 where there is none.
    lines: Mutex<Vec<i32>>,
}

impl Guardian {
    /// Starts a guardian of all whose job ids begin with `mark`; `held` stays open in it.
    /// What is still held of the tokens of a jobserver then, it writes to `tokens`.
    pub(crate) fn start(
        mark: &str,
        grace: Duration,
        held: Option<OwnedFd>,
        tokens: Option<&Path>,
    ) -> io::Result<Self> {
        let (connection, its_end) = UnixStream::pair()?;
        let file = platform::memory_file("walk-children")?;
        let process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "walk-guardian", mark, &tenths(grace)])
            .arg(getpgrp().as_raw_pid().to_string())
            .args(tokens)
            .current_dir("/")
            .process_group(0)
            .stdin(OwnedFd::from(its_end))
            .stdout(file.try_clone()?)
            .stderr(held.map_or_else(Stdio::null, Stdio::from))
            .spawn()?;
        let pid = Pid::from_child(&process);
        let table = Table { file, lines: Mutex::default() };
        table.hold(0);
        Ok(Self { pid, process: Mutex::new(Some(process)), connection, table })
    }

    /// Has it know how many tokens are held.
    pub(crate) fn hold_tokens(&self, count: usize) {
        self.table.hold(count);
    }

    /// Has it know a child.
    pub(crate) fn watch(&self, child: &Leash) {
        self.table.replace(0, child.target());
    }

    /// Has it forget a child that is about to be reaped.
    pub(crate) fn forget(&self, child: &Leash) {
        self.table.replace(child.target(), 0);
    }

    /// Sends it away; what was left in the background goes on.
    pub(crate) fn dismiss(&self) {
        self.say("bye\n");
    }

    /// Has it end all that is left, by force when the rest of the grace period is over.
    pub(crate) fn end_all(&self, rest: Duration) {
        self.say(&format!("end {}\n", tenths(rest)));
    }

    /// Has it not wait any longer.
    pub(crate) fn hurry(&self) {
        if locked(&self.process).is_some() {
            let _ = kill_process(self.pid, Signal::USR1);
        }
    }

    /// Says the last word, and waits until the guardian has done what it asks for.
    fn say(&self, text: &str) {
        // A guardian that is gone hears nothing, and nothing can be done about it.
        let _ = (&self.connection).write_all(text.as_bytes());
        let _ = self.connection.shutdown(Shutdown::Write);
        // Without reaping it, so that it can be told to hurry meanwhile.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(self.pid), options), Err(Errno::INTR)) {}
        let process = locked(&self.process).take();
        let _ = process.map(|mut it| it.wait());
    }
}

impl Table {
    /// Writes how many tokens are held, to the first line.
    fn hold(&self, count: usize) {
        self.write(0, &format!("+{count}"));
    }

    /// Writes `new` where `old` is, or at the end.
    fn replace(&self, old: i32, new: i32) {
        let mut lines = locked(&self.lines);
        let line = lines.iter().position(|&it| it == old).unwrap_or(lines.len());
        if line == lines.len() {
            lines.push(new);
        }
        lines[line] = new;
        self.write(line + 1, &new.to_string());
    }

    fn write(&self, line: usize, text: &str) {
        let line_of_table = format!("{text:<width$}\n", width = LINE - 1);
        // A file in memory: what can fail is that there is none left.
        if let Err(error) = self.file.write_all_at(line_of_table.as_bytes(), (line * LINE) as u64) {
            log::warn!("what `{text}` stands for survives if this process is killed: {error}");
        }
    }
}

/// Returns a duration in tenths of a second, rounded up.
fn tenths(duration: Duration) -> String {
    duration.as_millis().div_ceil(100).min(1_000_000_000).to_string()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
