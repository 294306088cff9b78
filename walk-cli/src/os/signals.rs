//! Signals: the first asks to stop, the second kills, the third ends walk itself; Ctrl-Z
//! stops the children too.
//!
//! A thread reads them, so that what they cause may take locks. A signal that was ignored
//! when walk started stays ignored: `nohup` and shells without job control rely on it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals as Incoming;
use signal_hook::low_level::emulate_default_handler;
use walk_core::Interrupt;

/// Hears of signals beside the run itself: the terminal.
pub(crate) trait Listener: Send {
    /// Hears that everything is about to stop, or to be killed.
    fn stopping(&self, is_kill: bool);
    /// Hears that the process is about to be suspended.
    fn suspended(&self);
    /// Hears that the process goes on.
    fn resumed(&self);
}

/// The thread that reads signals.
#[derive(Debug)]
pub(crate) struct Signals {
    received: Arc<AtomicI32>,
}

impl Signals {
    /// Starts to handle signals.
    pub(crate) fn handle(
        interrupt: Interrupt,
        listener: impl Listener + 'static,
    ) -> io::Result<Self> {
        let ignored = ignored();
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT];
        let mut incoming = Incoming::new(wanted.iter().filter(|it| !ignored.contains(it)))?;
        let received = Arc::new(AtomicI32::new(0));
        let mut reader = Reader { interrupt, listener, received: Arc::clone(&received), count: 0 };
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || incoming.forever().for_each(|signal| reader.take(signal)))?;
        Ok(Self { received })
    }

    /// Returns the signal that asked to stop, if one did.
    pub(crate) fn received(&self) -> Option<i32> {
        Some(self.received.load(Ordering::SeqCst)).filter(|it| *it != 0)
    }
}

struct Reader<L> {
    interrupt: Interrupt,
    listener: L,
    received: Arc<AtomicI32>,
    count: u32,
}

impl<L: Listener> Reader<L> {
    fn take(&mut self, signal: i32) {
        match signal {
            SIGTSTP => self.suspend(),
            SIGCONT => self.listener.resumed(),
            _ => self.stop(signal),
        }
    }

    fn stop(&mut self, signal: i32) {
        self.count += 1;
        let _ = self.received.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        match self.count {
            1 => self.interrupt.trigger(),
            2 => self.interrupt.kill(),
            // The children were killed; whatever still goes on is not worth waiting for.
            _ => drop(emulate_default_handler(signal)),
        }
        self.listener.stopping(self.count > 1);
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
