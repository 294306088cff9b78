//! One vertex of the graph, seen in the middle of a run.
//!
//! An [`Action`] is a view: it can be copied freely and says what the run knows so far of
//! the action and of those around it. What e3 keeps in dictionaries keyed by name
//! (`prev_fingerprints`, `new_fingerprints`, `job_status`) is read here.

use walk_dag::{Dag, Vertex};

use crate::report::Execution;
use crate::state::{ActionState, State};
use crate::{DirtyReason, Fingerprint, Freshness, JobOutcome, JobStatus, SkipReason};

/// An action of the graph, and what the run knows of it so far.
#[derive(Debug)]
pub struct Action<'a, D> {
    state: &'a State<'a, D>,
    vertex: Vertex,
}

impl<D> Clone for Action<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Action<'_, D> {}

impl<'a, D> Action<'a, D> {
    pub(crate) fn new(state: &'a State<'a, D>, vertex: Vertex) -> Self {
        Self { state, vertex }
    }

    /// Returns the vertex of the action.
    #[must_use]
    pub fn vertex(&self) -> Vertex {
        self.vertex
    }

    /// Returns the graph that is walked.
    #[must_use]
    pub fn dag(&self) -> &'a Dag<D> {
        self.state.dag
    }

    /// Returns the id of the action.
    #[must_use]
    pub fn uid(&self) -> &'a str {
        self.state.dag.uid(self.vertex)
    }

    /// Returns what the vertex carries.
    #[must_use]
    pub fn data(&self) -> &'a D {
        &self.state.dag[self.vertex]
    }

    /// Returns another action of the same run.
    #[must_use]
    pub fn at(&self, vertex: Vertex) -> Self {
        Self { vertex, ..*self }
    }

    /// Returns the actions that this one depends on; they have all ended.
    pub fn predecessors(&self) -> impl Iterator<Item = Action<'a, D>> + use<'a, D> {
        let this = *self;
        this.state.dag.predecessors(this.vertex).iter().map(move |&vertex| this.at(vertex))
    }

    /// Returns the predecessors whose status is not a success.
    pub fn failed_predecessors(&self) -> impl Iterator<Item = Action<'a, D>> + use<'a, D> {
        self.predecessors().filter(|it| !it.status().is_some_and(JobStatus::is_success))
    }

    /// Returns the fingerprint saved by an earlier run.
    #[must_use]
    pub fn prev_fingerprint(&self) -> Option<&'a Fingerprint> {
        self.cells().prev_fingerprint.get()?.as_ref()
    }

    /// Returns the latest fingerprint computed by this run: the final one, else the
    /// predicted one.
    #[must_use]
    pub fn new_fingerprint(&self) -> Option<&'a Fingerprint> {
        let cells = self.cells();
        cells.final_fingerprint.get().or_else(|| cells.prediction.get())?.as_ref()
    }

    /// Returns how the action ended, if it did.
    #[must_use]
    pub fn status(&self) -> Option<JobStatus> {
        self.cells().status.get()
    }

    /// Returns why the action has to be executed, once that is decided.
    #[must_use]
    pub fn dirty_reason(&self) -> Option<&'a DirtyReason> {
        self.cells().dirty.get().map(Box::as_ref)
    }

    /// Returns why the action is not executed, once that is decided.
    #[must_use]
    pub fn skip_reason(&self) -> Option<&'a SkipReason> {
        self.cells().skipped.get().map(Box::as_ref)
    }

    /// Compares the fingerprints of the action, as [`Walk`](crate::Walk) does by default.
    ///
    /// It is dirty if it has no previous fingerprint or no predicted one, if a direct
    /// predecessor has none, or if the two differ (e3's `should_execute_action`).
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let Some(previous) = self.prev_fingerprint() else {
            return DirtyReason::NoPrevious.into();
        };
        let Some(new) = self.new_fingerprint() else {
            return DirtyReason::NoPrediction.into();
        };
        if let Some(untracked) = self.predecessors().find(|it| it.new_fingerprint().is_none()) {
            return DirtyReason::UntrackedPredecessor(untracked.uid().into()).into();
        }
        if previous == new {
            return Freshness::Fresh;
        }
        DirtyReason::Changed(new.diff(previous)).into()
    }

    /// Sets the previous fingerprint, for an override of [`get_job`](crate::Walk::get_job)
    /// that does not call the default; a second call has no effect.
    pub fn set_prev_fingerprint(&self, fingerprint: Option<Fingerprint>) {
        let _ = self.cells().prev_fingerprint.set(fingerprint);
    }

    /// Sets the predicted fingerprint, as
    /// [`set_prev_fingerprint`](Self::set_prev_fingerprint).
    pub fn set_prediction(&self, fingerprint: Option<Fingerprint>) {
        let _ = self.cells().prediction.set(fingerprint);
    }

    /// Sets the final fingerprint, for an override of [`collect`](crate::Walk::collect) that
    /// does not call the default; a second call has no effect.
    pub fn set_final(&self, fingerprint: Option<Fingerprint>) {
        let _ = self.cells().final_fingerprint.set(fingerprint);
        self.state.unsaved.set(true);
    }

    /// Sets why the action has to be executed; a second call has no effect.
    pub fn set_dirty_reason(&self, reason: DirtyReason) {
        let _ = self.cells().dirty.set(Box::new(reason));
    }

    pub(crate) fn ended(&self, outcome: &JobOutcome) {
        let cells = self.cells();
        cells.status.set(Some(outcome.status));
        cells.execution.replace(Some(Box::new(Execution::of(outcome))));
    }

    pub(crate) fn set_skip_reason(&self, reason: SkipReason) {
        let _ = self.cells().skipped.set(Box::new(reason));
    }

    pub(crate) fn cells(&self) -> &'a ActionState {
        &self.state[self.vertex]
    }
}
