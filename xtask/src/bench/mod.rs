//! `cargo xtask bench`: what walk costs, from outside, beside all who build and are installed.
//!
//! The same generated graph is given to everybody, each in its own format, and they take turns, so
//! that each figure has one beside it that was taken seconds away. What is measured inside a
//! process is measured by the crates' own examples; this only starts them and tabulates.

mod cases;
mod checks;
mod formats;
mod graph;
mod inside;
mod kit;
mod lab;
mod outside;
mod peers;
mod report;
mod run;
mod sample;
mod semantics;
mod tree;

pub(crate) use run::{Options, run};
