//! Hears what happens during a run, and tells the terminal and the records.
//!
//! An action that is up to date costs one addition here.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use walk_core::{Action, DirtyReason, Event, Interrupt, InterruptCause, JobOutcome, JobStatus};
use walk_plan::{ActionId, Captured, Conduct, Observer, Plan, Reason, Run, Secrets, StateDir};

use super::oddities::{Oddities, describe_flaky, describe_slow};
use super::outline::outline;
use super::telling::tell;
use crate::explain;
use crate::os;
use crate::record::{Recorder, Records};
use crate::terminal::{
    Ci, Console, INDENT, Line, Output, Palette, Told, Verdict, brief, name_width, tame, width,
};

/// What is to be shown of actions that end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taste {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) explain: bool,
    pub(super) palette: Palette,
}

/// Hears what happens during a run.
pub(super) struct Watch {
    pub(super) console: Console,
    pub(super) records: Records,
    pub(super) recorder: Recorder,
    pub(super) taste: Taste,
    /// What was asked for.
    pub(super) targets: Vec<String>,
    /// Whether output goes to a terminal, which some bytes could upset.
    pub(super) is_terminal: bool,
    pub(super) ci: Ci,
    pub(super) state: StateDir,
    /// Whether everything runs, whatever became of what it needs.
    pub(super) is_forced: bool,
    /// Stops the run when nobody reads what it prints.
    pub(super) interrupt: Interrupt,
    pub(super) name_width: Option<usize>,
    /// How many actions want the terminal for themselves, or have it.
    pub(super) interactive: usize,
    /// The failed action whose output was printed last.
    pub(super) last_shown: Option<String>,
    pub(super) oddities: Oddities,
    /// Whether it was asked for what is expected of this walk.
    pub(super) has_looked_ahead: bool,
}

impl Observer for Watch {
    fn on_event(&mut self, plan: &Plan, event: &Event<'_, ActionId>, captured: Option<&Captured>) {
        let log = captured.and_then(|it| it.log.as_deref());
        tell(plan, event, captured, &mut self.recorder, Some(&mut self.records));
        match event {
            // What is only a name for others is not counted.
            Event::Skipped { action, .. } if !runs(plan, *action.data()) => {}
            Event::Skipped { status, .. } if status.is_success() => self.console.stayed(1),
            Event::Skipped { .. } => self.update(crate::terminal::Screen::blocked),
            Event::Queued { action, queue, .. } => self.queued(plan, action, queue),
            Event::Started { action, .. } => {
                let id = action.vertex().index();
                self.update(|it| it.started(id, Instant::now()));
            }
            Event::Requeued { action, outcome, delay } => {
                let id = action.vertex().index();
                self.update(|it| it.requeued(id));
                let delay =
                    if delay.is_zero() { String::new() } else { format!(" in {}", brief(*delay)) };
                let reason = format!("{}, again{delay}", ending(outcome));
                self.show(plan, action, outcome, Verdict::Again, &reason, log);
            }
            Event::Finished { action, outcome } => self.finished(plan, action, outcome, captured),
            _ => {}
        }
    }
}

/// Whatever ends the run early, a panic even, leaves no block behind.
impl Drop for Watch {
    fn drop(&mut self) {
        self.console.finish();
    }
}

impl Watch {
    fn queued(&mut self, plan: &Plan, action: &Action<'_, ActionId>, queue: &str) {
        let command = &plan.actions[action.data().index()];
        let id = action.vertex().index();
        // From here on: it may write to the terminal as soon as it is started.
        if command.interactive {
            self.interactive += 1;
            self.console.hold();
        }
        if !self.has_looked_ahead {
            self.has_looked_ahead = true;
            self.look_ahead(plan, action);
        }
        let (name, queue) = (Arc::clone(&command.name), Arc::from(queue));
        self.update(|it| it.queued(id, name, queue));
    }

