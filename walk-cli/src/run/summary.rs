//! What is said in the end: the counts, and each failure once, with what did not run
//! because of it.

use std::fmt::Write as _;
use std::time::Duration;

use walk_core::{ActionReport, Dag, JobStatus, Report, Vertex};

use super::tally::{Tally, is_stopped};
use crate::terminal::{INDENT, Output, Palette, seconds, tame};

/// How many failures are repeated, and how many lines of what each wrote.
const MOST_FAILURES: usize = 50;
const MOST_LINES: usize = 10;

/// What a summary is made of, beside the report.
pub(super) struct Summary<'a, D> {
    pub(super) report: &'a Report,
    pub(super) dag: &'a Dag<D>,
    /// Whether an action runs something: the others are not counted.
    pub(super) runs: &'a dyn Fn(Vertex) -> bool,
    pub(super) duration: Duration,
    pub(super) palette: Palette,
    /// What an action wrote, if it wrote anything.
    pub(super) output: &'a dyn Fn(&str) -> Option<Output>,
    /// The command that prints an action's log.
    pub(super) log_command: &'a dyn Fn(&str) -> String,
    /// The action whose output is the last thing on the terminal: it is not repeated.
    pub(super) last_shown: Option<&'a str>,
    /// What was odd about those that succeeded: lines.
    pub(super) oddities: &'a str,
    /// Whether the run ended at the first failures.
    pub(super) stopped_early: bool,
}

impl<D> Summary<'_, D> {
    /// Returns the text, which ends with a line feed.
    pub(super) fn render(&self, tally: Tally) -> String {
        let counts = tally.describe(self.duration);
        let is_good = tally.up_to_date + tally.ok == tally.total();
        let counts = if is_good { counts } else { self.palette.bold(&counts) };
        let gap = if is_good { "" } else { "\n" };
        let mut text = format!("{gap}{counts}\n{}", self.oddities);
        let failures: Vec<Vertex> =
            self.dag.vertices().filter(|it| is_failure(self.action(*it))).collect();
        for &vertex in failures.iter().take(MOST_FAILURES) {
            self.push_failure(&mut text, vertex);
        }
        if failures.len() > MOST_FAILURES {
            let _ = writeln!(text, " and {} more failures", failures.len() - MOST_FAILURES);
        }
        if self.stopped_early && !failures.is_empty() && tally.not_run > 0 {
            self.push_hint(&mut text, &failures);
        }
        text
    }

    fn push_failure(&self, text: &mut String, vertex: Vertex) {
        let action = self.action(vertex);
        let output = (self.output)(&action.uid);
        let name = tame(&action.uid);
        let _ = write!(text, " {}   {}", self.palette.fail(&name), tame(&how(action)));
        if output.is_some() {
            let _ = write!(text, "   {}", (self.log_command)(&action.uid));
        }
        text.push('\n');
        if let Some(mut output) = output
            && self.last_shown != Some(action.uid.as_str())
        {
            output.limit(MOST_LINES);
            for line in output.lines(self.palette.is_colored()) {
                let _ = writeln!(text, "{INDENT}{line}");
            }
        }
        if let Some(below) = self.not_run_below(vertex) {
            let _ = writeln!(text, "   not run because of it: {below}");
        }
    }

    /// Names one of the actions below `vertex` that did not run, the one nearest to what
    /// was asked for, and counts the others.
    fn not_run_below(&self, vertex: Vertex) -> Option<String> {
        let below = self.below(vertex);
        let is_last = |it: &&Vertex| self.dag.successors(**it).is_empty();
        let shown = below.iter().find(is_last).or(below.first())?;
        let name = tame(self.dag.uid(*shown));
        match below.iter().filter(|it| *it != shown && (self.runs)(**it)).count() {
            0 => Some(name.into()),
            others => Some(format!("{name} (+{others})")),
        }
    }

    /// Returns all below `vertex` that did not run, in the order of the graph.
    fn below(&self, vertex: Vertex) -> Vec<Vertex> {
        let mut is_below = vec![false; self.dag.len()];
        let mut stack = vec![vertex];
        while let Some(vertex) = stack.pop() {
            for &next in self.dag.successors(vertex) {
                if !std::mem::replace(&mut is_below[next.index()], true) {
                    stack.push(next);
                }
            }
        }
        let is_missing = |it: &Vertex| is_below[it.index()] && did_not_run(self.action(*it));
        self.dag.vertices().filter(is_missing).collect()
    }

    /// Says how many would have run if the first failures had not ended the run.
    fn push_hint(&self, text: &mut String, failures: &[Vertex]) {
        let mut is_below = vec![false; self.dag.len()];
        for vertex in failures.iter().flat_map(|it| self.below(*it)) {
            is_below[vertex.index()] = true;
        }
        let vertices = self.dag.vertices();
        let is_left = |it: &Vertex| did_not_run(self.action(*it)) && !is_below[it.index()];
        let left = vertices.filter(|it| (self.runs)(*it) && is_left(it));
        match left.count() {
            0 => {}
            count => drop(writeln!(text, " {count} more not started; -k goes on after failures")),
        }
    }

    fn action(&self, vertex: Vertex) -> &ActionReport {
        &self.report.actions()[vertex.index()]
    }
}

fn is_failure(action: &ActionReport) -> bool {
    let is_bad = action.status.is_some_and(|it| !it.is_success() && it != JobStatus::ForceFail);
    is_bad && !is_stopped(action)
}

fn did_not_run(action: &ActionReport) -> bool {
    matches!(action.status, None | Some(JobStatus::ForceFail))
}

/// Returns how a failure came about: `exit 1 after 3.02s`.
fn how(action: &ActionReport) -> String {
    let status = action.status.unwrap_or(JobStatus::Unknown);
    let Some(execution) = &action.execution else { return status.to_string() };
    let ending = execution.ending.as_ref().map(ToString::to_string);
    let ending = match (status, ending) {
        (JobStatus::NotReady, Some(ending)) => format!("not ready ({ending})"),
        (_, Some(ending)) => ending,
        (status, None) => status.to_string(),
    };
    let attempts = match execution.attempt {
        0 | 1 => String::new(),
        count => format!(", attempt {count}"),
    };
    format!("{ending} after {}{attempts}", seconds(execution.duration))
}
