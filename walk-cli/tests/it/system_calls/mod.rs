//! Each system call of a walk that concerns its state, as the last one, as one that fails, and as
//! one that a loss of power takes back: the next walk gives what a clean build gives.
//!
//! The calls are seen, and interfered with, from outside, by strace; where there is none, the
//! tests say so and pass. A few moments are tried; with `WALK_CASES=N` in the environment all of
//! them, and N losses of power. `WALK_SEED=N` tries other losses.

mod failing;
mod killed;
mod power;
mod sources;
mod strace;
