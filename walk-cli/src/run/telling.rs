//! What records tell of a run and of its actions, made of the plan.

use walk_core::{Dag, Event, Vertex};
use walk_plan::{ActionId, Captured, Plan, Run};

use super::watch::command_text;
use crate::os;
use crate::record::{Recorder, Records, Start, Subject};

/// Returns what a run begins with: the actions of the graph, and a `rest` that is up to date.
pub(crate) fn start_of(
    plan: &Plan,
    dag: &Dag<ActionId>,
    rest: usize,
    targets: Vec<String>,
) -> Start {
    let runs = |it: &Vertex| plan.actions[dag[*it].index()].run != Run::Nothing;
    Start {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        host: os::host(),
        root: plan.root.display().to_string(),
        manifest: plan.manifest.display().to_string(),
        actions: dag.vertices().filter(runs).count() + rest,
        targets,
        queues: plan.queues.clone().into_iter().collect(),
        run: None,
    }
}

/// Has the records hear of an event.
pub(crate) fn tell(
    plan: &Plan,
    event: &Event<'_, ActionId>,
    captured: Option<&Captured>,
    recorder: &mut Recorder,
    records: Option<&mut Records>,
) {
    let id = *event.action().data();
    let subject = Subject {
        log: captured.and_then(|it| it.log.as_deref()),
        conduct: captured.map(|it| &it.conduct),
        makes: &|| outputs(plan, id),
        command: &|| command_text(plan, &plan.actions[id.index()].run),
    };
    recorder.hear(event, &subject);
    if let Some(records) = records {
        records.hear(event, &subject);
    }
}

fn outputs(plan: &Plan, id: ActionId) -> Vec<String> {
    let outputs = plan.actions[id.index()].outputs.iter();
    outputs.map(|it| plan.files.path(*it).to_string_lossy().into_owned()).collect()
}
