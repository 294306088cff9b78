//! What other threads may do to a child: wake the thread that waits for it, stop it, continue it.
//!
//! The bell is a pipe, for it is woken from with `poll`, on every Unix, next to the child's exit.
//! A thread has one for all its children: what is left in it from an earlier one only makes it look.

use std::cell::OnceCell;
use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A hold on a child that is not reaped yet.
#[derive(Debug)]
pub(crate) struct Leash {
    pid: Pid,
    leads_group: bool,
    bell: Arc<Bell>,
}

/// What wakes a thread that waits for a child.
#[derive(Debug)]
pub(crate) struct Bell {
    ear: PipeReader,
    rope: PipeWriter,
}

impl Bell {
    /// Returns the bell of this thread.
    pub(crate) fn of_this_thread() -> io::Result<Arc<Self>> {
        thread_local!(static BELL: OnceCell<Arc<Bell>> = const { OnceCell::new() });
        BELL.with(|bell| {
            if let Some(bell) = bell.get() {
                return Ok(Arc::clone(bell));
            }
            let (ear, rope) = io::pipe()?;
            Ok(Arc::clone(bell.get_or_init(|| Arc::new(Self { ear, rope }))))
        })
    }

    /// Returns what is readable once it was rung.
    pub(crate) fn ear(&self) -> &PipeReader {
        &self.ear
    }

    /// Takes note of having been woken.
    pub(crate) fn hush(&self) {
        let _ = (&self.ear).read(&mut [0; 64]);
    }

    fn ring(&self) {
        // The one who waits has it too, so that the other end is open.
        let _ = (&self.rope).write(&[1]);
    }
}

impl Leash {
    pub(crate) fn new(pid: Pid, leads_group: bool, bell: Arc<Bell>) -> Self {
        Self { pid, leads_group, bell }
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
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
        self.bell.ring();
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
