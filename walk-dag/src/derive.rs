//! Graphs made from graphs: reversed, merged, pruned, restricted.
//!
//! Each returns a new graph and leaves the old one alone. Ids, data and tags go with
//! their vertices, and the order of insertion stays what it was; the vertices are
//! numbered anew where some are missing.

use std::slice;

use crate::adjacency::Edge;
use crate::{Dag, DagBuilder, DagError, Direction, Vertex};

/// What [`Dag::pruned`] does with a vertex that has a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnTagged {
    /// Refuse, so that no remaining vertex sees another [context](Dag::context).
    #[default]
    Refuse,
    /// Prune it, and its tag with it.
    Prune,
}

impl<D: Clone> Dag<D> {
    /// Returns the graph with every edge turned around.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let data = self.vertices().map(|it| self[it].clone()).collect();
        let adjacency = self.adjacency().clone().reversed();
        acyclic(Self::assemble(self.names().clone(), data, adjacency, self.tag_map().clone()))
    }

    /// Returns the union of both graphs: of their vertices, and for each of them of its
    /// predecessors.
    ///
    /// Where both have a vertex the data and the tag are those of `other`. (e3 forgets
    /// all tags here.) First come the vertices of `self`, then what `other` adds.
    ///
    /// # Errors
    ///
    /// Returns [`DagError::Cycle`] if the two contradict each other.
    pub fn merged(&self, other: &Self) -> Result<Self, DagError> {
        let mut builder = self.clone().into_builder();
        let add = |it| match self.vertex(other.uid(it)) {
            Some(shared) => {
                builder.replace_data(shared, other[it].clone());
                shared
            }
            None => builder.add_vertex(other.uid(it), other[it].clone(), [""; 0]),
        };
        let places: Vec<Vertex> = other.vertices().map(add).collect();
        for (predecessor, successor) in other.adjacency().edges() {
            builder.add_edge(places[predecessor.index()], places[successor.index()]);
        }
        for (vertex, tag) in other.tags() {
            builder.add_tag(other.uid(vertex), tag);
        }
        builder.build()
    }

    /// Returns `targets` and all that they depend on.
    #[must_use]
    pub fn restricted_to(&self, targets: &[Vertex]) -> Self {
        let kept = self.reach(targets, Direction::Predecessors);
        let edges = self.adjacency().edges().filter(|(_, successor)| kept[successor.index()]);
        self.part(&kept, edges)
    }

    /// Returns the graph without the vertices that `prune` accepts; what depended on one
    /// of them depends on its predecessors instead.
    ///
    /// ```
    /// # use walk_dag::{Dag, DagError, OnTagged};
    /// let mut builder = Dag::builder();
    /// builder.add_vertex("source", (), [""; 0]);
    /// builder.add_vertex("phony", (), ["source"]);
    /// builder.add_vertex("program", (), ["phony"]);
    /// let dag = builder.build()?;
    /// let pruned = dag.pruned(|it| dag.uid(it) == "phony", OnTagged::Refuse)?;
    /// let program = pruned.vertex("program").unwrap();
    /// assert_eq!(pruned.predecessors(program), [pruned.vertex("source").unwrap()]);
    /// # Ok::<(), DagError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`DagError::TaggedVertex`] if a vertex to prune has a tag and `on_tagged`
    /// refuses that.
    pub fn pruned(
        &self,
        prune: impl FnMut(Vertex) -> bool,
        on_tagged: OnTagged,
    ) -> Result<Self, DagError> {
        let pruned: Vec<bool> = self.vertices().map(prune).collect();
        if let (OnTagged::Refuse, Some((vertex, tag))) =
            (on_tagged, self.tags().find(|(it, _)| pruned[it.index()]))
        {
            let uid = self.uid(vertex).to_owned();
            return Err(DagError::TaggedVertex { uid, tag: tag.to_owned() });
        }
        let kept: Vec<bool> = pruned.iter().map(|it| !it).collect();
        Ok(self.part(&kept, inherited_edges(self, &pruned).into_iter()))
    }

    /// Builds the graph of the vertices in `kept`, joined by `edges`.
    fn part(&self, kept: &[bool], edges: impl Iterator<Item = Edge>) -> Self {
        let mut builder = DagBuilder::new();
        let mut places = vec![Vertex::new(0); self.len()];
        for vertex in self.vertices().filter(|it| kept[it.index()]) {
            places[vertex.index()] =
                builder.add_vertex(self.uid(vertex), self[vertex].clone(), [""; 0]);
        }
        edges.for_each(|(from, to)| builder.add_edge(places[from.index()], places[to.index()]));
        for (vertex, tag) in self.tags().filter(|(it, _)| kept[it.index()]) {
            builder.add_tag(self.uid(vertex), tag);
        }
        acyclic(builder.build())
    }
}

fn acyclic<D>(made: Result<Dag<D>, DagError>) -> Dag<D> {
    made.expect("made from parts of an acyclic graph with distinct ids")
}

/// Returns the edges between vertices that are not pruned, direct and inherited.
fn inherited_edges<D>(dag: &Dag<D>, pruned: &[bool]) -> Vec<Edge> {
    let mut edges = Vec::new();
    // What the successors of each pruned vertex inherit, until the last one has done so.
    let mut inherited: Vec<Vec<Vertex>> = vec![Vec::new(); dag.len()];
    let mut heirs: Vec<usize> = dag.vertices().map(|it| dag.successors(it).len()).collect();
    let mut last_seen_by: Vec<Option<Vertex>> = vec![None; dag.len()];
    for &vertex in dag.topological_order() {
        let mut predecessors = Vec::new();
        for predecessor in dag.predecessors(vertex) {
            let at = predecessor.index();
            let list = if pruned[at] { &*inherited[at] } else { slice::from_ref(predecessor) };
            let is_new = |it: &&Vertex| last_seen_by[it.index()].replace(vertex) != Some(vertex);
            predecessors.extend(list.iter().filter(is_new));
            heirs[at] -= 1;
            if heirs[at] == 0 {
                inherited[at] = Vec::new();
            }
        }
        if pruned[vertex.index()] {
            inherited[vertex.index()] = predecessors;
        } else {
            edges.extend(predecessors.into_iter().map(|predecessor| (predecessor, vertex)));
        }
    }
    edges
}
