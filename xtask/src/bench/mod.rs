//! `cargo xtask bench`: what walk costs, from outside, beside ninja where it is installed.
//!
//! The same generated graph is given to both, in their own formats, and they take turns, so
//! that each figure has one beside it that was taken seconds away. What is measured inside a
//! process is measured by the crates' own examples; this only starts them and tabulates.

mod edit;
mod graph;
mod inside;
mod outside;
mod run;
mod tree;

pub(crate) use run::{Options, run};