    fn finished(
        &mut self,
        plan: &Plan,
        action: &Action<'_, ActionId>,
        outcome: &JobOutcome,
        captured: Option<&Captured>,
    ) {
        let conduct = captured.map(|it| &it.conduct);
        let verdict = verdict(outcome, conduct);
        let id = action.vertex().index();
        self.update(|it| it.ended(id, verdict.is_bad()));
        let reason = match verdict {
            Verdict::Ok | Verdict::Same if conduct.is_some_and(|it| it.is_restored) => join(
                "from the cache".into(),
                Some(self.why(action, outcome)).filter(|it| !it.is_empty()),
            ),
            Verdict::Ok | Verdict::Same if conduct.is_some_and(|it| it.is_taken_over) => join(
                "begun by an earlier walk".into(),
                Some(self.why(action, outcome)).filter(|it| !it.is_empty()),
            ),
            Verdict::Same if self.is_forced => identical(0),
            Verdict::Same => {
                let below = action.dag().successors(action.vertex()).iter();
                identical(below.filter(|it| runs(plan, action.dag()[**it])).count())
            }
            Verdict::Flaky => {
                let retry = plan.actions[action.data().index()].retry.as_ref();
                let attempts = retry.map_or(outcome.attempt, |it| it.times.saturating_add(1));
                conduct.map(|it| describe_flaky(outcome.attempt, attempts, it)).unwrap_or_default()
            }
            Verdict::Fail | Verdict::Wait | Verdict::Again => ending(outcome),
            Verdict::Stop => "interrupted".into(),
            Verdict::Ok => self.why(action, outcome),
        };
        let reason = join(reason, conduct.and_then(|it| it.exceeds).map(describe_slow));
        if let Some(conduct) = conduct {
            self.oddities.note(action.uid(), outcome.duration, conduct);
        }
        let log = captured.and_then(|it| it.log.as_deref());
        self.show(plan, action, outcome, verdict, &reason, log);
        if plan.actions[action.data().index()].interactive {
            self.interactive = self.interactive.saturating_sub(1);
            if self.interactive == 0 {
                self.console.release();
            }
        }
    }

    fn show(
        &mut self,
        plan: &Plan,
        action: &Action<'_, ActionId>,
        outcome: &JobOutcome,
        verdict: Verdict,
        reason: &str,
        log: Option<&Path>,
    ) {
        if self.taste.quiet && !matches!(verdict, Verdict::Fail | Verdict::Wait) {
            return;
        }
        let line = Line { verdict, name: action.uid(), duration: outcome.duration, reason };
        let name_width = self.name_width(plan, action);
        let line = line.render(name_width, self.taste.palette);
        let mut text = String::new();
        if self.taste.explain
            && let Some(dirty) = action.dirty_reason()
        {
            text += &explain::changes(&Reason::of(dirty), "         ", self.taste.palette);
        }
        if self.taste.verbose {
            let run = &plan.actions[action.data().index()].run;
            push_command(&mut text, plan, run, self.taste.palette);
        }
        let mut body = text.into_bytes();
        if let Some(log) = log {
            self.push_output(&mut body, action.uid(), log);
        }
        let told = Told { name: action.uid(), verdict, reason, line: &line, body: &body };
        let text = self.ci.frame(told, |most| last_lines(log, most));
        self.last_shown = verdict.is_bad().then(|| action.uid().to_owned());
        self.print(&text);
    }

    fn print(&self, text: &[u8]) {
        self.console.print(text);
        if self.console.is_broken() {
            self.interrupt.trigger();
        }
    }

    fn push_output(&self, text: &mut Vec<u8>, name: &str, log: &Path) {
        let output = match Output::read(log) {
            Ok(output) => output,
            Err(error) => {
                text.extend(format!("{INDENT}cannot read `{}`: {error}\n", log.display()).bytes());
                return;
            }
        };
        if output.is_cut() {
            let more = format!("{INDENT}... all of it: walk log {}\n", walk_plan::join([name]));
            text.extend(self.taste.palette.dim(&more).bytes());
        }
        text.extend(output.indented(self.is_terminal, self.taste.palette.is_colored()));
    }

