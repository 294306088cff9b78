//! The behaviour of walk-core, through its public interface.
//!
//! `e3_walk` holds the cases of e3-core's `walk_test.py` under their names; the other
//! modules hold what the contract says beyond them. Comments cite the line of the contract.

#[path = "../../../walk-scheduler/tests/it/cases.rs"]
mod cases;
mod critical_path;
mod decide;
mod e3_walk;
mod fixture;
mod for_each;
mod limits;
mod origins;
mod random;
