//! The JSON Schema of a manifest, for editors and generators.

use super::document::Document;

/// Returns the JSON Schema of a manifest, as indented JSON text.
///
/// ```
/// assert!(walk_plan::schema().contains("\"foreach\""));
/// ```
#[must_use]
pub fn schema() -> String {
    format!("{:#}", schemars::schema_for!(Document<'static>).to_value())
}
