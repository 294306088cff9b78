//! Finds a place in a text by its path of keys.
//!
//! Only errors come here, so it may parse the text again. TOML's own tree has spans; JSON
//! is entered step by step, each value left raw, and a raw value is a slice of the text.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

use super::fault::{Place, Step};
use super::source::Format;
use super::value::Entries;

/// Returns the bytes of the place, or of as much of its path as there is.
pub(crate) fn find(format: Format, text: &str, place: &Place) -> Range<usize> {
    match format {
        Format::Toml => find_toml(text, place),
        Format::Json | Format::JsonLines => find_json(text, place),
    }
}

fn find_toml(text: &str, place: &Place) -> Range<usize> {
    let Ok(table) = DeTable::parse(text) else { return 0..0 };
    let root = DeValue::Table(table.into_inner());
    let (mut value, mut key, mut span) = (&root, 0..0, 0..0);
    for step in &place.steps {
        let next = match (value, step) {
            (DeValue::Table(table), Step::Key(name)) => {
                let found = table.iter().find(|it| it.0.get_ref() == name);
                found.map(|(name, value)| (name.span(), value))
            }
            (DeValue::Array(array), Step::Index(index)) => {
                array.get(*index).map(|it| (it.span(), it))
            }
            _ => None,
        };
        let Some((at, inner)) = next else { break };
        (value, key, span) = (inner.get_ref(), at, inner.span());
    }
    if place.is_key || matches!(value, DeValue::Table(_)) { key } else { span }
}

fn find_json(text: &str, place: &Place) -> Range<usize> {
    let (mut key, mut span) = (place.start..place.start, place.start..text.len());
    for step in &place.steps {
        let Some(found) = enter_json(text, &span, step) else { break };
        (key, span) = found;
    }
    if place.is_key { key } else { span }
}

/// Returns the key and the value of one step into the JSON value at `span`.
fn enter_json(
    text: &str,
    span: &Range<usize>,
    step: &Step,
) -> Option<(Range<usize>, Range<usize>)> {
    let mut json = serde_json::Deserializer::from_str(&text[span.clone()]);
    let place = |raw: &RawValue| {
        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
        start..start + raw.get().len()
    };
    match step {
        Step::Index(index) => {
            let all = Vec::<&RawValue>::deserialize(&mut json).ok()?;
            all.get(*index).map(|it| (place(it), place(it)))
        }
        Step::Key(name) => {
            let all = Entries::<&RawValue>::deserialize(&mut json).ok()?;
            let at = all.iter().position(|it| *it.0 == **name)?;
            let before = if at == 0 { span.start } else { place(all[at - 1].1).end };
            let value = place(all[at].1);
            let between = &text[before..value.start];
            let (open, close) = (between.find('"')?, between.rfind('"')?);
            Some((before + open..before + close + 1, value))
        }
    }
}
