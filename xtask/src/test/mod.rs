//! `cargo xtask test`: everything that must hold, in one command, counted in one line.
//!
//! All steps run even if one fails; the last line is a test runner's, summed over all test
//! binaries and the steps. It knows which commands to run, not what they check.

mod cases;
mod fuzz;
mod long;
mod run;
mod servers;
mod steps;
mod strace;
mod tally;

pub(crate) use run::{Options, run};
