//! From text to what it says: the readers of TOML and JSON, and errors that show a place.
//!
//! A [`Document`] is the text, typed; it means nothing yet. Both readers fill the same
//! structs, and know nothing of files, globs or the graph.

mod diagnostic;
mod fault;
mod source;

mod cache;
mod document;
mod queue;
mod value;

mod locate;
mod read;
mod schema;

pub use diagnostic::{Diagnostic, ManifestError};
pub use schema::schema;
pub use source::{Overrides, Source};

pub(crate) use cache::RawMode;
pub(crate) use diagnostic::nearest;
pub(crate) use document::RawAction;
pub(crate) use fault::{Fault, Place, Result, Trouble};
pub(crate) use queue::{EngineTable, RawQueue};
pub(crate) use read::{Parsed, read};
pub(crate) use source::{SourceText, Sources};
pub(crate) use value::{Cell, Entries, Jobs, List, RunText, Text};
