//! Depfiles: what a compiler says that it read.

use std::path::PathBuf;

/// Returns prerequisites.
#[must_use]
pub fn parse(_bytes: &[u8]) -> Vec<PathBuf> {
    Vec::new()
}
