//! Signals: the first asks to stop, the second kills, the third ends walk itself; Ctrl-Z
//! stops the children too.
//!
//! A thread reads them, so that what they cause may take locks. A signal that was ignored
//! when walk started stays ignored: `nohup` and shells without job control rely on it. Between the
//! runs of a watch there is nothing to stop, and signals do what they do by themselves.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals as Incoming;
use signal_hook::low_level::emulate_default_handler;
use walk_core::Interrupt;

/// Hears of signals beside the run itself: the terminal.
pub(crate) trait Listener: Send {
    /// Hears that everything is about to stop, or to be killed; `again` is what kills.
    fn stopping(&self, is_kill: bool, again: &str);
    /// Hears that the process ends at once.
    fn leaving(&self);
    /// Hears that the process is about to be suspended.
    fn suspended(&self);
    /// Hears that the process goes on.
    fn resumed(&self);
}

/// The thread that reads signals; clones are the same.
#[derive(Clone)]
pub(crate) struct Signals {
    shared: Arc<Shared>,
}

struct Shared {
    received: AtomicI32,
    /// Who is told; nobody between runs.
    target: Mutex<Option<Target>>,
}

struct Target {
    interrupt: Interrupt,
    listener: Box<dyn Listener>,
    count: u32,
}

impl Signals {
    /// Starts to handle signals, for one run.
    pub(crate) fn handle(
        interrupt: Interrupt,
        listener: impl Listener + 'static,
    ) -> io::Result<Self> {
        Self::start(Some(Target { interrupt, listener: Box::new(listener), count: 0 }))
    }

    /// Starts to handle signals, for the runs to come.
    pub(crate) fn idle() -> io::Result<Self> {
        Self::start(None)
    }

    fn start(target: Option<Target>) -> io::Result<Self> {
        let ignored = ignored();
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT];
        let mut incoming = Incoming::new(wanted.iter().filter(|it| !ignored.contains(it)))?;
        let shared = Shared { received: AtomicI32::new(0), target: Mutex::new(target) };
        let signals = Self { shared: Arc::new(shared) };
        let reader = Arc::clone(&signals.shared);
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || incoming.forever().for_each(|signal| reader.take(signal)))?;
        Ok(signals)
    }

    /// Has signals reach a run from now on.
    pub(crate) fn aim(&self, interrupt: Interrupt, listener: impl Listener + 'static) {
        let target = Target { interrupt, listener: Box::new(listener), count: 0 };
        *self.shared.target() = Some(target);
    }

    /// Has signals do what they do by themselves from now on: the run is over.
    pub(crate) fn rest(&self) {
        *self.shared.target() = None;
    }

    /// Returns the signal that asked to stop, if one did.
    pub(crate) fn received(&self) -> Option<i32> {
        Some(self.shared.received.load(Ordering::SeqCst)).filter(|it| *it != 0)
    }
}

impl Shared {
    fn target(&self) -> MutexGuard<'_, Option<Target>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, signal: i32) {
        let mut target = self.target();
        match (signal, &mut *target) {
            (SIGCONT, Some(target)) => target.listener.resumed(),
            (SIGCONT, None) => {}
            (SIGTSTP, Some(target)) => target.suspend(),
            (_, Some(target)) => {
                let (zero, order) = (0, Ordering::SeqCst);
                let _ = self.received.compare_exchange(zero, signal, order, order);
                target.stop(signal);
            }
            // It returns if the process was stopped and goes on.
            (_, None) => drop(emulate_default_handler(signal)),
        }
    }
}

impl Target {
    fn stop(&mut self, signal: i32) {
        self.count += 1;
        match self.count {
            1 => self.interrupt.trigger(),
            2 => self.interrupt.kill(),
            // The children were killed; whatever still goes on is not worth waiting for.
            _ => {
                self.listener.leaving();
                let _ = emulate_default_handler(signal);
            }
        }
        let again = if signal == SIGINT { "Ctrl-C again" } else { "another signal" };
        self.listener.stopping(self.count > 1, again);
    }

    fn suspend(&self) {
        self.interrupt.suspend();
        self.listener.suspended();
        // It returns when the process is continued.
        let _ = emulate_default_handler(SIGTSTP);
        self.interrupt.resume();
        self.listener.resumed();
    }
}

/// Returns the signals that whoever started walk wanted it to ignore; Linux only.
fn ignored() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    mask.map_or_else(Vec::new, |it| numbers(it.trim()))
}

fn numbers(mask: &str) -> Vec<i32> {
    let mask = u64::from_str_radix(mask, 16).unwrap_or(0);
    (1..=64).filter(|number| mask >> (number - 1) & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_a_list_of_signals() {
        let check = |mask, expected: &[i32]| assert_eq!(numbers(mask), expected, "{mask}");
        check("0000000000000000", &[]);
        check("0000000000001001", &[SIGHUP, 13]);
        check("8000000000000006", &[SIGINT, SIGQUIT, 64]);
        check("what", &[]);
    }
}
