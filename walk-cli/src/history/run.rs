//! A run as it was recorded.
//!
//! Read from the lines that a run leaves, or that `--events` wrote. A record may end anywhere,
//! where its run was killed or is still going on: what is there counts.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use walk_core::{Ending, InterruptCause, JobStatus};

use crate::error::{CliError, Result};
use crate::os;
use crate::record::{Element, Ended, Finish, Line, Queued, Start, Told, VERSION, status};

/// A run as it was recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordedRun {
    /// What it began with.
    pub(crate) start: Start,
    /// When it began, in milliseconds since 1970.
    pub(crate) started_ms: u64,
    /// When the last line was written.
    pub(crate) last_ms: u64,
    /// What had to run, in the order in which that was decided, and what therefore could not.
    pub(crate) actions: Vec<RecordedAction>,
    /// How it ended; `None` if it was killed, or goes on.
    pub(crate) end: Option<Finish>,
    by_name: HashMap<String, usize>,
    /// The places of what was queued, by the `id` that it has in the record.
    by_id: HashMap<usize, usize>,
}

/// What became of an action in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordedAction {
    pub(crate) name: String,
    pub(crate) queue: String,
    /// Why it had to run, in a few words; empty if nothing is remembered.
    pub(crate) reason: String,
    /// What it was and is, of each element of its fingerprint that changed.
    pub(crate) elements: Vec<Element>,
    /// Its direct predecessors that ran, by their place in the run.
    pub(crate) needs: Vec<usize>,
    /// Its outputs.
    pub(crate) makes: Vec<String>,
    pub(crate) command: String,
    /// When it was queued, in milliseconds since 1970.
    pub(crate) queued_ms: u64,
    pub(crate) attempts: Vec<Attempt>,
    /// Why it did not run, if it could not.
    pub(crate) blocked: Option<String>,
    /// Whether it passed only on a retry.
    pub(crate) flaky: bool,
    /// Whether its result was taken from the cache.
    pub(crate) cached: bool,
    /// How long it usually takes, in milliseconds, if it took clearly longer.
    pub(crate) usual_ms: Option<u64>,
    /// The digest of its fingerprint, if it succeeded.
    pub(crate) fingerprint: Option<String>,
}

/// One attempt at an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) slot: usize,
    /// When it began, in milliseconds since 1970.
    pub(crate) started_ms: u64,
    pub(crate) duration_ms: u64,
    /// How it ended; `None` if nobody saw that.
    pub(crate) status: Option<JobStatus>,
    /// How it ended, in words.
    pub(crate) ending: String,
    /// What it wrote.
    pub(crate) output: Option<String>,
}

