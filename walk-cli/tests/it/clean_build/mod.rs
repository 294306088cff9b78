//! Whatever happened before: a walk gives what a clean build gives, and then there is nothing to do.
//!
//! A seed decides a project in either language and a history of it: edits, damage, walks that are
//! killed. After every step a walk brings it up to date, and everything that it declares is
//! compared with a clean build in a fresh directory, which walk has no part in.
//!
//! `WALK_CASES=N` tries N seeds. `WALK_SEED=N` tries that one alone, of whose history
//! `WALK_STEPS=0,3` leaves all other steps out.

mod disk;
mod edit;
mod fault;
mod graph;
mod grow;
mod history;
mod manifest;
mod oracle;
mod process;
mod random;
mod rework;
mod trials;
