//! To begin with: `walk init` and `walk import` write a first manifest from what is there.
//!
//! - `draft` is a manifest in the making, and its text as TOML or JSON.
//! - `words` splits a command as a shell would, if no shell is needed to know what it means.
//! - `compiler` knows what compilers, linkers and `ar` read and write, by their arguments.
//! - `commands` makes actions of commands, in whose order files come to be.
//! - `compdb` and `make` read what other tools say of a build.
//! - `init` looks at a directory.
//! - `write` puts the text where it was asked for, over nothing that is there.
//!
//! Nothing is executed. What is guessed is said in a comment beside it.

mod commands;
mod compdb;
mod compiler;
mod draft;
mod init;
mod make;
mod words;
mod write;

pub(crate) use init::init;
pub(crate) use write::import;
