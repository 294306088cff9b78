//! What the page is made from: a run, with everything worked out that takes more than a look.

use std::collections::HashMap;

use serde::Serialize;
use walk_core::{Fingerprint, JobStatus};

use crate::history::{Attempt, RecordedAction, RecordedRun, predecessor_at_cause};
use crate::run::Tally;

/// How many elements of fingerprints a page has at the most: some megabytes.
const MOST_ELEMENTS: usize = 300_000;

/// A run, as the page reads it; times are in milliseconds from its beginning.
#[derive(Debug, Serialize)]
pub(super) struct Data<'a> {
    number: Option<u64>,
    started: u64,
    duration: u64,
    ending: String,
    version: &'a str,
    host: &'a str,
    root: &'a str,
    manifest: &'a str,
    targets: &'a [String],
    slots: usize,
    /// How many may run at once in the queue that everything is in by itself.
    tokens: Option<u32>,
    /// The other queues, with their tokens.
    queues: String,
    counts: Tally,
    /// Those of the longest chain of actions that waited for each other.
    critical: Vec<usize>,
    critical_ms: u64,
    actions: Vec<Row<'a>>,
    /// The texts of all fingerprints, which have many in common.
    strings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    state: &'static str,
    queue: &'a str,
    reason: &'a str,
    elements: Vec<[Option<&'a str>; 3]>,
    /// Those that failed, so that it did not run.
    because: Vec<usize>,
    flaky: bool,
    /// Whether its result was taken from the cache.
    cached: bool,
    /// How long it usually takes, if it took clearly longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<u64>,
    /// The predecessor that made it run, if that was not a reason of its own.
    cause: Option<usize>,
    needs: &'a [usize],
    makes: &'a [String],
    command: &'a str,
    queued: u64,
    attempts: Vec<Try<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Vec<[usize; 2]>>,
}

#[derive(Debug, Serialize)]
struct Try<'a> {
    slot: usize,
    start: u64,
    duration: u64,
    state: &'static str,
    ending: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
}

impl<'a> Data<'a> {
    /// Works a run out; `fingerprint` is what is still known of an action's.
    pub(super) fn new(
        run: &'a RecordedRun,
        fingerprint: impl FnMut(&RecordedAction) -> Option<Fingerprint>,
    ) -> Self {
        let (critical, critical_ms) = critical_path(run);
        let mut actions: Vec<Row<'_>> = run.actions.iter().map(|it| row(run, it)).collect();
        let strings = add_fingerprints(run, &mut actions, fingerprint);
        let slots = run
            .actions
            .iter()
            .flat_map(|it| &it.attempts)
            .map(|it| it.slot.saturating_add(1))
            .max();
        Self {
            number: run.start.run,
            started: run.started_ms,
            duration: millis(run),
            ending: ending(run),
            version: &run.start.version,
            host: &run.start.host,
            root: &run.start.root,
            manifest: &run.start.manifest,
            targets: &run.start.targets,
            slots: slots.unwrap_or(0),
            tokens: run.start.queues.get("default").copied(),
            queues: queues(run),
            counts: counts(run),
            critical,
            critical_ms,
            actions,
            strings,
        }
    }
}

fn ending(run: &RecordedRun) -> String {
    match run.end {
        None if run.is_going_on() => "not yet".into(),
        None => "killed".into(),
        Some(end) => match (end.signal, end.exit) {
            (Some(signal), _) => format!("by signal {signal}"),
            (None, 0) => "well".into(),
            (None, exit) => format!("exit {exit}"),
        },
    }
}

/// Returns how many actions ended how, as far as the run came.
fn counts(run: &RecordedRun) -> Tally {
    let is = |state: &str| run.actions.iter().filter(|it| self::state(run, it) == state).count();
    if let Some(end) = run.end {
        return end.tally;
    }
    Tally {
        ok: is("ok") + is("same"),
        flaky: run.actions.iter().filter(|it| it.flaky).count(),
        cached: run.actions.iter().filter(|it| it.cached).count(),
        up_to_date: 0,
        failed: is("fail"),
        not_ready: is("wait"),
        stopped: is("stop"),
        not_run: is("not-run"),
    }
}

fn row<'a>(run: &'a RecordedRun, action: &'a RecordedAction) -> Row<'a> {
    let since = |moment: u64| moment.saturating_sub(run.started_ms);
    let attempts = action.attempts.iter().map(|it| Try {
        slot: it.slot,
        start: since(it.started_ms),
        duration: if it.status.is_some() {
            it.duration_ms
        } else {
            millis(run).saturating_sub(since(it.started_ms))
        },
        state: state_of(it),
        ending: &it.ending,
        output: it.output.as_deref(),
    });
    let elements = action.elements.iter();
    Row {
        name: &action.name,
        state: state(run, action),
        queue: &action.queue,
        reason: &action.reason,
        because: because(run, action),
        flaky: action.flaky,
        cached: action.cached,
        usual: action.usual_ms,
        elements: elements
            .map(|it| [Some(&*it.name), it.old.as_deref(), it.new.as_deref()])
            .collect(),
        cause: predecessor_at_cause(run, action),
        needs: &action.needs,
        makes: &action.makes,
        command: &action.command,
        queued: since(action.queued_ms),
        attempts: attempts.collect(),
        blocked: action.blocked.as_deref(),
        fingerprint: None,
    }
}

