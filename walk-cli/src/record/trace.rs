//! What ran when, in the trace format that Chrome (`chrome://tracing`) and Perfetto open.
//!
//! One row for each slot; a job is a complete event (`ph: X`) with times in microseconds.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use walk_core::Event;
use walk_plan::Reason;

/// How many rows get a name.
const MOST_ROWS: usize = 4_096;

/// What ran so far.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    spans: Vec<Span>,
    slots: usize,
}

/// A job that ended.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) name: String,
    /// Since 1970.
    pub(crate) start: Duration,
    pub(crate) duration: Duration,
    pub(crate) slot: usize,
    pub(crate) status: String,
    pub(crate) ending: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) attempt: u32,
}

impl Trace {
    pub(super) fn hear<D>(&mut self, event: &Event<'_, D>) {
        let (Event::Finished { action, outcome } | Event::Requeued { action, outcome, .. }) = event
        else {
            return;
        };
        let reason = action.dirty_reason().map(|it| Reason::of(it).summary);
        let since = outcome.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.add(Span {
            name: action.uid().into(),
            start: since,
            duration: outcome.duration,
            slot: outcome.slot,
            status: outcome.status.to_string(),
            ending: outcome.ending.as_ref().map(ToString::to_string),
            reason,
            attempt: outcome.attempt,
        });
    }

    pub(crate) fn add(&mut self, span: Span) {
        self.slots = self.slots.max(span.slot.saturating_add(1));
        self.spans.push(span);
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = |name: &str, tid: usize, value: String| json!({"name": name, "ph": "M", "pid": 1, "tid": tid, "args": {"name": value}});
        let mut names = vec![name("process_name", 0, "walk".into())];
        names.extend(
            (0..self.slots.min(MOST_ROWS)).map(|it| name("thread_name", it, format!("slot {it}"))),
        );
        // One event a line, so that a trace can be read and compared.
        let names = names.iter().map(serde_json::Value::to_string);
        let spans = self.spans.iter().map(|it| serde_json::to_string(&event(it)));
        let mut separator = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
        for event in names.map(Ok).chain(spans) {
            write!(out, "{separator}{}", event?)?;
            separator = ",\n";
        }
        out.write_all(b"\n]}\n")?;
        out.flush()
    }
}

fn event(span: &Span) -> serde_json::Value {
    let micros = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
    let Span { name, slot, status, ending, reason, attempt, .. } = span;
    json!({
        "name": name,
        "cat": "action",
        "ph": "X",
        "ts": micros(span.start),
        "dur": micros(span.duration),
        "pid": 1,
        "tid": slot,
        "args": {"status": status, "ending": ending, "reason": reason, "attempt": attempt},
    })
}
