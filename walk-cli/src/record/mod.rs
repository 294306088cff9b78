//! What is written of a run for other programs.
//!
//! - `events`: JSON lines, while it happens.
//! - `trace`: what ran when, for Chrome (`chrome://tracing`) and Perfetto.
//! - `junit`: a test report, for whoever reads those.
//!
//! None of them knows of commands or of the terminal: they hear of walk-core's events, and have
//! reasons put in words by walk-plan, as everybody does.

mod events;
mod junit;
mod records;
mod trace;

pub(crate) use records::{Records, Start, Wanted};
