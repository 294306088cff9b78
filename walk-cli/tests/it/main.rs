//! Drives the real command: exit codes, every command, signals, the lock, the terminal.

mod clean;
mod clean_build;
mod conduct;
mod exits;
mod interactive;
mod killed;
mod locking;
mod manifests;
mod mistakes;
mod neighbours;
mod ninja;
mod ninja_runs;
mod ninja_stages;
mod ninja_tools;
mod private;
mod project;
mod questions;
mod quiet;
mod reasons;
mod recorded_runs;
mod records;
mod secrets;
mod signals;
mod state;
mod system_calls;
mod terminal;