impl RecordedRun {
    /// Reads a record.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let failed = |source| CliError::File { verb: "read", path: path.into(), source };
        let bytes = fs::read(path).map_err(failed)?;
        Self::parse(&bytes).map_err(|it| failed(io::Error::other(it)))
    }

    /// Reads a record from its lines.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut run = Self::default();
        let mut lines = bytes.split_inclusive(|it| *it == b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let line: Line = match serde_json::from_slice(line) {
                Ok(line) => line,
                // The last one may have been cut off.
                Err(_) if lines.peek().is_none() && index > 0 => break,
                Err(error) => {
                    return Err(format!("line {} is none of a record: {error}", index + 1));
                }
            };
            if line.v != VERSION {
                return Err(format!(
                    "it has version {}, this walk reads version {VERSION}",
                    line.v
                ));
            }
            run.take(line);
        }
        if run.started_ms == 0 { Err("it is no record of a run".into()) } else { Ok(run) }
    }

    /// Returns the action called `name`, if it is part of the record.
    pub(crate) fn action(&self, name: &str) -> Option<&RecordedAction> {
        self.by_name.get(name).map(|it| &self.actions[*it])
    }

    /// Returns where the action called `name` stands in the record.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Returns how long it took, or takes already.
    pub(crate) fn duration(&self) -> Duration {
        let measured = self.end.map(|it| it.duration_ms);
        Duration::from_millis(measured.unwrap_or(self.last_ms.saturating_sub(self.started_ms)))
    }

    /// Returns whether it has not ended yet, as far as that can be seen from here.
    pub(crate) fn is_going_on(&self) -> bool {
        self.end.is_none() && self.start.host == os::host() && os::is_alive(self.start.pid)
    }

    /// Returns when it began.
    pub(crate) fn started(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.started_ms)
    }

    fn take(&mut self, line: Line) {
        let time_ms = line.time_ms;
        self.last_ms = self.last_ms.max(time_ms);
        match line.told {
            Told::RunStarted(start) if self.started_ms == 0 => {
                (self.start, self.started_ms) = (start, time_ms);
            }
            Told::Queued(queued) => self.queued(queued, time_ms),
            Told::Started { action, slot } => {
                let attempt = Attempt { slot, started_ms: time_ms, ..Attempt::default() };
                self.at(&action).attempts.push(attempt);
            }
            Told::Requeued { ended, .. } | Told::Finished(ended) => self.ended(ended),
            Told::Skipped { action, status: told, reason } => {
                if !status(&told).is_success() {
                    self.at(&action).blocked = Some(reason.unwrap_or(told));
                }
            }
            Told::RunFinished(end) => self.end = Some(end),
            Told::RunStarted(_) | Told::Unknown => {}
        }
    }

    fn queued(&mut self, queued: Queued, time_ms: u64) {
        let Queued { action, id, queue, why, elements, needs, makes, command } = queued;
        self.at(&action);
        let own = self.by_name[&action];
        self.by_id.insert(id, own);
        // Whatever a file says, what stands behind an action is none of its predecessors.
        let needs = needs.iter().filter_map(|it| self.by_id.get(it).copied());
        let needs = needs.filter(|it| *it < own).collect();
        let place = &mut self.actions[own];
        place.queue = queue;
        place.reason = why.reason.unwrap_or_default();
        place.elements = elements;
        place.needs = needs;
        place.makes = makes;
        place.command = command.unwrap_or_default();
        place.queued_ms = time_ms;
    }

    fn ended(&mut self, ended: Ended) {
        let action = self.at(&ended.action);
        action.fingerprint = ended.fingerprint;
        (action.flaky, action.usual_ms) = (ended.flaky, ended.usual_ms);
        action.cached = ended.cached;
        if let Some(attempt) = action.attempts.last_mut() {
            attempt.duration_ms = ended.duration_ms;
            attempt.status = Some(status(&ended.status));
            attempt.ending = ended.ending.unwrap_or_default();
            attempt.output = ended.output;
        }
    }

    fn at(&mut self, name: &str) -> &mut RecordedAction {
        let next = self.actions.len();
        let place = *self.by_name.entry(name.to_owned()).or_insert(next);
        if place == next {
            let action = RecordedAction { name: name.to_owned(), ..RecordedAction::default() };
            self.actions.push(action);
        }
        &mut self.actions[place]
    }
}

impl Attempt {
    /// Returns whether it was stopped with the run, and did not end by itself.
    pub(crate) fn is_stopped(&self) -> bool {
        self.ending == Ending::Interrupted(InterruptCause::Run).to_string()
    }
}

impl RecordedAction {
    /// Returns the last attempt at it.
    pub(crate) fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Returns how it ended; `None` if it did not.
    pub(crate) fn status(&self) -> Option<JobStatus> {
        if self.blocked.is_some() {
            return Some(JobStatus::ForceFail);
        }
        self.last()?.status
    }

    /// Returns whether it ran and did not succeed.
    pub(crate) fn has_failed(&self) -> bool {
        self.blocked.is_none() && self.status().is_some_and(|it| !it.is_success())
    }

    /// Returns how long its last attempt took.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.last().map_or(0, |it| it.duration_ms))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads a record from the events in these lines, without `v` and times.
    pub(crate) fn recorded(lines: &[&str]) -> RecordedRun {
        let line = |(index, it): (usize, &&str)| {
            format!("{{\"v\":1,\"time_ms\":{},{it}}}\n", 1_000 + 100 * index)
        };
        let text: String = lines.iter().enumerate().map(line).collect();
        RecordedRun::parse(text.as_bytes()).expect("it is a record")
    }

