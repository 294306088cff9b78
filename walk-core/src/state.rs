//! What a run knows of each action: a table indexed by vertex.
//!
//! Every cell is written at most once a run (the status of a requeued action excepted),
//! always by the thread that runs the walk, so hooks can hold plain references into the
//! table while the run goes on. It knows neither the scheduler nor the hooks.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Index;
use std::sync::Arc;

use walk_dag::{Dag, Vertex};

use crate::report::Execution;
use crate::{DirtyReason, Fingerprint, JobStatus, SkipReason};

#[derive(Debug)]
pub(crate) struct State<'a, D> {
    pub(crate) dag: &'a Dag<D>,
    actions: Vec<ActionState>,
    /// Whether something was saved or forgotten since the last commit.
    pub(crate) unsaved: Cell<bool>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ActionState {
    pub(crate) prev_fingerprint: OnceCell<Option<Fingerprint>>,
    pub(crate) prediction: OnceCell<Option<Fingerprint>>,
    pub(crate) final_fingerprint: OnceCell<Option<Fingerprint>>,
    pub(crate) status: Cell<Option<JobStatus>>,
    pub(crate) dirty: OnceCell<Box<DirtyReason>>,
    pub(crate) skipped: OnceCell<Box<SkipReason>>,
    pub(crate) origins: OnceCell<Arc<[Vertex]>>,
    /// The last one, if it was requeued.
    pub(crate) execution: RefCell<Option<Box<Execution>>>,
}

impl<'a, D> State<'a, D> {
    pub(crate) fn new(dag: &'a Dag<D>) -> Self {
        Self { dag, actions: vec![ActionState::default(); dag.len()], unsaved: Cell::new(false) }
    }

    pub(crate) fn into_actions(self) -> Vec<ActionState> {
        self.actions
    }
}

impl<D> Index<Vertex> for State<'_, D> {
    type Output = ActionState;

    fn index(&self, vertex: Vertex) -> &ActionState {
        &self.actions[vertex.index()]
    }
}
