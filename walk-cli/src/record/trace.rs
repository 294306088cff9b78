//! What ran when, in the trace format that Chrome (`chrome://tracing`) and Perfetto open.
//!
//! One row for each slot; a job is a complete event (`ph: X`) with times in microseconds.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde_json::json;
use walk_core::{Event, JobOutcome};
use walk_plan::Reason;

/// What ran so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    spans: Vec<Span>,
    slots: usize,
}

#[derive(Debug, Serialize)]
struct Span {
    name: String,
    cat: &'static str,
    ph: &'static str,
    ts: u64,
    dur: u64,
    pid: u32,
    tid: usize,
    args: Arguments,
}

#[derive(Debug, Serialize)]
struct Arguments {
    status: String,
    ending: Option<String>,
    reason: Option<String>,
    attempt: u32,
}

impl Trace {
    pub(super) fn hear<D>(&mut self, event: &Event<'_, D>) {
        let (Event::Finished { action, outcome } | Event::Requeued { action, outcome, .. }) = event
        else {
            return;
        };
        let reason = action.dirty_reason().map(|it| Reason::of(it).summary);
        self.slots = self.slots.max(outcome.slot + 1);
        self.spans.push(span(action.uid(), outcome, reason));
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = |name: &str, tid: usize, value: String| json!({"name": name, "ph": "M", "pid": 1, "tid": tid, "args": {"name": value}});
        let mut names = vec![name("process_name", 0, "walk".into())];
        names.extend((0..self.slots).map(|it| name("thread_name", it, format!("slot {it}"))));
        // One event a line, so that a trace can be read and compared.
        let names = names.iter().map(serde_json::Value::to_string);
        let spans = self.spans.iter().map(serde_json::to_string);
        let mut separator = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
        for event in names.map(Ok).chain(spans) {
            write!(out, "{separator}{}", event?)?;
            separator = ",\n";
        }
        out.write_all(b"\n]}\n")?;
        out.flush()
    }
}

fn span(name: &str, outcome: &JobOutcome, reason: Option<String>) -> Span {
    let since = outcome.started.duration_since(UNIX_EPOCH);
    let micros = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
    Span {
        name: name.into(),
        cat: "action",
        ph: "X",
        ts: micros(since.unwrap_or_default()),
        dur: micros(outcome.duration),
        pid: 1,
        tid: outcome.slot,
        args: Arguments {
            status: outcome.status.to_string(),
            ending: outcome.ending.as_ref().map(ToString::to_string),
            reason,
            attempt: outcome.attempt,
        },
    }
}
