//! One walk as a process that may be killed, and the moments in which to do it.
//!
//! Walk and all that it starts inherit one end of a pipe as descriptor 9. Commands write their
//! names to it, which tells what runs, and when; its end tells that nobody is left. So there is
//! nothing to sleep for, and a hang is a deadline that passed.

use std::fs::{self, File};
use std::io::{self, PipeReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take, on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(100);

/// A walk that runs, or the last of what it left behind.
pub(super) struct Process {
    child: Child,
    pipe: PipeReader,
    told: Vec<u8>,
    has_ended: bool,
    output: PathBuf,
}

/// What came of a walk.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// The names of the actions that ran, once for each time.
    pub(super) ran: Vec<String>,
    /// What it said, to both.
    pub(super) said: String,
}

impl Process {
    /// Starts a program in `directory`; what it says goes to the file `output`.
    pub(super) fn start(
        program: &Path,
        args: &str,
        tracked: &str,
        directory: &Path,
        output: &Path,
    ) -> Self {
        let (pipe, its_end) = io::pipe().expect("a pipe");
        let file = File::create(output).expect("it can be made");
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 9>&0 </dev/null"]).arg(program);
        command.args(args.split_whitespace()).current_dir(directory).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TRACKED", tracked);
        command.stdin(Stdio::from(its_end));
        command.stdout(file.try_clone().expect("a descriptor")).stderr(file);
        let child = command.spawn().expect("it runs");
        Self { child, pipe, told: vec![], has_ended: false, output: output.into() }
    }

    /// Waits until `count` actions are in the middle of what they do, and then for a while;
    /// returns false if it is over before.
    pub(super) fn await_moment(&mut self, count: usize, then: Duration) -> bool {
        let deadline = Instant::now() + DEADLINE;
        while self.told().len() < count && self.listen(deadline) {}
        let until = Instant::now() + then;
        while !self.has_ended && self.listen(until) {}
        !self.has_ended
    }

    /// Returns the names of the actions that were or are in the middle of what they do.
    pub(super) fn told(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.told).lines().map(str::to_owned).collect()
    }

    pub(super) fn signal(&self, signal: Signal) {
        // It may have ended, but it is not reaped.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits until it and all that it started are gone.
    pub(super) fn finish(mut self) -> Result<Ended, String> {
        let deadline = Instant::now() + DEADLINE;
        while !self.has_ended {
            if !self.listen(deadline) && !self.has_ended {
                let said = fs::read_to_string(&self.output).unwrap_or_default();
                return Err(format!("it hangs, or something that it started does:\n{said}"));
            }
        }
        let status = self.child.wait().expect("it ended");
        let ran = self.told();
        let said = fs::read(&self.output).expect("it can be read");
        Ok(Ended { status, ran, said: String::from_utf8_lossy(&said).into_owned() })
    }

    /// Takes in what is told; returns false if there is nothing until `until`, or nobody.
    fn listen(&mut self, until: Instant) -> bool {
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now()));
        let mut poll_fds = [PollFd::new(&self.pipe, PollFlags::IN)];
        match poll(&mut poll_fds, Some(&left.expect("it is short"))) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => assert_eq!(error, rustix::io::Errno::INTR),
        }
        if poll_fds[0].revents().is_empty() {
            return true;
        }
        let mut buffer = [0; 1024];
        let count = self.pipe.read(&mut buffer).expect("it can be read");
        self.told.extend(&buffer[..count]);
        self.has_ended = count == 0;
        count > 0
    }
}

impl Drop for Process {
    /// Leaves no walk behind when a test gives up.
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// Returns the exit code; of a death by signal n, 128 + n.
    pub(super) fn code(&self) -> i32 {
        self.status.code().or(self.status.signal().map(|it| 128 + it)).expect("one of both")
    }
}
