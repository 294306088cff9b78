//! Hears what happens during a walk, and tells the status.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use walk_core::{Action, Dag, DirtyReason, Ending, Event, Interrupt, InterruptCause, JobOutcome};
use walk_ninja::{Build, Edge, Graph};
use walk_plan::{ActionId, Captured, Observer, Plan, Reason};

use super::args::Volume;
use super::status::{Ended, Failure, Status};
use crate::explain;
use crate::record::Recorder;
use crate::run::{Tally, tell};
use crate::terminal::Palette;

/// A status that the log and signals may speak through too.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Status>>);

/// Hears what happens during the walks of a build.
pub(super) struct Watch {
    pub(super) build: Rc<RefCell<Build>>,
    /// The edges of the walk, by action.
    pub(super) edges: Vec<Edge>,
    pub(super) status: Shared,
    pub(super) volume: Volume,
    pub(super) explains: bool,
    /// How long edges took the last time, by name, if somebody wants to know.
    pub(super) last_times: BTreeMap<String, Duration>,
    /// Stops the walk when nobody reads what it prints.
    pub(super) interrupt: Interrupt,
    /// How many edges were executed, and how many of them failed.
    pub(super) executed: u32,
    pub(super) failed: u32,
    /// The code of the last that failed.
    pub(super) last_code: u8,
    pub(super) recorder: Recorder,
    /// How the actions of all walks ended.
    pub(super) tally: Tally,
}

impl Shared {
    pub(super) fn new(status: Status) -> Self {
        Self(Arc::new(Mutex::new(status)))
    }

    pub(super) fn get(&self) -> MutexGuard<'_, Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn on_event(&mut self, plan: &Plan, event: &Event<'_, ActionId>, captured: Option<&Captured>) {
        let action = event.action();
        let edge = self.edges[action.data().index()];
        if self.build.borrow().graph().is_phony(edge) {
            return;
        }
        tell(plan, event, captured, &mut self.recorder, None);
        match event {
            Event::Skipped { status, .. } if status.is_success() => {
                self.status.get().remove(self.last_time(action.uid()));
            }
            Event::Queued { reason: Some(reason), .. } if self.explains => {
                self.explain(action.uid(), reason);
            }
            Event::Started { .. } => {
                let text = self.text(edge);
                let has_terminal = plan.actions[action.data().index()].interactive;
                self.status.get().start(&text, has_terminal);
            }
            Event::Finished { outcome, .. } => self.ended(plan, &action, edge, outcome, captured),
            _ => {}
        }
        if self.status.get().printer.is_broken() {
            self.interrupt.trigger();
        }
    }
}

impl Watch {
    /// Counts the edges of the next walk.
    pub(super) fn begin(&mut self, edges: Vec<Edge>, plan: &Plan, dag: &Dag<ActionId>) {
        self.edges = edges;
        let build = self.build.borrow();
        let mut status = self.status.get();
        for id in dag.vertices().map(|it| dag[it]) {
            if !build.graph().is_phony(self.edges[id.index()]) {
                status.add(self.last_time(&plan.actions[id.index()].name));
            }
        }
    }

    fn ended(
        &mut self,
        plan: &Plan,
        action: &Action<'_, ActionId>,
        edge: Edge,
        outcome: &JobOutcome,
        captured: Option<&Captured>,
    ) {
        self.executed += 1;
        let has_terminal = plan.actions[action.data().index()].interactive;
        if outcome.interrupted == Some(InterruptCause::Run) {
            return self.status.get().stopped(has_terminal);
        }
        let log = captured.and_then(|it| it.log.as_deref());
        let mut output = log.and_then(|it| fs::read(it).ok()).unwrap_or_default();
        let (outputs, command) = (self.outputs(edge), self.command(edge));
        let failure = (!outcome.status.is_success()).then(|| {
            self.failed += 1;
            self.last_code = code(outcome.ending.as_ref());
            if !output.is_empty() && !output.ends_with(b"\n") {
                output.push(b'\n');
            }
            output.extend(complaint(outcome.ending.as_ref()).bytes());
            Failure { code: self.last_code, outputs: &outputs, command: &command }
        });
        let edge = Ended {
            text: &self.text(edge),
            has_terminal,
            time: outcome.duration,
            last_time: self.last_time(action.uid()),
            failure,
            output: &output,
        };
        self.status.get().end(&edge);
    }

    fn explain(&self, name: &str, dirty: &DirtyReason) {
        let text = explanation(name, &Reason::of(dirty));
        self.status.get().printer.complain(text.as_bytes());
    }

    /// Returns what is printed of an edge: its description, or else its command.
    pub(super) fn text(&self, edge: Edge) -> Vec<u8> {
        text(self.build.borrow().graph(), edge, self.volume)
    }

    fn command(&self, edge: Edge) -> Vec<u8> {
        command(self.build.borrow().graph(), edge)
    }

    fn outputs(&self, edge: Edge) -> Vec<u8> {
        let build = self.build.borrow();
        let graph = build.graph();
        let outputs: Vec<&[u8]> = graph.outputs(edge).iter().map(|it| graph.path(*it)).collect();
        outputs.join(&b' ')
    }

    fn last_time(&self, name: &str) -> Option<Duration> {
        self.last_times.get(name).copied()
    }
}

/// Returns what is printed of an edge: its description, unless the command is wanted.
pub(super) fn text(graph: &Graph, edge: Edge, volume: Volume) -> Vec<u8> {
    // What cannot be evaluated was refused when the plan was made of it.
    let description = graph.binding(edge, "description").unwrap_or_default();
    if description.is_empty() || volume == Volume::Verbose {
        return command(graph, edge);
    }
    description.into_owned()
}

/// Returns the lines of `-d explain`.
pub(super) fn explanation(name: &str, reason: &Reason) -> String {
    let changes = explain::changes(reason, "ninja explain:   ", Palette::default());
    format!("ninja explain: {name}: {}\n{changes}", reason.summary)
}

fn command(graph: &Graph, edge: Edge) -> Vec<u8> {
    let mut command = Vec::new();
    let _ = graph.push_command(edge, &mut command);
    command
}

/// Returns the code that a shell would show; of what never ran it is 1.
fn code(ending: Option<&Ending>) -> u8 {
    let code = match ending {
        Some(Ending::Exited(code)) => *code,
        Some(Ending::Signaled(signal)) => 128 + *signal,
        _ => 1,
    };
    u8::try_from(code).unwrap_or(1)
}

/// Returns what no command could say of its own failure, and did not: that it was not started, or
/// what is wrong with what it made.
fn complaint(ending: Option<&Ending>) -> String {
    match ending {
        None | Some(Ending::Exited(_) | Ending::Signaled(_)) => String::new(),
        Some(other) => format!("ninja: {other}\n"),
    }
}
