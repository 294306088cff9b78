//! A child process and the thread that waits for it.
//!
//! One thread does it all: it sleeps until the child exits, its bell is rung or its time is over,
//! whichever comes first, then looks what is the case. What woke it does not matter, so a missing
//! pidfd only makes it look more often. Ends with the child reaped, in every case.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    WaitId, WaitIdOptions, WaitOptions, test_kill_process_group, waitid, waitpgid, waitpid,
};

use super::family::{Family, PATIENCE};
use super::{Bell, Leash, Spawn, platform};
use crate::JobContext;
use crate::run::Run;

/// How often to look where nothing tells.
const TICK: Duration = Duration::from_millis(5);

/// How often to look, at the least, whether orphans are still alive: each look reads `/proc`.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A child that runs, on the list of its run.
#[derive(Debug)]
pub(crate) struct Child<'a> {
    leash: Arc<Leash>,
    exit: Option<OwnedFd>,
    /// It needs only be reaped.
    has_exited: bool,
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
    pub(crate) fn spawn(spawn: &Spawn<'_>, kinship: Kinship<'a>, run: &'a Run) -> io::Result<Self> {
        let bell = Bell::of_this_thread()?;
        let spawning = run.spawning();
        let pid = spawn.start()?;
        let leash = Arc::new(Leash::new(pid, kinship.leads_group, bell));
        run.enlist(&leash);
        drop(spawning);
        Ok(Self { leash, exit: platform::exit_fd(pid), has_exited: false, run, kinship })
    }

    /// Waits until the child exits, killing it and all its family once `cx` is interrupted.
    pub(crate) fn wait(mut self, cx: &JobContext) -> io::Result<ExitStatus> {
        while !self.has_exited {
            if cx.is_interrupted() && !self.look() {
                self.end();
                break;
            }
            self.sleep(cx.time_left());
        }
        self.reap(cx)
    }

    /// Looks whether the child needs only be reaped.
    fn look(&mut self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while !self.has_exited {
            match waitid(WaitId::Pid(self.leash.pid()), options) {
                Ok(None) => break,
                Err(Errno::INTR) => (),
                // An error: somebody else has reaped it, as `reap` will tell.
                Ok(Some(_)) | Err(_) => self.has_exited = true,
            }
        }
        self.has_exited
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
        while !self.look() && Instant::now() < give_up {
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
            if !self.look() {
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
        if self.exit.is_some() {
            self.doze(limit);
        } else {
            self.doze(Some(limit.unwrap_or(TICK).min(TICK)));
            self.look();
        }
    }

    /// As `sleep`, where the child is not looked at.
    fn doze(&mut self, limit: Option<Duration>) {
        // A limit beyond what the system can express is none.
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let bell = PollFd::new(self.leash.bell().ear(), PollFlags::IN);
        let nothing_more = PollFd::new(self.leash.bell().ear(), PollFlags::empty());
        let exit = self.exit.as_ref().map(|exit| PollFd::new(exit, PollFlags::IN));
        let mut sources = [bell, exit.unwrap_or(nothing_more)];
        // An error is an interrupted call, after which the caller looks as ever.
        let _ = poll(&mut sources, limit.as_ref());
        let [rung, exited] = sources.map(|it| it.revents().contains(PollFlags::IN));
        if rung {
            self.leash.bell().hush();
        }
        self.has_exited |= exited;
    }

    /// Returns true if the group of a child that is reaped has living members. Its id is nobody
    /// else's for as long as it has any.
    fn has_left_group(&self) -> bool {
        let group = self.leash.pid();
        let has_members = || test_kill_process_group(group).is_ok();
        has_members() && {
            // Orphans that came to us count as members until they are reaped.
            while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
            has_members()
        }
    }

    fn reap(mut self, cx: &JobContext) -> io::Result<ExitStatus> {
        // Off the list first: from here on the process id may become somebody else's.
        self.run.dismiss(&self.leash);
        if self.look() {
            let status = self.wait_status();
            if self.leash.leads_group() && !cx.is_interrupted() && self.has_left_group() {
                cx.leave_behind();
            }
            status
        } else {
            Err(io::Error::new(io::ErrorKind::TimedOut, "it does not die of SIGKILL"))
        }
    }

    fn wait_status(&self) -> io::Result<ExitStatus> {
        loop {
            match waitpid(Some(self.leash.pid()), WaitOptions::empty()) {
                Ok(Some((_, status))) => return Ok(ExitStatus::from_raw(status.as_raw())),
                Ok(None) | Err(Errno::INTR) => (),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
