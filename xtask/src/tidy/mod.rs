//! The rules of the house, checked on the source text.
//!
//! Clippy knows Rust; this knows the project: which crate may import which, who may name a
//! third-party crate, how long a file or a function may be, and which habits are out.
//! A finding is a place and a sentence; nothing is ever repaired or excused.
//! The rules run as a task and as a test, so that `cargo test` alone finds a breach.

mod check;
mod finding;
mod habits;
mod layers;
mod presence;
mod sizes;
mod source;
mod third_party;
mod words;

pub(crate) use check::{render, report, run};
