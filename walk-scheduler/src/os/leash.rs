//! What other threads may do to a child: wake the thread that waits for it, stop it, continue it.
//!
//! The bell is a pipe, for it is woken from with `poll`, on every Unix, next to the child's exit.

use std::io::{self, PipeReader, PipeWriter, Write};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A hold on a child that is not reaped yet.
#[derive(Debug)]
pub(crate) struct Leash {
    pid: Pid,
    leads_group: bool,
    bell: PipeWriter,
}

impl Leash {
    pub(crate) fn new(pid: Pid, leads_group: bool, bell: PipeWriter) -> Self {
        Self { pid, leads_group, bell }
    }

    /// Makes a bell: what is read from the one end was rung at the other.
    pub(crate) fn bell() -> io::Result<(PipeReader, PipeWriter)> {
        io::pipe()
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn leads_group(&self) -> bool {
        self.leads_group
    }

    /// Returns whom signals go to, as `kill` has it: a group is negative.
    pub(crate) fn target(&self) -> i32 {
        let id = self.pid.as_raw_pid();
        if self.leads_group { -id } else { id }
    }

    /// Wakes the thread that waits for the child.
    pub(crate) fn ring(&self) {
        // The thread holds the other end until it has taken the leash off the list.
        let _ = (&self.bell).write(&[1]);
    }

    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn unpause(&self) {
        self.signal(Signal::CONT);
    }

    /// Signals the group that the child leads, else the child.
    pub(crate) fn signal(&self, signal: Signal) {
        // That it is gone is the only error there can be.
        let _ = if self.leads_group {
            kill_process_group(self.pid, signal)
        } else {
            kill_process(self.pid, signal)
        };
    }
}
