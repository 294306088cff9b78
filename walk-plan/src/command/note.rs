//! What is remembered of the last run of an action, beside its fingerprint.
//!
//! The store keeps it as opaque bytes. It is JSON, because it is for people's questions
//! (`why`, `list`, `log`, `clean`) and never decides whether something runs: a note that
//! cannot be read is a missing one.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use walk_core::{DirtyReason, Fingerprint, JobOutcome, JobStatus};

use super::content;

/// The last run of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// The number of the status, as e3's `ReturnValue`: 0 is a success.
    pub status: i32,
    /// How it ended, in words: `exit 1`.
    pub ending: Option<String>,
    /// When it started, in milliseconds since 1970.
    pub started_ms: u64,
    /// How long it ran, in milliseconds.
    pub duration_ms: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it ran.
    pub reason: Reason,
    /// What it made.
    pub made: Vec<Made>,
    /// Whether it wrote something, which is then in its log.
    pub has_log: bool,
}

/// Why an action ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// The reason in a few words.
    pub summary: String,
    /// The elements of its fingerprint that changed.
    pub changes: Vec<Change>,
}

/// An element of a fingerprint that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The element: `input src/a.c`.
    pub element: String,
    /// What it was; `None` if there was none.
    pub old: Option<String>,
    /// What it is; `None` if there is none.
    pub new: Option<String>,
}

/// A file that an action made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Where it is, relative to the manifest.
    #[serde(with = "path")]
    pub path: PathBuf,
    /// The digest of its content, in hexadecimal; `None` if the run that made it did not
    /// succeed.
    pub digest: Option<String>,
}

impl Note {
    pub(crate) fn of(outcome: &JobOutcome, reason: Reason) -> Self {
        let since = outcome.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            status: outcome.status.code(),
            ending: outcome.ending.as_ref().map(ToString::to_string),
            started_ms: millis(since),
            duration_ms: millis(outcome.duration),
            attempts: outcome.attempt,
            reason,
            made: Vec::new(),
            has_log: false,
        }
    }

    /// What is known of an action that has never ended.
    pub(crate) fn unknown() -> Self {
        Self {
            status: JobStatus::Unknown.code(),
            ending: None,
            started_ms: 0,
            duration_ms: 0,
            attempts: 0,
            reason: Reason::default(),
            made: Vec::new(),
            has_log: false,
        }
    }

    /// Returns how it ended.
    #[must_use]
    pub fn status(&self) -> JobStatus {
        JobStatus::from_exit_code(self.status)
    }

    /// Returns how long it ran.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }

    /// Returns when it started.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.started_ms)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The part of a note that says what an action made.
#[derive(Deserialize)]
struct MadeOnly {
    made: Vec<Made>,
}

/// Returns what the note in `bytes` says that its action made.
pub(crate) fn made_by(bytes: &[u8]) -> Vec<Made> {
    serde_json::from_slice(bytes).map_or_else(|_| Vec::new(), |it: MadeOnly| it.made)
}

/// A path as text; JSON has none that is not UTF-8.
mod path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::command::elements;

    pub(super) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&elements::path_text(path))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        String::deserialize(from).map(|it| elements::text_path(&it))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Reason {
    /// Returns the reason of `dirty`, with the old and new value of each element.
    #[must_use]
    pub fn of(dirty: &DirtyReason) -> Self {
        let DirtyReason::Changed(diff) = dirty else {
            return Self { summary: dirty.to_string(), changes: Vec::new() };
        };
        let updated = diff.updated.iter().map(|it| Change {
            element: it.name.to_string(),
            old: Some(it.previous.to_string()),
            new: Some(it.new.to_string()),
        });
        let new = diff.new.iter().map(|(name, value)| Change {
            element: name.to_string(),
            old: None,
            new: Some(value.to_string()),
        });
        let gone = diff.obsolete.iter().map(|(name, value)| Change {
            element: name.to_string(),
            old: Some(value.to_string()),
            new: None,
        });
        Self {
            summary: summary(dirty.changed_names()),
            changes: updated.chain(new).chain(gone).collect(),
        }
    }
}

/// Returns `include/ast.h changed`, or `command, flags.mk (+3) changed`.
fn summary<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.map(super::elements::short_name).collect();
    let shown = names.iter().take(2).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(2) {
        0 => format!("{shown} changed"),
        more => format!("{shown} (+{more}) changed"),
    }
}

/// Returns the digests of the outputs that `fingerprint` records.
pub(crate) fn made(fingerprint: &Fingerprint, path_of: impl Fn(&str) -> PathBuf) -> Vec<Made> {
    super::elements::outputs(fingerprint)
        .map(|(name, value)| Made {
            path: path_of(name),
            digest: content::digest(value).map(|it| it.to_string()),
        })
        .collect()
}
