//! From text to what it says: the readers of TOML and JSON, and errors that show a place.

mod diagnostic;
mod source;

pub use diagnostic::{Diagnostic, ManifestError};
pub use source::{Overrides, Source};

pub(crate) use diagnostic::nearest;

/// schema
pub fn schema() -> String { String::new() }
