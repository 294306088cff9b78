//! What is written of a run for other programs.
//!
//! - `events`: JSON lines, while it happens; `line` is what they look like.
//! - `recorder`: the same lines, kept with the state for the questions that come afterwards.
//! - `trace`: what ran when, for Chrome (`chrome://tracing`) and Perfetto.
//! - `junit`: a test report, for whoever reads those.
//!
//! None of them knows of commands or of the terminal: they hear of walk-core's events, and have
//! reasons put in words by walk-plan, as everybody does.

mod events;
mod junit;
mod line;
mod recorder;
mod records;
mod trace;

pub(crate) use events::Subject;
pub(crate) use line::{Element, Ended, Finish, Line, Queued, Start, Told, VERSION, status};
pub(crate) use recorder::Recorder;
pub(crate) use records::{Records, Wanted};
pub(crate) use trace::{Span, Trace};
