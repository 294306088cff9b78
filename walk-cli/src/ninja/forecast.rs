//! `-n`: what would run, and whatever depends on it, as if all of it succeeded.
//!
//! It takes no lock and writes nothing. What a manifest or a dyndep file would say that is
//! not made yet, nobody knows: the former ends it, as in ninja, the latter is left out.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use walk_core::Event;
use walk_ninja::{Build, Edge, Frame, Purpose, Stage};
use walk_plan::{ActionId, Captured, CommandWalk, Options, Plan, Reason, StateDir};

use super::args::Args;
use super::build::{status, template};
use super::status::{Ended, Status};
use super::stop::Result;
use super::watch;
use crate::exit::Exit;

/// An edge that would run.
struct Wanted {
    edge: Edge,
    has_terminal: bool,
    /// Why.
    reason: Option<Reason>,
}

/// Prints what would run.
pub(super) fn run(args: &Args, frame: Frame) -> Result<Exit> {
    let mut status = status(args, template()?);
    let mut build = Build::new(frame)?;
    for warning in build.graph().warnings() {
        status.printer.complain(format!("ninja: warning: {warning}\n").as_bytes());
    }
    let mut wanted = Vec::new();
    while let Some(stage) = build.next_stage(&args.targets)? {
        let purpose = stage.purpose;
        let Some(found) = would_run(&mut build, stage)? else { continue };
        let makes_manifest = found.iter().any(|it| build.makes_manifest(it.edge));
        wanted.extend(found);
        if purpose == Purpose::Manifest && makes_manifest {
            break;
        }
        build.stage_done(|_| false)?;
    }
    print(args, &build, &mut status, wanted);
    Ok(Exit::Done)
}

/// Returns the edges of one walk that would run, in the order in which they would; nothing if
/// it has to be a wider one.
fn would_run(build: &mut Build, stage: Stage) -> Result<Option<Vec<Wanted>>> {
    let memory = StateDir::new(build.state_dir());
    let edges = stage.edges().to_vec();
    let (plan, targets) = (stage.plan, stage.targets);
    let mut walk = CommandWalk::open_dry(plan, memory, Options::default())?;
    if build.widen(&walk.plan().files) {
        return Ok(None);
    }
    let dag = walk.dag(&targets)?;
    let wanted = Rc::new(RefCell::new(Vec::new()));
    let found = Rc::clone(&wanted);
    let observer = move |plan: &Plan, event: &Event<'_, ActionId>, _: Option<&Captured>| {
        if let Event::Skipped { action, reason: None, .. } = event {
            let id = *action.data();
            let has_terminal = plan.actions[id.index()].interactive;
            let reason = action.dirty_reason().map(Reason::of);
            found.borrow_mut().push(Wanted { edge: edges[id.index()], has_terminal, reason });
        }
    };
    walk.set_observer(Box::new(observer));
    walk.run(&dag)?;
    Ok(Some(wanted.take()))
}

/// Prints each edge once: one that a dyndep file needs is wanted by the targets too.
fn print(args: &Args, build: &Build, status: &mut Status, mut wanted: Vec<Wanted>) {
    let graph = build.graph();
    let mut seen = HashSet::new();
    wanted.retain(|it| !graph.is_phony(it.edge) && seen.insert(it.edge));
    for _ in &wanted {
        status.add(None);
    }
    for Wanted { edge, has_terminal, reason } in &wanted {
        let text = watch::text(graph, *edge, args.volume);
        if let (true, Some(reason)) = (args.debug.explain, reason) {
            let name = String::from_utf8_lossy(graph.path(graph.outputs(*edge)[0]));
            status.printer.complain(watch::explanation(&name, reason).as_bytes());
        }
        status.start(&text, *has_terminal);
        status.end(&Ended { text: &text, has_terminal: *has_terminal, ..Ended::default() });
    }
    if wanted.is_empty() {
        status.inform("no work to do.");
    }
    status.printer.start_line();
}
