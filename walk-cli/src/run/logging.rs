//! Where the log goes: to stderr, above the live block if there is one.
//!
//! Warnings and errors are shown; `RUST_LOG` asks for more, or less.

use std::io::Write;

use env_logger::{Builder, Env, Target};
use log::Level;

use crate::terminal::{Console, LogPipe};

/// Sends the log to stderr.
pub(crate) fn log_to_stderr() {
    start(Target::Stderr, "walk");
}

/// Sends the log through the terminal of a run.
pub(super) fn log_to(console: &Console) {
    start(Target::Pipe(Box::new(LogPipe(console.clone()))), "walk");
}

/// Sends the log to `pipe`, in the name of ninja.
pub(crate) fn log_as_ninja(pipe: Box<dyn Write + Send>) {
    start(Target::Pipe(pipe), "ninja");
}

fn start(target: Target, name: &'static str) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("warn"));
    builder.target(target).format(move |out, record| {
        let level = match record.level() {
            Level::Warn => "warning".to_owned(),
            other => other.as_str().to_lowercase(),
        };
        writeln!(out, "{name}: {level}: {}", record.args())
    });
    // A second start has no effect: the first one stays.
    let _ = builder.try_init();
}
