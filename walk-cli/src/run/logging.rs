//! Where the log goes: to stderr, and above the live block as soon as there is one.
//!
//! Warnings and errors are shown; `RUST_LOG` asks for more, or less. It is there before anything
//! is read, because what is read can be damaged, and that is said.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use env_logger::{Builder, Env, Target};
use log::Level;

use crate::terminal::{Console, LogPipe};

/// What the log goes through; stderr as long as there is nothing.
static PIPE: Mutex<Option<Box<dyn Write + Send>>> = Mutex::new(None);

/// Whether anything went through it.
static WAS_USED: AtomicBool = AtomicBool::new(false);

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WAS_USED.store(true, Ordering::Relaxed);
        match &mut *PIPE.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(pipe) => pipe.write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns whether anything was logged and shown.
pub(crate) fn was_anything_logged() -> bool {
    WAS_USED.load(Ordering::Relaxed)
}

/// Sends the log through the terminal of a run from now on.
pub(super) fn log_to(console: &Console) {
    log_through(Box::new(LogPipe(console.clone())));
}

/// Sends the log through `pipe` from now on.
pub(crate) fn log_through(pipe: Box<dyn Write + Send>) {
    *PIPE.lock().unwrap_or_else(PoisonError::into_inner) = Some(pipe);
}

/// Starts the log, in the name of `walk` or of `ninja`.
pub(crate) fn start_log(name: &'static str) {
    // Of `notify`: that a directory which is gone is not watched any more.
    let mut builder = Builder::from_env(Env::default().default_filter_or("warn,notify=error"));
    builder.target(Target::Pipe(Box::new(Log))).format(move |out, record| {
        let level = match record.level() {
            Level::Warn => "warning".to_owned(),
            other => other.as_str().to_lowercase(),
        };
        writeln!(out, "{name}: {level}: {}", record.args())
    });
    // A second start has no effect: the first one stays.
    let _ = builder.try_init();
}
