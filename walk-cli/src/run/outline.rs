//! The graph of a walk as its estimate needs it: a copy, for another thread.
//!
//! It is made when the first job is queued, and only where a block is drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use walk_core::{Dag, Vertex};
use walk_plan::{ActionId, Command, Plan, Run};

use crate::terminal::Outline;

/// Returns the outline of the graph that is walked.
pub(super) fn outline(plan: &Plan, dag: &Dag<ActionId>) -> Outline {
    let queues: BTreeMap<&str, usize> =
        plan.queues.keys().enumerate().map(|(at, it)| (it.as_str(), at)).collect();
    let mut outline = Outline {
        queues: plan.queues.values().copied().collect(),
        order: dag.topological_order().iter().map(|it| number(*it)).collect(),
        ..Outline::default()
    };
    let command = |it: Vertex| &plan.actions[dag[it].index()];
    for vertex in dag.vertices() {
        let Command { name, run, queue, tokens, .. } = command(vertex);
        outline.names.push(Arc::clone(name));
        let runs = *run != Run::Nothing;
        let queue = queues.get(&**queue).filter(|_| runs);
        outline.tolls.push(queue.map(|it| (*it, *tokens)));
        let below = dag.successors(vertex).iter();
        outline.below.extend(below.map(|it| (number(*it), reads(command(*it), dag[vertex]))));
        outline.ends.push(outline.below.len());
    }
    outline
}

/// Returns whether `command` runs when `before` has, and does not only come after it.
fn reads(command: &Command, before: ActionId) -> bool {
    !command.after.contains(&before) || command.deps.contains(&before)
}

fn number(vertex: Vertex) -> u32 {
    u32::try_from(vertex.index()).unwrap_or(u32::MAX)
}
