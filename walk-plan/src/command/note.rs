//! What is remembered of the last run of an action, beside its fingerprint.
//!
//! The store keeps it as opaque bytes. It is JSON, because it is for people's questions
//! (`why`, `list`, `log`, `clean`) and never decides whether something runs, though it does in
//! which order: a note that cannot be read is a missing one.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use walk_core::fingerprint::Update;
use walk_core::{Diff, DirtyReason, Fingerprint, InterruptCause, JobOutcome, JobStatus};

use super::{History, content, elements};

/// Why an action runs in every walk that declares outputs and does not make them.
const ALWAYS_UNMADE: &str = "it always runs, as it does not make its output";

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
    /// Why it is to run again although it ran; `None` if it succeeded.
    #[serde(default)]
    pub lapse: Option<Lapse>,
    /// Whether it passed only on a retry.
    #[serde(default)]
    pub is_flaky: bool,
    /// Whether its result was taken from the cache: it did not run.
    #[serde(default)]
    pub is_restored: bool,
    /// What is remembered of all its runs, this one included.
    #[serde(default)]
    pub history: History,
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

/// Why an action that ran is to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Lapse {
    /// Its job failed.
    Failed,
    /// Its job was not ready.
    NotReady,
    /// Its job was stopped with the run.
    Interrupted,
    /// Its job started, and nobody saw it end.
    Unended,
    /// It succeeded without making its outputs.
    Unmade,
    /// It succeeded, and nobody knows what it read: there was no depfile.
    Blind,
    /// It succeeded while its inputs changed.
    Untrusted,
    /// Its outputs were removed by `walk clean`.
    Cleaned,
    /// It has no outputs, and `walk clean` forgot its success.
    Forgotten,
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
    pub(crate) fn of(outcome: &JobOutcome, ran: Duration, reason: Reason) -> Self {
        Self {
            status: outcome.status.code(),
            ending: outcome.ending.as_ref().map(ToString::to_string),
            duration_ms: millis(ran),
            attempts: outcome.attempt,
            lapse: Lapse::of(outcome),
            ..Self::begun(outcome.started, reason)
        }
    }

    /// What is known of an action that started and has not ended.
    pub(crate) fn begun(started: SystemTime, reason: Reason) -> Self {
        Self {
            status: JobStatus::Unknown.code(),
            ending: None,
            started_ms: millis(started.duration_since(UNIX_EPOCH).unwrap_or_default()),
            duration_ms: 0,
            attempts: 0,
            reason,
            made: Vec::new(),
            has_log: false,
            lapse: Some(Lapse::Unended),
            is_flaky: false,
            is_restored: false,
            history: History::default(),
        }
    }

    /// Returns what is left to know after the outputs of an action were removed.
    pub(crate) fn cleaned(self) -> Self {
        let lapse = match (self.lapse, self.made.is_empty()) {
            (_, false) => Lapse::Cleaned,
            (Some(lapse), true) => lapse,
            (None, true) => Lapse::Forgotten,
        };
        Self { made: Vec::new(), has_log: false, lapse: Some(lapse), ..self }
    }

    /// Returns why the action is to run again, which has no success on record.
    pub(crate) fn why_again(&self) -> &'static str {
        self.lapse.map_or("its last success is no longer on record", Lapse::now)
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

impl Lapse {
    const ALL: [Self; 9] = [
        Self::Failed,
        Self::NotReady,
        Self::Interrupted,
        Self::Unended,
        Self::Unmade,
        Self::Blind,
        Self::Untrusted,
        Self::Cleaned,
        Self::Forgotten,
    ];

    /// Returns why a job that ended like this has to run again; `None` if it succeeded.
    fn of(outcome: &JobOutcome) -> Option<Self> {
        match outcome.status {
            _ if outcome.interrupted == Some(InterruptCause::Run) => Some(Self::Interrupted),
            JobStatus::NotReady => Some(Self::NotReady),
            status if status.is_success() => None,
            _ => Some(Self::Failed),
        }
    }

    /// Returns why the action is to run, in words.
    fn now(self) -> &'static str {
        match self {
            Self::Failed => "it failed last time",
            Self::NotReady => "it was not ready last time",
            Self::Interrupted => "it was interrupted last time",
            Self::Unended => "it did not end last time",
            Self::Unmade => ALWAYS_UNMADE,
            Self::Blind => "it wrote no depfile last time",
            Self::Untrusted => "what it made last time is not trusted",
            Self::Cleaned => "its outputs were removed by `walk clean`",
            Self::Forgotten => "`walk clean` forgot its success",
        }
    }

    /// Returns why the action has run, in words.
    fn then(self) -> &'static str {
        match self {
            Self::Failed => "it failed the time before",
            Self::NotReady => "it was not ready the time before",
            Self::Interrupted => "it was interrupted the time before",
            Self::Unended => "it did not end the time before",
            Self::Blind => "it wrote no depfile the time before",
            Self::Untrusted => "what it made the time before was not trusted",
            Self::Unmade | Self::Cleaned | Self::Forgotten => self.now(),
        }
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

