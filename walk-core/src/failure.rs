//! Why an action cannot run: which predecessors failed, and where that began.
//!
//! e3 copies the set of origins into every action below a failure. Here the sets are
//! shared: an action whose failed predecessors all trace back to the same set holds that
//! same set, so a chain of any length below one failure costs one list.

use std::sync::Arc;

use walk_dag::Vertex;

use crate::{Action, SkipReason};

/// Returns why `action` has to fail without running, if it has to.
pub(crate) fn failed_predecessors<D>(action: &Action<'_, D>) -> Option<SkipReason> {
    let failed: Vec<Vertex> = action.failed_predecessors().map(|it| it.vertex()).collect();
    if failed.is_empty() {
        return None;
    }
    let origins = union(failed.iter().map(|&vertex| origins_of(&action.at(vertex))));
    let _ = action.cells().origins.set(Arc::clone(&origins));
    Some(SkipReason::FailedPredecessors { failed, origins })
}

/// Returns where the failure of `action` began: its own job, unless another's.
fn origins_of<D>(action: &Action<'_, D>) -> Arc<[Vertex]> {
    let vertex = action.vertex();
    Arc::clone(action.cells().origins.get_or_init(|| Arc::from([vertex])))
}

fn union(sets: impl Iterator<Item = Arc<[Vertex]>>) -> Arc<[Vertex]> {
    let mut distinct: Vec<Arc<[Vertex]>> = Vec::new();
    for set in sets {
        if !distinct.iter().any(|it| Arc::ptr_eq(it, &set)) {
            distinct.push(set);
        }
    }
    if let [only] = &distinct[..] {
        return Arc::clone(only);
    }
    let mut all: Vec<Vertex> = distinct.iter().flat_map(|it| it.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    distinct.into_iter().find(|it| it[..] == all[..]).unwrap_or_else(|| all.into())
}
