//! `walk init`: a first manifest from what is in a directory.
//!
//! - `survey` is what is there.
//! - `sources` makes actions of sources: C and C++, Rust, Python.
//! - `runners` makes actions that call other tools: make, npm, doit, task.
//! - `command` joins them, writes the manifest and says what comes next.

mod command;
mod runners;
mod sources;
mod survey;

pub(crate) use command::init;
