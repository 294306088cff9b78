//! Commands on other machines: which engines a walk has, and the runner on a node.
//!
//! The engine itself is walk-slurm's; here is what joins it to a walk of a plan.

mod engine;
mod runner;

pub(crate) use engine::prepare;
pub(crate) use runner::{NAME, run};
