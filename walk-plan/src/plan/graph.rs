//! Who comes before whom.
//!
//! The edges are kept as one flat array: the predecessors of action `i` are
//! `targets[starts[i]..starts[i + 1]]`. The graph crate is asked only for what a walk
//! needs, and to print a cycle.

use walk_core::{Dag, DagError, Vertex};

use super::{ActionId, Plan};

/// The predecessors of every action: sorted by kind (inputs, deps, after), each once.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    starts: Vec<u32>,
    targets: Vec<ActionId>,
    /// By action, the last successor that was given it: what makes `targets` unique.
    seen: Vec<u32>,
}

impl Edges {
    pub(crate) fn with_capacity(actions: usize) -> Self {
        let mut starts = Vec::with_capacity(actions + 1);
        starts.push(0);
        Self { starts, targets: Vec::with_capacity(actions * 2), seen: vec![u32::MAX; actions] }
    }

    /// Adds a predecessor of the next action to be closed.
    pub(crate) fn add(&mut self, predecessor: ActionId) {
        let current = count(self.starts.len() - 1);
        let seen = &mut self.seen[predecessor.index()];
        if *seen != current {
            *seen = current;
            self.targets.push(predecessor);
        }
    }

    /// Ends the list of one action.
    pub(crate) fn close(&mut self) {
        self.starts.push(count(self.targets.len()));
    }

    pub(crate) fn of(&self, id: ActionId) -> &[ActionId] {
        let (start, end) = (self.starts[id.index()], self.starts[id.index() + 1]);
        &self.targets[start as usize..end as usize]
    }
}

impl Plan {
    /// Returns the actions that come directly before `id`, each once: the producers of its
    /// inputs, then its `deps`, then its `after`.
    ///
    /// # Panics
    ///
    /// If `id` is of another plan and out of range here.
    pub fn predecessors(&self, id: ActionId) -> impl Iterator<Item = ActionId> {
        self.edges.of(id).iter().copied()
    }

    /// Builds the graph of all actions, each at the vertex of its own number, with `extra`
    /// edges from predecessor to successor that only a depfile knows.
    ///
    /// # Errors
    ///
    /// If the extra edges close a cycle; without them a plan has none.
    ///
    /// # Panics
    ///
    /// If an extra edge is of another plan.
    pub fn dag(&self, extra: &[(ActionId, ActionId)]) -> Result<Dag<ActionId>, DagError> {
        let edges = self.edges.targets.len() + extra.len();
        let mut builder = walk_core::DagBuilder::with_capacity(self.actions.len(), edges);
        let mut vertices: Vec<Vertex> = Vec::with_capacity(self.actions.len());
        for (index, action) in self.actions.iter().enumerate() {
            let id = ActionId(count(index));
            vertices.push(builder.add_vertex(&*action.name, id, [""; 0]));
        }
        for (index, successor) in vertices.iter().enumerate() {
            for predecessor in self.predecessors(ActionId(count(index))) {
                builder.add_edge(vertices[predecessor.index()], *successor);
            }
        }
        for (predecessor, successor) in extra {
            builder.add_edge(vertices[predecessor.index()], vertices[successor.index()]);
        }
        builder.build()
    }
}

/// Returns whether any action comes before itself; linear.
pub(crate) fn has_cycle(edges: &Edges) -> bool {
    let actions = edges.starts.len() - 1;
    let mut missing: Vec<u32> = edges.starts.windows(2).map(|it| it[1] - it[0]).collect();
    let (starts, successors) = successors(edges, actions);
    let mut ready: Vec<usize> = (0..actions).filter(|it| missing[*it] == 0).collect();
    while let Some(index) = ready.pop() {
        for &next in &successors[starts[index] as usize..starts[index + 1] as usize] {
            missing[next as usize] -= 1;
            if missing[next as usize] == 0 {
                ready.push(next as usize);
            }
        }
    }
    missing.iter().any(|it| *it > 0)
}

/// Turns the edges around, by counting sort.
fn successors(edges: &Edges, actions: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; actions + 1];
    for target in &edges.targets {
        starts[target.index() + 1] += 1;
    }
    for index in 0..actions {
        starts[index + 1] += starts[index];
    }
    let mut free = starts.clone();
    let mut successors = vec![0; edges.targets.len()];
    for (index, range) in edges.starts.windows(2).enumerate() {
        for target in &edges.targets[range[0] as usize..range[1] as usize] {
            successors[free[target.index()] as usize] = count(index);
            free[target.index()] += 1;
        }
    }
    (starts, successors)
}

fn count(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 actions and edges")
}
