//! The commands that answer questions, and `clean`.
//!
//! Those that answer never wait, take no lock and make no file.
//!
//! - `forecast` is a dry walk and what it says of each action; `plan`, `status` and `why`
//!   show it.
//! - `history` is what is remembered: `list` and `log`.
//! - `recorded` and `runs` are what was recorded of whole runs: `why --run`, `runs` and `diff`.
//! - `graph` is the graph: `graph` and `query`.
//! - `clean` removes what walk made.
//! - `about` is about the manifest and walk itself: `check`, `schema`, `man`.

mod forecast;

mod plan;
mod why;

mod history;
mod recorded;
mod runs;

mod graph;

mod clean;

mod about;

pub(crate) use about::{check, man, schema};
pub(crate) use clean::clean;
pub(crate) use graph::{graph, query};
pub(crate) use history::{list, log};
pub(crate) use plan::{plan, status};
pub(crate) use runs::{diff, runs};
pub(crate) use why::why;