    const LINES: [&str; 9] = [
        r#""event":"run-started","version":"1","pid":7,"actions":3,"run":4"#,
        r#""event":"queued","action":"gen","id":0,"queue":"default","reason":"gen.py changed","makes":["a.h"]"#,
        r#""event":"queued","action":"io","id":1,"queue":"net","needs":[0,99]"#,
        r#""event":"started","action":"gen","slot":0"#,
        r#""event":"requeued","action":"gen","status":"failure","ending":"exit 1","slot":0,"attempt":1,"duration_ms":40,"delay_ms":5"#,
        r#""event":"started","action":"gen","slot":0"#,
        r#""event":"finished","action":"gen","status":"success","slot":0,"attempt":2,"duration_ms":50,"output":"hi""#,
        r#""event":"sung","action":"gen","loudness":3"#,
        r#""event":"skipped","action":"all","status":"force fail","reason":"io failed""#,
    ];

    #[test]
    fn a_run_is_read_back() {
        let run = recorded(&LINES);
        assert_eq!(
            (run.start.run, run.start.pid, run.started_ms, run.end),
            (Some(4), 7, 1_000, None)
        );
        let gen_h = run.action("gen").expect("it is there");
        assert_eq!((gen_h.attempts.len(), &*gen_h.makes), (2, &["a.h".to_owned()][..]));
        assert_eq!(gen_h.attempts[0].ending, "exit 1");
        assert_eq!(gen_h.last().and_then(|it| it.output.as_deref()), Some("hi"));
        let io = run.action("io").expect("it is there");
        assert_eq!((&*io.needs, io.status()), (&[0][..], None));
        assert_eq!(run.action("all").and_then(RecordedAction::status), Some(JobStatus::ForceFail));
        assert_eq!(run.duration(), Duration::from_millis(800));
    }

    /// What could not run has a line, but no `id`.
    #[test]
    fn needs_are_ids_and_not_places() {
        let run = recorded(&[
            r#""event":"run-started""#,
            r#""event":"queued","action":"bad","id":0"#,
            r#""event":"skipped","action":"after","status":"force fail","reason":"`bad` failed""#,
            r#""event":"queued","action":"link","id":1"#,
            r#""event":"queued","action":"test","id":2,"needs":[1]"#,
        ]);
        let needs = &run.action("test").expect("it is there").needs;
        assert_eq!(run.actions[needs[0]].name, "link");
    }

    /// It is no run's, but may be anybody's file.
    #[test]
    fn nothing_needs_what_stands_behind_it() {
        let run = recorded(&[
            r#""event":"run-started""#,
            r#""event":"queued","action":"a","id":0"#,
            r#""event":"queued","action":"b","id":1,"needs":[0]"#,
            r#""event":"queued","action":"a","id":0,"needs":[0,1]"#,
        ]);
        let is_before =
            |(place, it): (usize, &RecordedAction)| it.needs.iter().all(|it| *it < place);
        assert!(run.actions.iter().enumerate().all(is_before), "{run:?}");
    }

    #[test]
    fn a_record_may_end_anywhere() {
        let lines: Vec<String> =
            LINES[..6].iter().map(|it| format!("{{\"v\":1,\"time_ms\":5,{it}}}\n")).collect();
        let text = lines.concat();
        let first = lines[0].len() - 1;
        for end in first..text.len() {
            RecordedRun::parse(&text.as_bytes()[..end]).expect("what is there counts");
        }
        for end in 0..first {
            RecordedRun::parse(&text.as_bytes()[..end]).expect_err("there is nothing yet");
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = RecordedRun::parse(text.as_bytes()).expect_err("it is none");
            assert!(error.contains(expected), "{error}");
        };
        check("", "no record of a run");
        check("{}\n{}\n", "line 1 is none of a record");
        check("{\"v\":2,\"event\":\"run-started\",\"time_ms\":1}\n", "it has version 2");
        check("{\"v\":1,\"event\":\"run-started\",\"time_ms\":1}\n\0\n{}\n", "line 2");
    }
}
