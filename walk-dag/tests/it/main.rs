//! The contract of the crate, line by line, through its public interface only.
//!
//! One binary, one module per subject. The names `D1` to `D8` are the numbered lines of
//! the contract; `e3_*` are the cases of e3-core's own tests, by their names.

mod support;

mod context;
mod derive;
mod describe;
mod e3_main_test;
mod e3_tree_test;
mod frontier;
mod properties;
mod render;
mod scale;
mod shared_frontier;
mod update;
