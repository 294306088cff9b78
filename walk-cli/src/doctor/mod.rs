//! `walk doctor`: what works here, and why something does not.
//!
//! Each check is a function that returns one [`finding`](finding::Finding): a name, whether it is
//! well, and one sentence. `command` has their list, to which more can be added.
//!
//! - `project` looks at the manifest, the state directory and what is in it.
//! - `disk` tries what the state needs of its file system.
//! - `system` asks for the shell, processes and limits.
//! - `surroundings` looks at the terminal and at make.

mod finding;

mod disk;
mod project;
mod surroundings;
mod system;

mod away;
mod command;

pub(crate) use command::doctor;
