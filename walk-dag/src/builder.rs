//! The description of a graph, which may still be wrong, and the one place where it is
//! checked.
//!
//! Describing checks nothing and looks nothing up, so that vertices may be named before
//! they exist and a million of them cost no more each than ten. Names become numbers in
//! [`DagBuilder::build`], all at once.

use std::collections::BTreeMap;

use crate::adjacency::{Adjacency, Edge};
use crate::names::{Names, Texts};
use crate::vertex::Vertex;
use crate::{Dag, DagError};

/// The description of a graph that may still be wrong.
///
/// ```
/// # use walk_dag::{Dag, DagError};
/// let mut builder = Dag::builder();
/// builder.add_vertex("run", "./app", ["link"]);
/// let link = builder.add_vertex("link", "cc -o app a.o", [""; 0]);
/// let compile = builder.add_vertex("compile", "cc -c a.c", [""; 0]);
/// builder.add_edge(compile, link);
/// let dag = builder.build()?;
///
/// let order: Vec<&str> = dag.topological_order().iter().map(|&it| dag[it]).collect();
/// assert_eq!(order, ["cc -c a.c", "cc -o app a.o", "./app"]);
/// # Ok::<(), DagError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DagBuilder<D> {
    uids: Texts,
    data: Vec<D>,
    edges: Vec<Edge>,
    /// Predecessors that are known by name, and beside them the vertices they are of.
    named: Texts,
    named_of: Vec<Vertex>,
    updates: Vec<Update<D>>,
    tags: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Update<D> {
    uid: String,
    data: Option<D>,
    predecessors: Vec<String>,
}

impl<D> DagBuilder<D> {
    /// Starts describing a graph.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0, 0)
    }

    /// Starts describing a graph of about that many vertices and that many edges added
    /// by [`add_edge`](Self::add_edge).
    #[must_use]
    pub fn with_capacity(vertices: usize, edges: usize) -> Self {
        Self {
            uids: Texts::with_capacity(vertices),
            data: Vec::with_capacity(vertices),
            edges: Vec::with_capacity(edges),
            named: Texts::default(),
            named_of: Vec::new(),
            updates: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// Adds a vertex that depends on `predecessors`, which may be added later.
    ///
    /// Naming a predecessor twice is the same as naming it once. An id that is taken is
    /// reported by [`build`](Self::build).
    ///
    /// # Panics
    ///
    /// Panics at 2^32 vertices.
    pub fn add_vertex<P>(&mut self, uid: impl AsRef<str>, data: D, predecessors: P) -> Vertex
    where
        P: IntoIterator<Item: AsRef<str>>,
    {
        let vertex = Vertex::new(self.data.len());
        self.uids.push(uid.as_ref());
        self.data.push(data);
        for predecessor in predecessors {
            self.named.push(predecessor.as_ref());
            self.named_of.push(vertex);
        }
        vertex
    }

    /// Makes `successor` depend on `predecessor`: the fastest way to describe an edge.
    ///
    /// Both must come from this builder. Adding an edge twice is the same as adding it
    /// once.
    pub fn add_edge(&mut self, predecessor: Vertex, successor: Vertex) {
        self.edges.push((predecessor, successor));
    }

    /// Adds `predecessors` to those that vertex `uid` has, and replaces its data if some
    /// are given.
    ///
    /// The vertex may be added later. Updates of the same vertex apply in order.
    pub fn update_vertex<P>(&mut self, uid: impl Into<String>, data: Option<D>, predecessors: P)
    where
        P: IntoIterator<Item: AsRef<str>>,
    {
        let predecessors = predecessors.into_iter().map(|it| it.as_ref().to_owned()).collect();
        self.updates.push(Update { uid: uid.into(), data, predecessors });
    }

    /// Tags vertex `uid`, which may be added later; of several tags the last one stays.
    ///
    /// See [`Dag::context`] for what tags are good for.
    pub fn add_tag(&mut self, uid: impl Into<String>, tag: impl Into<String>) {
        self.tags.push((uid.into(), tag.into()));
    }

    /// Returns the number of vertices added so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Returns true if no vertex is added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Resolves names, refuses cycles and returns the graph, in linear time.
    ///
    /// # Errors
    ///
    /// Returns the first problem found: ids that are taken, then vertices and
    /// predecessors that do not exist, each in the order in which they were described,
    /// then a cycle. It is the shortest one, unless the graph is so large and so cyclic
    /// that ten million steps do not suffice to find it.
    pub fn build(self) -> Result<Dag<D>, DagError> {
        let Self { uids, mut data, mut edges, named, named_of, updates, tags } = self;
        let names = Names::new(uids).map_err(|uid| DagError::DuplicateVertex { uid })?;
        check_edges(&edges, data.len())?;
        for (&vertex, name) in named_of.iter().zip(named.iter()) {
            edges.push((predecessor(&names, names.get(vertex.index()), name)?, vertex));
        }
        for update in updates {
            apply(update, &names, &mut data, &mut edges)?;
        }
        let tags = resolve_tags(tags, &names)?;
        let adjacency = Adjacency::new(data.len(), &edges);
        drop(edges);
        Dag::assemble(names, data, adjacency, tags)
    }
}

impl<D> Default for DagBuilder<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> DagBuilder<D> {
    pub(crate) fn from_parts(
        uids: Texts,
        data: Vec<D>,
        edges: Vec<Edge>,
        tags: Vec<(String, String)>,
    ) -> Self {
        Self { uids, data, edges, tags, ..Self::new() }
    }

    pub(crate) fn replace_data(&mut self, vertex: Vertex, data: D) {
        self.data[vertex.index()] = data;
    }
}

/// Returns the vertex that has the id `uid`, as something to update or tag.
pub(crate) fn existing(names: &Names, uid: &str) -> Result<Vertex, DagError> {
    let found = names.find(uid).map(Vertex::new);
    found.ok_or_else(|| DagError::UnknownVertex { uid: uid.to_owned() })
}

/// Returns the vertex that has the id `name`, as a predecessor of `uid`.
pub(crate) fn predecessor(names: &Names, uid: &str, name: &str) -> Result<Vertex, DagError> {
    let found = names.find(name).map(Vertex::new);
    found.ok_or_else(|| DagError::UnknownPredecessor {
        uid: uid.to_owned(),
        predecessor: name.to_owned(),
    })
}

fn check_edges(edges: &[Edge], vertices: usize) -> Result<(), DagError> {
    let foreign = edges.iter().map(|&(from, to)| from.max(to).index()).find(|&it| it >= vertices);
    foreign.map_or(Ok(()), |index| Err(DagError::ForeignVertex { index, vertices }))
}

fn apply<D>(
    update: Update<D>,
    names: &Names,
    data: &mut [D],
    edges: &mut Vec<Edge>,
) -> Result<(), DagError> {
    let vertex = existing(names, &update.uid)?;
    for name in &update.predecessors {
        edges.push((predecessor(names, &update.uid, name)?, vertex));
    }
    if let Some(new) = update.data {
        data[vertex.index()] = new;
    }
    Ok(())
}

fn resolve_tags(
    tags: Vec<(String, String)>,
    names: &Names,
) -> Result<BTreeMap<Vertex, String>, DagError> {
    tags.into_iter().map(|(uid, tag)| Ok((existing(names, &uid)?, tag))).collect()
}
