//! The graph: ids, data and edges that are known to be right.
//!
//! A [`Dag`] comes out of [`DagBuilder::build`] and stays acyclic whatever is done to
//! it, so nobody who has one checks anything again. It knows nothing of jobs, files or
//! what the data mean.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use crate::adjacency::Adjacency;
use crate::builder::{existing, predecessor};
use crate::names::Names;
use crate::order::topological_order;
use crate::structure::Structure;
use crate::vertex::{Direction, Vertex, all};
use crate::{DagBuilder, DagError};

/// A directed acyclic graph whose vertices carry a unique id and a `D`.
///
/// Vertices are numbered in the order in which they were added, and every list of
/// vertices that a graph gives back is in that order unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Dag<D> {
    names: Names,
    data: Vec<D>,
    adjacency: Adjacency,
    order: Vec<Vertex>,
    tags: BTreeMap<Vertex, String>,
    /// The edges once more, from the first change on.
    structure: Option<Structure>,
}

impl<D> Dag<D> {
    /// Starts describing a graph.
    #[must_use]
    pub fn builder() -> DagBuilder<D> {
        DagBuilder::new()
    }

    /// Puts the parts together, if the edges allow an order.
    pub(crate) fn assemble(
        names: Names,
        data: Vec<D>,
        adjacency: Adjacency,
        tags: BTreeMap<Vertex, String>,
    ) -> Result<Self, DagError> {
        let order = topological_order(&adjacency).map_err(|cycle| cycle_error(&names, &cycle))?;
        Ok(Self { names, data, adjacency, order, tags, structure: None })
    }

