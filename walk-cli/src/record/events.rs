//! Writes what happens as JSON lines, for a program that was asked to (`--events`) or for the
//! record that every run leaves.
//!
//! Both are the same lines. The record has more of what can no longer be asked afterwards (the
//! command, and what it wrote), and leaves out what is up to date, which can be many and says
//! nothing of this run.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use walk_core::{Action, Ending, Event, JobOutcome};
use walk_plan::{Conduct, Reason};

use super::line::{Element, Ended, Finish, Line, Queued, Start, Told, VERSION, Why};
use crate::exit::Exit;
use crate::run::Tally;

/// How many elements of a fingerprint are written, and how many characters of each value.
const MOST_ELEMENTS: usize = 100;
const MOST_TEXT: usize = 4_000;

/// How much is kept of what an action wrote: so much of the beginning and of the end.
const HALF_OUTPUT: u64 = 8 * 1024;

/// What is known of an action beside its event.
pub(crate) struct Subject<'a> {
    /// The file that holds what it wrote.
    pub(crate) log: Option<&'a Path>,
    /// How the run of it compares to earlier ones.
    pub(crate) conduct: Option<&'a Conduct>,
    /// Its outputs, relative to the manifest.
    pub(crate) makes: &'a dyn Fn() -> Vec<String>,
    /// Its command, as one would type it.
    pub(crate) command: &'a dyn Fn() -> String,
}

/// The writer of events.
pub(super) struct Events {
    out: BufWriter<Box<dyn Write>>,
    failed: Option<io::Error>,
    is_record: bool,
    /// The numbers of those that were queued, by name.
    ids: HashMap<String, usize>,
}

impl Events {
    /// Writes for a program.
    pub(super) fn new(out: Box<dyn Write>) -> Self {
        Self { out: BufWriter::new(out), failed: None, is_record: false, ids: HashMap::new() }
    }

    /// Writes the record of a run.
    pub(super) fn of_record(file: File) -> Self {
        Self { is_record: true, ..Self::new(Box::new(file)) }
    }

    pub(super) fn start(&mut self, start: &Start) {
        self.tell(Told::RunStarted(start.clone()));
        self.flush();
    }

    pub(super) fn hear<D>(&mut self, event: &Event<'_, D>, subject: &Subject<'_>) {
        let action = event.action();
        let name = || action.uid().to_owned();
        match event {
            Event::Queued { queue, .. } => {
                let queued = self.queued(&action, queue, subject);
                return self.tell(Told::Queued(queued));
            }
            Event::Started { slot, .. } => {
                self.tell(Told::Started { action: name(), slot: *slot });
            }
            Event::Requeued { outcome, delay, .. } => {
                let ended = self.ended(&action, outcome, subject.log, None);
                self.tell(Told::Requeued { ended, delay_ms: millis(*delay) });
            }
            Event::Finished { outcome, .. } => {
                let ended = self.ended(&action, outcome, subject.log, subject.conduct);
                self.tell(Told::Finished(ended));
            }
            Event::Skipped { status, .. } if self.is_record && status.is_success() => return,
            Event::Skipped { status, reason, .. } => {
                let reason = reason.map(|it| it.describe(action.dag()));
                let status = status.to_string();
                return self.tell(Told::Skipped { action: name(), status, reason });
            }
            _ => return,
        }
        // Whoever follows the file sees at once what takes time; the rest can wait.
        self.flush();
    }

    pub(super) fn finish(&mut self, tally: Tally, exit: Exit, duration: Duration) {
        let signal = if let Exit::Signal(number) = exit { Some(number) } else { None };
        let (exit, duration_ms) = (exit.code(), millis(duration));
        self.tell(Told::RunFinished(Finish { exit, signal, duration_ms, tally }));
        self.flush();
    }

    /// Returns what went wrong with writing, if anything did.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    fn queued<D>(&mut self, action: &Action<'_, D>, queue: &str, subject: &Subject<'_>) -> Queued {
        let needs = action.predecessors().filter_map(|it| self.ids.get(it.uid()).copied());
        let needs = needs.collect();
        let next = self.ids.len();
        let id = *self.ids.entry(action.uid().to_owned()).or_insert(next);
        Queued {
            action: action.uid().to_owned(),
            id,
            queue: queue.to_owned(),
            why: why(action),
            elements: elements(action),
            needs,
            makes: (subject.makes)(),
            command: self.is_record.then(|| cut((subject.command)())),
        }
    }

    fn ended<D>(
        &self,
        action: &Action<'_, D>,
        outcome: &JobOutcome,
        log: Option<&Path>,
        conduct: Option<&Conduct>,
    ) -> Ended {
        let exit = if let Some(Ending::Exited(code)) = outcome.ending { Some(code) } else { None };
        let fingerprint = action.new_fingerprint().filter(|_| outcome.status.is_success());
        let output = log.filter(|_| self.is_record);
        Ended {
            action: action.uid().to_owned(),
            status: outcome.status.to_string(),
            ending: outcome.ending.as_ref().map(ToString::to_string),
            exit,
            why: if self.is_record { Why::default() } else { why(action) },
            slot: outcome.slot,
            attempt: outcome.attempt,
            duration_ms: millis(outcome.duration),
            log: log.filter(|_| !self.is_record).map(|it| it.to_string_lossy().into_owned()),
            left_behind: outcome.left_behind,
            flaky: conduct.is_some_and(|it| it.is_flaky),
            cached: conduct.is_some_and(|it| it.is_restored),
            usual_ms: conduct.and_then(|it| it.exceeds).map(|it| millis(it.median)),
            fingerprint: fingerprint.map(|it| it.checksum().to_string()),
            output: output.and_then(|it| read_ends(it).ok()),
        }
    }

    fn tell(&mut self, told: Told) {
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
    let Some(dirty) = action.dirty_reason() else { return Why::default() };
    let changes = dirty.changed_names().map(str::to_owned).collect();
    Why { reason: Some(Reason::of(dirty).summary), changes }
}

fn elements<D>(action: &Action<'_, D>) -> Vec<Element> {
    let changes = action.dirty_reason().map(|it| Reason::of(it).changes).unwrap_or_default();
    let elements = changes.into_iter().take(MOST_ELEMENTS).map(|it| Element {
        name: it.element,
        old: it.old.map(cut),
        new: it.new.map(cut),
    });
    elements.collect()
}

/// Returns the beginning of a text that is too long to be kept.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST_TEXT) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Reads the beginning and the end of a file.
fn read_ends(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= 2 * HALF_OUTPUT {
        file.read_to_end(&mut bytes)?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    (&file).take(HALF_OUTPUT).read_to_end(&mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.extend(["\n... ", &(length - 2 * HALF_OUTPUT).to_string(), " bytes are left out ...\n"]);
    bytes.clear();
    file.seek(SeekFrom::Start(length - HALF_OUTPUT))?;
    file.take(HALF_OUTPUT).read_to_end(&mut bytes)?;
    text.push_str(&String::from_utf8_lossy(&bytes));
    Ok(text)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_much_output_both_ends_are_kept() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = format!("first{}last", "x".repeat(50_000));
        std::fs::write(file.path(), &text).expect("it can be written");
        let kept = read_ends(file.path()).expect("it can be read");
        assert!(kept.starts_with("first") && kept.ends_with("last"));
        assert!(kept.contains(&format!("... {} bytes are left out ...", text.len() - 16 * 1024)));
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(cut("ä".repeat(MOST_TEXT)), "ä".repeat(MOST_TEXT));
        assert_eq!(cut("ä".repeat(MOST_TEXT + 1)), "ä".repeat(MOST_TEXT) + "...");
    }
}
