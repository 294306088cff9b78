//! The lines of a record: what is written of each event, and what is read back.
//!
//! Each line is one object; `v` is 1, `event` says what happened, `time_ms` when, in
//! milliseconds since 1970. Keys may be added, so a reader ignores those that it does not
//! know; a change of meaning raises `v`.
//!
//! | event | keys |
//! |---|---|
//! | `run-started` | `version`, `pid`, `host`, `root`, `manifest`, `actions` (how many run something), `targets`, `queues` (their tokens), `run` (its number, in its own record) |
//! | `queued` | `action`, `id` (from 0, in this order), `queue`, `reason`, `changes` (names of elements), `elements` (the first of them, with what they were and are), `needs` (`id` of each direct predecessor that ran), `makes` (its outputs), `command` (in its own record) |
//! | `started` | `action`, `slot` |
//! | `requeued` | as `finished`, and `delay_ms` |
//! | `finished` | `action`, `status`, `ending`, `exit` (if the process exited), `reason`, `changes`, `slot`, `attempt`, `duration_ms`, `log` (path, if it wrote anything), `left_behind` (if processes of it still ran), `flaky` (if it passed only on a retry), `cached` (if its result was taken from the cache), `usual_ms` (if it took clearly longer than this, which is usual), `fingerprint` (the digest of all its elements), `output` (what it wrote, in its own record) |
//! | `skipped` | `action`, `status`, `reason` |
//! | `run-finished` | `exit` (of walk), `signal` (if one ended it), `duration_ms`, `ok`, `flaky` and `cached` (how many of those), `up_to_date`, `failed`, `not_ready`, `stopped`, `not_run` |
//!
//! `status` is one of `success`, `unchanged`, `skip`, `failure`, `not ready`, `force fail`.
//! `skip` is up to date; `force fail` did not run because of a failure, which `reason` names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use walk_core::JobStatus;

use crate::run::Tally;

/// The version of all lines.
pub(crate) const VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) v: u32,
    #[serde(flatten)]
    pub(crate) told: Told,
    #[serde(default)]
    pub(crate) time_ms: u64,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Told {
    RunStarted(Start),
    Queued(Queued),
    Started {
        action: String,
        slot: usize,
    },
    Requeued {
        #[serde(flatten)]
        ended: Ended,
        delay_ms: u64,
    },
    Finished(Ended),
    Skipped {
        action: String,
        status: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    RunFinished(Finish),
    /// What another version may tell.
    #[serde(other)]
    Unknown,
}

/// What a run begins with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Start {
    pub(crate) version: String,
    pub(crate) pid: u32,
    pub(crate) host: String,
    pub(crate) root: String,
    pub(crate) manifest: String,
    /// How many actions run something.
    pub(crate) actions: usize,
    /// What was asked for; empty if that was the manifest's own choice.
    pub(crate) targets: Vec<String>,
    /// The tokens of each queue.
    pub(crate) queues: BTreeMap<String, u32>,
    /// The number of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<u64>,
}

/// An action that has to run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Queued {
    pub(crate) action: String,
    pub(crate) id: usize,
    pub(crate) queue: String,
    #[serde(flatten)]
    pub(crate) why: Why,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) elements: Vec<Element>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) makes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

/// Why an action runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Why {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<String>,
}

/// An element of a fingerprint that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Element {
    #[serde(rename = "element")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<String>,
}

/// An attempt that ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ended {
    pub(crate) action: String,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit: Option<i32>,
    #[serde(flatten)]
    pub(crate) why: Why,
    pub(crate) slot: usize,
    pub(crate) attempt: u32,
    pub(crate) duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) left_behind: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) flaky: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usual_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Finish {
    pub(crate) exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<i32>,
    pub(crate) duration_ms: u64,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// Returns the status that is called `name`.
pub(crate) fn status(name: &str) -> JobStatus {
    const ALL: [JobStatus; 6] = [
        JobStatus::Success,
        JobStatus::Unchanged,
        JobStatus::Skip,
        JobStatus::Failure,
        JobStatus::NotReady,
        JobStatus::ForceFail,
    ];
    ALL.into_iter().find(|it| it.to_string() == name).unwrap_or(JobStatus::Unknown)
}
