//! Events as JSON lines.
//!
//! Each line is one object; `v` is 1, `event` says what happened, `time_ms` when, in
//! milliseconds since 1970. Keys may be added, so a reader ignores those that it does not
//! know; a change of meaning raises `v`.
//!
//! | event | keys |
//! |---|---|
//! | `run-started` | `version`, `pid`, `root`, `manifest`, `actions` (how many run something) |
//! | `queued` | `action`, `queue`, `reason`, `changes` (names of elements) |
//! | `started` | `action`, `slot` |
//! | `requeued` | as `finished`, and `delay_ms` |
//! | `finished` | `action`, `status`, `ending`, `exit` (if the process exited), `reason`, `changes`, `slot`, `attempt`, `duration_ms`, `log` (path, if it wrote anything), `left_behind` (if processes of it still ran) |
//! | `skipped` | `action`, `status`, `reason` |
//! | `run-finished` | `exit` (of walk), `signal` (if one ended it), `duration_ms`, `ok`, `up_to_date`, `failed`, `not_ready`, `stopped`, `not_run` |
//!
//! `status` is one of `success`, `unchanged`, `skip`, `failure`, `not ready`, `force fail`.
//! `skip` is up to date; `force fail` did not run because of a failure, which `reason` names.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use walk_core::{Action, DirtyReason, Ending, Event, JobOutcome};
use walk_plan::Reason;

use crate::exit::Exit;
use crate::run::Tally;

const VERSION: u32 = 1;

/// The writer of events.
pub(super) struct Events {
    out: BufWriter<Box<dyn Write>>,
    failed: Option<io::Error>,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    #[serde(flatten)]
    told: Told<'a>,
    time_ms: u64,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Told<'a> {
    RunStarted(&'a Start<'a>),
    Queued {
        action: &'a str,
        queue: &'a str,
        #[serde(flatten)]
        why: Why,
    },
    Started {
        action: &'a str,
        slot: usize,
    },
    Requeued {
        #[serde(flatten)]
        ended: Ended<'a>,
        delay_ms: u64,
    },
    Finished(Ended<'a>),
    Skipped {
        action: &'a str,
        status: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    RunFinished(Finish),
}

/// What a run begins with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start<'a> {
    pub(crate) version: &'a str,
    pub(crate) pid: u32,
    #[serde(serialize_with = "lossy")]
    pub(crate) root: &'a Path,
    #[serde(serialize_with = "lossy")]
    pub(crate) manifest: &'a Path,
    pub(crate) actions: usize,
}

#[derive(Serialize)]
struct Why {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
}

#[derive(Serialize)]
struct Ended<'a> {
    action: &'a str,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<i32>,
    #[serde(flatten)]
    why: Why,
    slot: usize,
    attempt: u32,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    left_behind: bool,
}

#[derive(Serialize)]
struct Finish {
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    duration_ms: u64,
    ok: usize,
    up_to_date: usize,
    failed: usize,
    not_ready: usize,
    stopped: usize,
    not_run: usize,
}

impl Events {
    pub(super) fn new(out: Box<dyn Write>) -> Self {
        Self { out: BufWriter::new(out), failed: None }
    }

    pub(super) fn start(&mut self, start: &Start<'_>) {
        self.tell(Told::RunStarted(start));
        self.flush();
    }

    pub(super) fn hear<D>(&mut self, event: &Event<'_, D>, log: Option<&Path>) {
        let subject = event.action();
        let action = subject.uid();
        match event {
            Event::Queued { queue, .. } => {
                self.tell(Told::Queued { action, queue, why: why(&subject) });
            }
            Event::Started { slot, .. } => self.tell(Told::Started { action, slot: *slot }),
            Event::Requeued { outcome, delay, .. } => {
                let ended = ended(&subject, outcome, log);
                self.tell(Told::Requeued { ended, delay_ms: millis(*delay) });
            }
            Event::Finished { outcome, .. } => {
                self.tell(Told::Finished(ended(&subject, outcome, log)));
            }
            Event::Skipped { status, reason, .. } => {
                let reason = reason.map(|it| it.describe(subject.dag()));
                self.tell(Told::Skipped { action, status: status.to_string(), reason });
                return;
            }
            _ => return,
        }
        // Whoever follows the file sees at once what takes time; the rest can wait.
        self.flush();
    }

    pub(super) fn finish(&mut self, tally: Tally, exit: Exit, duration: Duration) {
        let signal = if let Exit::Signal(number) = exit { Some(number) } else { None };
        let Tally { ok, up_to_date, failed, not_ready, stopped, not_run } = tally;
        let duration_ms = millis(duration);
        let exit = exit.code();
        self.tell(Told::RunFinished(Finish {
            exit,
            signal,
            duration_ms,
            ok,
            up_to_date,
            failed,
            not_ready,
            stopped,
            not_run,
        }));
        self.flush();
    }

    /// Returns what went wrong with writing, if anything did.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    fn tell(&mut self, told: Told<'_>) {
        let time_ms = millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let line = Line { v: VERSION, told, time_ms };
        let written = serde_json::to_writer(&mut self.out, &line).map_err(io::Error::from);
        let written = written.and_then(|()| self.out.write_all(b"\n"));
        self.note(written);
    }

    fn flush(&mut self) {
        let flushed = self.out.flush();
        self.note(flushed);
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }
}

fn why<D>(action: &Action<'_, D>) -> Why {
    let dirty = action.dirty_reason();
    let changes = dirty.into_iter().flat_map(DirtyReason::changed_names);
    let reason = dirty.map(|it| Reason::of(it).summary);
    Why { reason, changes: changes.map(str::to_owned).collect() }
}

fn ended<'a, D>(action: &Action<'a, D>, outcome: &JobOutcome, log: Option<&Path>) -> Ended<'a> {
    let exit = if let Some(Ending::Exited(code)) = outcome.ending { Some(code) } else { None };
    Ended {
        action: action.uid(),
        status: outcome.status.to_string(),
        ending: outcome.ending.as_ref().map(ToString::to_string),
        exit,
        why: why(action),
        slot: outcome.slot,
        attempt: outcome.attempt,
        duration_ms: millis(outcome.duration),
        log: log.map(|it| it.to_string_lossy().into_owned()),
        left_behind: outcome.left_behind,
    }
}

/// A path as text: JSON has none that is not UTF-8.
fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
