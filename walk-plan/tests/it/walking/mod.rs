//! Walking a plan: what runs again after which change, and what is left behind.

mod away;
mod changes;
mod crash;
mod depfiles;
mod endings;
mod entries;
mod memo;
mod neighbours;
mod part;
mod plain;
mod project;
mod questions;
mod stamps;
mod urgency;
