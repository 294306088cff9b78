//! From one text to one document, or to the first error in it.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Diagnostic;
use super::document::Document;
use super::fault::{Result, Trouble};
use super::source::{Format, SourceText};
use super::value::Table;

/// A document and where its actions begin.
#[derive(Debug, Default)]
pub(crate) struct Parsed<'a> {
    pub(crate) document: Document<'a>,
    /// For JSON lines, the byte at which each of the last `actions` begins.
    pub(crate) lines: Vec<usize>,
}

/// Reads one source.
pub(crate) fn read(source: &SourceText) -> Result<Parsed<'_>> {
    match source.format {
        Format::Toml => read_toml(source),
        Format::Json => {
            json_value::<Table<Document>>(source, 0..source.text.len()).map(Parsed::from)
        }
        Format::JsonLines => read_lines(source),
    }
}

impl<'a> From<Table<Document<'a>>> for Parsed<'a> {
    fn from(document: Table<Document<'a>>) -> Self {
        Self { document: document.0, lines: Vec::new() }
    }
}

fn read_toml(source: &SourceText) -> Result<Parsed<'_>> {
    let wrong = |error: toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        diagnose(source, error.message(), span)
    };
    Ok(toml::from_str::<Table<Document>>(&source.text).map_err(wrong)?.into())
}

/// The first line may be a document with anything but actions; every other is an action.
fn read_lines(source: &SourceText) -> Result<Parsed<'_>> {
    let mut parsed = Parsed::default();
    let (mut end, mut is_first) = (0, true);
    for line in source.text.split_inclusive('\n') {
        let span = end..end + line.len();
        end = span.end;
        if line.trim().is_empty() {
            continue;
        }
        if is_first && !names_an_action(line) {
            parsed.document = json_value::<Table<Document>>(source, span)?.0;
        } else {
            parsed.lines.push(span.start);
            parsed.document.actions.0.push(json_value(source, span)?);
        }
        is_first = false;
    }
    Ok(parsed)
}

/// Returns whether a text without a file name is JSON lines: a value ends on its first line
/// and another follows, or it is a single action.
pub(crate) fn is_lines(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let is_whole = serde_json::from_str::<IgnoredAny>(first).is_ok();
    let has_more = !text.trim_start()[first.len()..].trim().is_empty();
    is_whole && (has_more || names_an_action(first))
}

fn names_an_action(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe<'a> {
        #[serde(borrow)]
        action: Option<&'a RawValue>,
        run: Option<IgnoredAny>,
    }
    // `action` of a document is a table of actions, which no line has.
    let is_name = |it: &RawValue| !it.get().starts_with('{');
    let probe = serde_json::from_str::<Probe>(line);
    probe.is_ok_and(|it| it.action.is_some_and(is_name) || it.run.is_some())
}

fn json_value<'a, T: Deserialize<'a>>(source: &'a SourceText, span: Range<usize>) -> Result<T> {
    let text = &source.text[span.clone()];
    serde_json::from_str(text).map_err(|error| {
        let full = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = full.strip_suffix(&place).unwrap_or(&full);
        let position = byte_of(text, error.line(), error.column());
        // These are noticed before the value is read, all others after.
        let is_ahead = ["invalid type: map", "invalid type: sequence"];
        let token = if is_ahead.iter().any(|it| message.starts_with(it)) {
            next_token(text, position)
        } else {
            last_token(text, position)
        };
        diagnose(source, message, span.start + token.start..span.start + token.end).into()
    })
}

/// Returns the byte after a column of a line, as `serde_json` counts them.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    (lines.map(str::len).sum::<usize>() + column).min(text.len())
}

/// Returns the last token of JSON that begins before a byte.
fn last_token(text: &str, position: usize) -> Range<usize> {
    let mut last = 0..0;
    loop {
        let token = next_token(text, last.end);
        if token.start >= position || token.is_empty() {
            return last;
        }
        last = token;
    }
}

/// Returns the first token of JSON at or after a byte, empty at the end.
fn next_token(text: &str, position: usize) -> Range<usize> {
    let rest = &text.as_bytes()[position..];
    let blanks = rest.iter().take_while(|it| it.is_ascii_whitespace()).count();
    let start = position + blanks;
    start..start + token_length(&rest[blanks..])
}

fn token_length(rest: &[u8]) -> usize {
    let is_word = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'-' | b'.' | b'_');
    match rest.first() {
        None => 0,
        Some(b'"') => string_length(rest),
        Some(_) => rest.iter().take_while(|it| is_word(it)).count().max(1),
    }
}

fn string_length(rest: &[u8]) -> usize {
    let mut is_escaped = false;
    for (index, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return index + 1,
            b'\n' => return index,
            _ => is_escaped = *byte == b'\\' && !is_escaped,
        }
    }
    rest.len()
}

/// Turns the message of a reader into a diagnostic.
fn diagnose(source: &SourceText, message: &str, span: Range<usize>) -> Diagnostic {
    let trouble = if message.starts_with("unknown field `") {
        let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let (given, valid) = (names[0], &names[1..]);
        Trouble::new(format!("unknown key `{given}`")).nearest(given, valid.iter().copied())
    } else {
        Trouble::new(
            message.replace('\n', ", ").replace("` as i128", "`").replace("` as u128", "`"),
        )
    };
    let mut found = Diagnostic::of_file(&source.path, trouble.message);
    (found.label, found.help) = (trouble.label, trouble.help);
    found.at(&source.text, span)
}
