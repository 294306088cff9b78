//! The JSON Schema of a manifest, for editors and generators.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value};

use super::document::Document;

/// Returns the JSON Schema of a manifest, as indented JSON text.
///
/// ```
/// assert!(walk_plan::schema().contains("\"foreach\""));
/// ```
#[must_use]
pub fn schema() -> String {
    // Of all versions of JSON Schema this is the one that every editor knows.
    let settings = SchemaSettings::draft07().with_transform(without_null);
    let schema = settings.into_generator().into_root_schema_for::<Document<'static>>();
    format!("{:#}", schema.to_value())
}

/// What may be absent is no value of its own: TOML has none for it, and an editor that offers two
/// kinds of value says nothing of either.
fn without_null(schema: &mut Schema) {
    transform_subschemas(&mut without_null, schema);
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|it| it != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            object.insert("type".into(), one);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|it| !it.is_null());
    }
    if let Some(Value::Array(kinds)) = object.get_mut("anyOf") {
        kinds.retain(|it| it.get("type").is_none_or(|it| it != "null"));
        if let [one] = &kinds[..] {
            let one = one.clone();
            object.remove("anyOf");
            inline(object, one);
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}

/// Adds all that `kind` asks for; beside a reference nothing else counts, so that stands apart.
fn inline(object: &mut Map<String, Value>, kind: Value) {
    match kind {
        Value::Object(kind) if !kind.contains_key("$ref") => object.extend(kind),
        kind => drop(object.insert("allOf".into(), vec![kind].into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An editor shows it to whoever points at a key.
    #[test]
    fn every_key_is_described_and_nothing_may_be_null() {
        let schema: Value = serde_json::from_str(&schema()).expect("it is JSON");
        let mut todo = vec![&schema];
        while let Some(value) = todo.pop() {
            assert!(value != "null" && !value.is_null());
            for (key, property) in value["properties"].as_object().into_iter().flatten() {
                let text = property["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{key}");
            }
            match value {
                Value::Object(object) => todo.extend(object.values()),
                Value::Array(values) => todo.extend(values),
                _ => {}
            }
        }
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert!(schema["title"].is_string() && schema["description"].is_string());
    }
}