    /// Returns why the action ran, if that is worth a place on each line.
    fn why(&self, action: &Action<'_, ActionId>, outcome: &JobOutcome) -> String {
        let why = match action.dirty_reason() {
            Some(dirty @ DirtyReason::Changed(_)) => Reason::of(dirty).summary,
            Some(dirty) if self.taste.explain => dirty.to_string(),
            _ => String::new(),
        };
        match outcome.attempt {
            0 | 1 => why,
            count if why.is_empty() => format!("attempt {count}"),
            count => format!("{why}, attempt {count}"),
        }
    }

    fn name_width(&mut self, plan: &Plan, action: &Action<'_, ActionId>) -> usize {
        *self.name_width.get_or_insert_with(|| {
            let dag = action.dag();
            let named = dag.vertices().filter(|it| runs(plan, dag[*it]));
            name_width(named.map(|it| width(&tame(dag.uid(it)))), os::columns())
        })
    }

    /// Has another thread read how long actions usually take, if that is to be shown.
    fn look_ahead(&self, plan: &Plan, action: &Action<'_, ActionId>) {
        if self.console.has_block() {
            let (outline, state) = (outline(plan, action.dag()), self.state.clone());
            let looking = move || outline.with(&state.histories().unwrap_or_default());
            self.console.look_ahead(looking);
        }
    }

    fn update(&self, change: impl FnOnce(&mut crate::terminal::Screen)) {
        self.console.update(change);
    }
}

fn verdict(outcome: &JobOutcome, conduct: Option<&Conduct>) -> Verdict {
    match outcome.status {
        _ if outcome.interrupted == Some(InterruptCause::Run) => Verdict::Stop,
        _ if conduct.is_some_and(|it| it.is_flaky) => Verdict::Flaky,
        JobStatus::Unchanged => Verdict::Same,
        JobStatus::NotReady => Verdict::Wait,
        status if status.is_success() => Verdict::Ok,
        _ => Verdict::Fail,
    }
}

/// Joins two reasons, of which each may be missing.
fn join(reason: String, other: Option<String>) -> String {
    match other {
        None => reason,
        Some(other) if reason.is_empty() => other,
        Some(other) => format!("{reason}, {other}"),
    }
}

/// Returns the last lines of a log, without colors.
fn last_lines(log: Option<&Path>, most: usize) -> Vec<String> {
    let Some(mut output) = log.and_then(|it| Output::read(it).ok()) else { return Vec::new() };
    output.limit(most);
    output.lines(false)
}

fn ending(outcome: &JobOutcome) -> String {
    match &outcome.ending {
        Some(ending) => ending.to_string(),
        None => outcome.status.to_string(),
    }
}

fn runs(plan: &Plan, id: ActionId) -> bool {
    plan.actions[id.index()].run != Run::Nothing
}

fn identical(staying: usize) -> String {
    match staying {
        0 => "output identical".into(),
        1 => "output identical, 1 dependent stays".into(),
        count => format!("output identical, {count} dependents stay"),
    }
}

fn push_command(text: &mut String, plan: &Plan, run: &Run, palette: Palette) {
    let command = command_text(plan, run);
    for line in command.lines() {
        let _ = writeln!(text, "         {}", palette.dim(&format!("$ {}", tame(line))));
    }
}

/// Returns the command as one would type it, without the secrets of the plan.
pub(crate) fn command_text(plan: &Plan, run: &Run) -> String {
    let text = match run {
        Run::Nothing => String::new(),
        Run::Shell(text) => text.clone(),
        Run::Argv(words) => walk_plan::join(words.iter().map(|it| it.to_string_lossy())),
    };
    Secrets::of(&plan.env).mask(&text).into_owned()
}
