//! A child process and the thread that waits for it.
//!
//! One thread does it all: it sleeps until the child exits, its bell is rung or its time is over,
//! whichever comes first, then looks what is the case. What woke it does not matter, so a missing
//! pidfd only makes it look more often. Ends with the child reaped, in every case.

use std::io::{self, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::process::{self, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, test_kill_process_group, waitid, waitpgid,
};

use super::family::{Family, PATIENCE};
use super::{Leash, platform};
use crate::JobContext;
use crate::run::Run;

/// How often to look where nothing tells.
const TICK: Duration = Duration::from_millis(5);

/// How often to look, at the least, whether orphans are still alive: each look reads `/proc`.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A child that runs, on the list of its run.
#[derive(Debug)]
pub(crate) struct Child<'a> {
    handle: process::Child,
    leash: Arc<Leash>,
    bell: PipeReader,
    exit: Option<OwnedFd>,
    run: &'a Run,
    kinship: Kinship<'a>,
}

/// How the descendants of a child are recognised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kinship<'a> {
    /// The child leads a process group of its own.
    pub(crate) leads_group: bool,
    /// The environment variable that they inherit, and the value that only they have.
    pub(crate) variable: &'a str,
    pub(crate) mark: &'a str,
}

impl<'a> Child<'a> {
    /// Spawns a command and puts it on the run's list.
    pub(crate) fn spawn(
        command: &mut Command,
        kinship: Kinship<'a>,
        run: &'a Run,
    ) -> io::Result<Self> {
        let (bell, rope) = Leash::bell()?;
        let spawning = run.spawning();
        let handle = command.spawn()?;
        let pid = Pid::from_child(&handle);
        let leash = Arc::new(Leash::new(pid, kinship.leads_group, rope));
        run.enlist(&leash);
        drop(spawning);
        Ok(Self { handle, leash, bell, exit: platform::exit_fd(pid), run, kinship })
    }

    /// Waits until the child exits, killing it and all its family once `cx` is interrupted.
    pub(crate) fn wait(mut self, cx: &JobContext) -> io::Result<ExitStatus> {
        while !self.has_exited() {
            if cx.is_interrupted() {
                self.end();
                break;
            }
            self.sleep(cx.time_left());
        }
        self.reap(cx)
    }

    /// Returns true once the child needs only be reaped.
    fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(self.leash.pid()), options) {
                Ok(status) => return status.is_some(),
                Err(rustix::io::Errno::INTR) => (),
                // Somebody else has reaped it; `reap` will tell.
                Err(_) => return true,
            }
        }
    }

    /// Asks the family to end, and kills what has not ended when the grace period is over.
    fn end(&mut self) {
        let leash = Arc::clone(&self.leash);
        let mut family = Family::new(&leash, self.kinship.variable, self.kinship.mark);
        if !self.run.is_killed() {
            family.terminate();
            self.await_end(&mut family);
        }
        family.kill();
        let give_up = Instant::now() + PATIENCE;
        while !self.has_exited() && Instant::now() < give_up {
            self.sleep(Some(TICK));
        }
    }

    fn await_end(&mut self, family: &mut Family<'_>) {
        let end = Instant::now().checked_add(self.run.grace());
        let mut pause = TICK;
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if self.run.is_killed() || left == Some(Duration::ZERO) {
                return;
            }
            if !self.has_exited() {
                self.sleep(left);
            } else if family.has_living_descendants() {
                // Nothing tells of their end, and the child's own would wake us at once.
                self.exit = None;
                self.doze(Some(left.unwrap_or(pause).min(pause)));
                pause = (pause * 2).min(LONGEST_PAUSE);
            } else {
                return;
            }
        }
    }

    /// Sleeps until the child exits, the bell is rung, or `limit` is over.
    fn sleep(&mut self, limit: Option<Duration>) {
        let limit = if self.exit.is_none() { Some(limit.unwrap_or(TICK).min(TICK)) } else { limit };
        self.doze(limit);
    }

    /// As `sleep`, where nothing is to be looked at meanwhile.
    fn doze(&mut self, limit: Option<Duration>) {
        // A limit beyond what the system can express is none.
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut sources = vec![PollFd::new(&self.bell, PollFlags::IN)];
        sources.extend(self.exit.as_ref().map(|exit| PollFd::new(exit, PollFlags::IN)));
        // An error is an interrupted call, after which the caller looks as ever.
        let _ = poll(&mut sources, limit.as_ref());
        if !sources[0].revents().is_empty() {
            let _ = self.bell.read(&mut [0; 64]);
        }
    }

    /// Returns true if the group of a child that is reaped has living members. Its id is nobody
    /// else's for as long as it has any.
    fn has_left_group(&self) -> bool {
        let group = self.leash.pid();
        let has_members = || test_kill_process_group(group).is_ok();
        if has_members() {
            // Orphans that came to us count as members until they are reaped.
            while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
        }
        has_members()
    }

    fn reap(mut self, cx: &JobContext) -> io::Result<ExitStatus> {
        // Off the list first: from here on the process id may become somebody else's.
        self.run.dismiss(&self.leash);
        if self.has_exited() {
            let status = self.handle.wait();
            if self.leash.leads_group() && !cx.is_interrupted() && self.has_left_group() {
                cx.leave_behind();
            }
            status
        } else {
            Err(io::Error::new(io::ErrorKind::TimedOut, "it does not die of SIGKILL"))
        }
    }
}