    /// Returns the number of vertices.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns true if there are no vertices.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns the number of edges.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.adjacency.predecessors.edge_count()
    }

    /// Returns the vertex whose id is `uid`.
    #[must_use]
    pub fn vertex(&self, uid: &str) -> Option<Vertex> {
        self.names.find(uid).map(Vertex::new)
    }

    /// Returns the id of `vertex`.
    ///
    /// # Panics
    ///
    /// This and everything else that takes a [`Vertex`] panics if the vertex is of
    /// another, larger graph.
    #[must_use]
    pub fn uid(&self, vertex: Vertex) -> &str {
        self.names.get(vertex.index())
    }

    /// Returns every vertex in the order in which they were added.
    #[must_use]
    pub fn vertices(&self) -> impl ExactSizeIterator<Item = Vertex> + Clone + use<D> {
        all(self.len())
    }

    /// Returns the vertices that `vertex` depends on, in the order of insertion.
    #[must_use]
    pub fn predecessors(&self, vertex: Vertex) -> &[Vertex] {
        self.adjacency.predecessors.of(vertex)
    }

    /// Returns the vertices that depend on `vertex`, in the order of insertion.
    #[must_use]
    pub fn successors(&self, vertex: Vertex) -> &[Vertex] {
        self.adjacency.successors.of(vertex)
    }

    /// Returns the predecessors or the successors of `vertex`.
    #[must_use]
    pub fn neighbours(&self, vertex: Vertex, direction: Direction) -> &[Vertex] {
        self.adjacency.along(direction).of(vertex)
    }

    /// Returns every vertex after its predecessors and, where that leaves a choice, in
    /// the order of insertion.
    #[must_use]
    pub fn topological_order(&self) -> &[Vertex] {
        &self.order
    }

    /// Returns the tag of `vertex`.
    #[must_use]
    pub fn tag(&self, vertex: Vertex) -> Option<&str> {
        self.tags.get(&vertex).map(String::as_str)
    }

    /// Returns the tagged vertices with their tags, in the order of insertion.
    pub fn tags(&self) -> impl Iterator<Item = (Vertex, &str)> {
        self.tags.iter().map(|(&vertex, tag)| (vertex, tag.as_str()))
    }

    /// Tags `vertex`, in the place of any tag that it has.
    ///
    /// # Panics
    ///
    /// Panics if the vertex is of another, larger graph.
    pub fn add_tag(&mut self, vertex: Vertex, tag: impl Into<String>) {
        assert!(vertex.index() < self.len(), "vertex {} is of another graph", vertex.index());
        self.tags.insert(vertex, tag.into());
    }

    /// Adds `predecessors` to those that vertex `uid` has, and replaces its data if some
    /// are given.
    ///
    /// New edges cost as much as reading the whole graph once. To add many, turn the
    /// graph into a [builder](Self::into_builder) and build again.
    ///
    /// ```
    /// # use walk_dag::{Dag, DagError};
    /// let mut builder = Dag::builder();
    /// builder.add_vertex("a", 1, [""; 0]);
    /// builder.add_vertex("b", 2, ["a"]);
    /// let mut dag = builder.build()?;
    /// let refused = dag.update_vertex("a", Some(3), ["b"]);
    /// assert_eq!(refused.unwrap_err().to_string(), "cycle detected: a -> b -> a");
    /// assert_eq!(dag[dag.vertex("a").unwrap()], 1);
    /// # Ok::<(), DagError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a vertex does not exist, or if the update closes a cycle,
    /// of which it shows the shortest. The graph then stays as it was.
    pub fn update_vertex<P>(
        &mut self,
        uid: &str,
        data: Option<D>,
        predecessors: P,
    ) -> Result<Vertex, DagError>
    where
        P: IntoIterator<Item: AsRef<str>>,
    {
        let vertex = existing(&self.names, uid)?;
        let named = predecessors.into_iter().map(|it| predecessor(&self.names, uid, it.as_ref()));
        let mut new = named.collect::<Result<Vec<_>, _>>()?;
        new.retain(|it| self.predecessors(vertex).binary_search(it).is_err());
        self.add_predecessors(vertex, &new)?;
        if let Some(data) = data {
            self[vertex] = data;
        }
        Ok(vertex)
    }

    fn add_predecessors(&mut self, vertex: Vertex, new: &[Vertex]) -> Result<(), DagError> {
        if new.is_empty() {
            return Ok(());
        }
        let unchanged = || Structure::new(&self.adjacency, &self.order);
        let structure = self.structure.get_or_insert_with(unchanged);
        if !structure.add_predecessors(vertex, new) {
            return Err(cycle_error(&self.names, &self.cycle_closed_by(vertex, new)));
        }
        self.adjacency = Adjacency::new(self.order.len(), &structure.edges());
        self.order = topological_order(&self.adjacency).expect("daggy refuses cycles");
        Ok(())
    }

    /// Returns the shortest cycle that edges from `new` to `vertex` would close.
    fn cycle_closed_by(&self, vertex: Vertex, new: &[Vertex]) -> Vec<Vertex> {
        if new.contains(&vertex) {
            return vec![vertex, vertex];
        }
        let paths = new.iter().filter_map(|&it| self.shortest_path(vertex, it));
        let mut cycle = paths.min_by_key(Vec::len).expect("one of them was refused");
        cycle.push(vertex);
        cycle
    }

    /// Turns the graph back into its description, to change much of it at once.
    #[must_use]
    pub fn into_builder(self) -> DagBuilder<D> {
        let Self { names, data, adjacency, tags, .. } = self;
        let tags = tags.into_iter().map(|(it, tag)| (names.get(it.index()).to_owned(), tag));
        let (tags, edges) = (tags.collect(), adjacency.edges().collect());
        DagBuilder::from_parts(names.into_texts(), data, edges, tags)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn adjacency(&self) -> &Adjacency {
        &self.adjacency
    }

    pub(crate) fn tag_map(&self) -> &BTreeMap<Vertex, String> {
        &self.tags
    }
}

impl<D> Index<Vertex> for Dag<D> {
    type Output = D;

    fn index(&self, vertex: Vertex) -> &D {
        &self.data[vertex.index()]
    }
}

impl<D> IndexMut<Vertex> for Dag<D> {
    fn index_mut(&mut self, vertex: Vertex) -> &mut D {
        &mut self.data[vertex.index()]
    }
}

/// Two graphs are equal if the same vertices were added in the same order, with the same
/// data, edges and tags.
impl<D: PartialEq> PartialEq for Dag<D> {
    fn eq(&self, other: &Self) -> bool {
        self.adjacency == other.adjacency
            && self.tags == other.tags
            && self.names.texts() == other.names.texts()
            && self.data == other.data
    }
}

impl<D: Eq> Eq for Dag<D> {}

fn cycle_error(names: &Names, cycle: &[Vertex]) -> DagError {
    DagError::Cycle { uids: cycle.iter().map(|it| names.get(it.index()).to_owned()).collect() }
}
