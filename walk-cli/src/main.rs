//! The command `walk`: brings declared results up to date.
//!
//! It is thin. What there is to do is read by walk-plan, done by walk-core; here are the
//! arguments, the terminal, the signals and the exit codes. A command goes one way:
//!
//! ```text
//! args ─▶ dispatch ─▶ project (manifest, state, lock) ─▶ run, or one of commands ─▶ exit
//!                                                         │
//!                                                 terminal, record
//! ```
//!
//! Called by the name of ninja it goes another way, by ninja's own arguments: `ninja`.

mod exit;

mod args;
mod dispatch;
mod error;

mod project;
mod quiet;

mod explain;
mod run;

mod watch;

mod away;
mod begin;
mod commands;
mod complete;
mod doctor;

mod ninja;

mod history;
mod record;
mod report;
mod terminal;

mod os;

use std::process::ExitCode;

fn main() -> ExitCode {
    exit::guarded(|| dispatch::walk(std::env::args_os())).leave()
}
