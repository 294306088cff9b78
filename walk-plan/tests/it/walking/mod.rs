//! Walking a plan: what runs again after which change, and what is left behind.

mod changes;
mod depfiles;
mod endings;
mod entries;
mod neighbours;
mod project;
mod questions;
mod stamps;
