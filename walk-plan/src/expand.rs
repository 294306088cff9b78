//! From documents to a plan.
use crate::{Diagnostic, ManifestError, Overrides, Plan, Source};
use std::path::Path;
impl Plan {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// If it is not a valid manifest.
    pub fn read(_source: &Source, _overrides: &Overrides) -> Result<Plan, ManifestError> {
        Err(Diagnostic::of_file(Path::new("walk.toml"), "not read yet".into()).into())
    }
}