fn queues(run: &RecordedRun) -> String {
    let others = run.start.queues.iter().filter(|it| it.0 != "default" && it.0 != "interactive");
    others.map(|(name, tokens)| format!("{name} {tokens}")).collect::<Vec<_>>().join(", ")
}

/// Returns the actions that a reason names between backquotes.
fn because(run: &RecordedRun, action: &RecordedAction) -> Vec<usize> {
    let names = action.blocked.iter().flat_map(|it| it.split('`').skip(1).step_by(2));
    names.filter_map(|it| run.place(it)).collect()
}

/// Returns how an action ended, as the page calls it.
fn state(run: &RecordedRun, action: &RecordedAction) -> &'static str {
    match action.last() {
        _ if action.blocked.is_some() => "not-run",
        // Nothing more was started after a failure.
        None if run.end.is_some() => "not-run",
        None => "open",
        Some(attempt) => state_of(attempt),
    }
}

fn state_of(attempt: &Attempt) -> &'static str {
    match attempt.status {
        None => "open",
        Some(JobStatus::Unchanged) => "same",
        Some(status) if status.is_success() => "ok",
        Some(_) if attempt.is_stopped() => "stop",
        Some(JobStatus::NotReady) => "wait",
        Some(_) => "fail",
    }
}

fn millis(run: &RecordedRun) -> u64 {
    u64::try_from(run.duration().as_millis()).unwrap_or(u64::MAX)
}

/// Returns the chain of actions that took longest, each after one that it needs, and how long.
fn critical_path(run: &RecordedRun) -> (Vec<usize>, u64) {
    // Predecessors stand before their successors in a record.
    let mut until: Vec<(u64, Option<usize>)> = Vec::with_capacity(run.actions.len());
    for action in &run.actions {
        let last = action.needs.iter().copied().max_by_key(|it| until[*it].0);
        let own = action.attempts.iter().fold(0_u64, |sum, it| sum.saturating_add(it.duration_ms));
        until.push((last.map_or(0, |it| until[it].0).saturating_add(own), last));
    }
    let ran = |it: &usize| !run.actions[*it].attempts.is_empty();
    let end = (0..until.len()).filter(ran).max_by_key(|it| until[*it].0);
    let mut path: Vec<usize> = std::iter::successors(end, |it| until[*it].1).collect();
    path.reverse();
    (path, end.map_or(0, |it| until[it].0))
}

/// Adds the elements of the fingerprints that are known; returns the texts that they are made of.
fn add_fingerprints(
    run: &RecordedRun,
    rows: &mut [Row<'_>],
    mut fingerprint: impl FnMut(&RecordedAction) -> Option<Fingerprint>,
) -> Vec<String> {
    let (mut strings, mut places, mut left) = (Vec::new(), HashMap::new(), MOST_ELEMENTS);
    let mut intern = |text: String| {
        *places.entry(text).or_insert_with_key(|text| {
            strings.push(text.clone());
            strings.len() - 1
        })
    };
    for (action, row) in run.actions.iter().zip(rows) {
        let Some(known) = fingerprint(action).filter(|it| it.len() <= left) else { continue };
        left -= known.len();
        let elements =
            known.iter().map(|(name, value)| [intern(name.to_string()), intern(value.to_string())]);
        row.fingerprint = Some(elements.collect());
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::recorded;

    #[test]
    fn the_critical_path_is_the_longest_chain() {
        let mut lines = vec![r#""event":"run-started""#.to_owned()];
        for (id, (name, needs, millis)) in
            [("a", "[]", 50), ("b", "[]", 90), ("c", "[0]", 50), ("d", "[1,2]", 5), ("e", "[2]", 1)]
                .iter()
                .enumerate()
        {
            lines.push(format!(r#""event":"queued","action":"{name}","id":{id},"needs":{needs}"#));
            lines.push(format!(r#""event":"started","action":"{name}","slot":0"#));
            lines.push(format!(
                r#""event":"finished","action":"{name}","status":"success","duration_ms":{millis}"#
            ));
        }
        let run = recorded(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(critical_path(&run), (vec![0, 2, 3], 105));
        assert_eq!(critical_path(&recorded(&[r#""event":"run-started""#])), (vec![], 0));
    }
}
