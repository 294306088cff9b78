//! The scheduler's contract, line by line: S and P of `semantics.md`, and e3's own tests.
//!
//! Children say by files how far they are; whoever waits for that looks again until a deadline
//! that only a broken test reaches.

mod cases;
mod support;

mod e3_job_test;
mod e3_scheduling_test;
mod guarded;
mod interruption;
mod jobserver;
mod killing;
mod process;
mod properties;
mod queues;
mod stress;
mod suspension;
mod team;