/// The part of a note that says how long its action ran.
#[derive(Deserialize)]
struct DurationOnly {
    duration_ms: u64,
    #[serde(default)]
    lapse: Option<Lapse>,
}

/// Returns for how many milliseconds, at least one, an action ran to its end, as the note in
/// `bytes` says; `None` if it was not let to, or if nobody saw it.
pub(crate) fn duration_in(bytes: &[u8]) -> Option<u64> {
    match serde_json::from_slice(bytes).ok()? {
        DurationOnly { lapse: Some(Lapse::Interrupted), .. }
        | DurationOnly { lapse: Some(Lapse::Unended), duration_ms: 0 } => None,
        DurationOnly { duration_ms, .. } => Some(duration_ms.max(1)),
    }
}

/// The part of a note that says how long its action usually runs.
#[derive(Deserialize)]
struct HistoryOnly {
    #[serde(default)]
    history: History,
}

/// Returns what the note in `bytes` says of all runs of its action: of the last one at least.
pub(crate) fn history_in(bytes: &[u8]) -> Option<History> {
    let HistoryOnly { history } = serde_json::from_slice(bytes).ok()?;
    if history.runs() > 0 {
        return Some(history);
    }
    duration_in(bytes).map(History::of_one)
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
        Self { summary: summary(diff), changes: updated.chain(new).chain(gone).collect() }
    }

    /// Returns the reason as it is remembered: after the run, the last time is another.
    pub(crate) fn in_the_past(mut self) -> Self {
        if let Some(lapse) = Lapse::ALL.into_iter().find(|it| it.now() == self.summary) {
            lapse.then().clone_into(&mut self.summary);
        }
        self
    }
}

/// Returns `include/ast.h changed`, or `command, flags.mk (+3) changed, output app is gone`.
fn summary(diff: &Diff) -> String {
    let is_unmade = |it: &Update| content::is_unmade(&it.previous) && content::is_missing(&it.new);
    if diff.updated.iter().any(is_unmade) {
        return ALWAYS_UNMADE.into();
    }
    let is_gone = |it: &&Update| elements::is_file(&it.name) && content::is_missing(&it.new);
    let gone: Vec<&str> = diff.updated.iter().filter(is_gone).map(|it| &*it.name).collect();
    let changed: Vec<&str> =
        diff.names().map(AsRef::as_ref).filter(|it| !gone.contains(it)).collect();
    let is = if gone.len() == 1 { "is gone" } else { "are gone" };
    let parts = [(changed, "changed"), (gone, is)];
    let told = parts.iter().filter(|it| !it.0.is_empty());
    told.map(|(names, what)| format!("{} {what}", few(names))).collect::<Vec<_>>().join(", ")
}

/// Returns the names of two elements, and how many more there are.
fn few(elements: &[&str]) -> String {
    let names = elements.iter().take(2).map(|it| elements::short_name(it));
    let shown = names.collect::<Vec<_>>().join(", ");
    match elements.len().saturating_sub(2) {
        0 => shown,
        more => format!("{shown} (+{more})"),
    }
}

/// Returns the digests of the outputs that `fingerprint` records.
pub(crate) fn made(fingerprint: &Fingerprint, path_of: impl Fn(&str) -> PathBuf) -> Vec<Made> {
    elements::outputs(fingerprint)
        .map(|(name, value)| Made {
            path: path_of(name),
            digest: content::digest(value).map(|it| it.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note as it was before there were histories.
    #[test]
    fn a_note_of_old_is_read_and_its_duration_is_what_is_usual() {
        let old = br#"{"status":0,"ending":null,"started_ms":1,"duration_ms":4000,"attempts":1,
            "reason":{"summary":"","changes":[]},"made":[],"has_log":false,"lapse":null}"#;
        let note = Note::from_bytes(old).expect("it is read");
        assert_eq!((note.is_flaky, note.history), (false, History::default()));
        let usual = history_in(old).and_then(|it| it.usual()).expect("it is known");
        assert_eq!(usual.median, Duration::from_secs(4));
    }
}
