//! What a graph can be asked: what lies before a vertex, how two are connected, and
//! which tags a vertex stands under.
//!
//! All of it is breadth-first with a list for the next level, so no question is limited
//! by the depth of the graph. Each question takes time and memory in proportion to the
//! whole graph at worst, and remembers nothing.

use crate::{Dag, Direction, Vertex};

/// How far [`Dag::context_where`] looks, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextQuery {
    /// Which way to look: up to what a vertex depends on (the default), or down.
    pub direction: Direction,
    /// How many edges away a tag may be; unlimited by default.
    pub max_distance: usize,
    /// How many tags to return at most, the nearest; unlimited by default.
    pub max_element: usize,
}

/// A tag that a vertex has as context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextTag<'a> {
    /// How many edges away the tagged vertex is.
    pub distance: usize,
    /// The tagged vertex.
    pub vertex: Vertex,
    /// Its tag.
    pub tag: &'a str,
}

impl Default for ContextQuery {
    fn default() -> Self {
        Self { direction: Direction::default(), max_distance: usize::MAX, max_element: usize::MAX }
    }
}

impl<D> Dag<D> {
    /// Returns all that `vertex` depends on, directly or not, in the order of insertion.
    #[must_use]
    pub fn closure(&self, vertex: Vertex) -> Vec<Vertex> {
        self.closure_along(vertex, Direction::Predecessors)
    }

    /// Returns all that can be reached from `vertex` in one direction, without `vertex`
    /// itself, in the order of insertion.
    #[must_use]
    pub fn closure_along(&self, vertex: Vertex, direction: Direction) -> Vec<Vertex> {
        let mut reached = self.reach(&[vertex], direction);
        reached[vertex.index()] = false;
        self.vertices().filter(|it| reached[it.index()]).collect()
    }

    /// Marks `starts` and all that can be reached from them.
    pub(crate) fn reach(&self, starts: &[Vertex], direction: Direction) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        for start in starts {
            reached[start.index()] = true;
        }
        let mut stack = starts.to_vec();
        while let Some(vertex) = stack.pop() {
            for &next in self.neighbours(vertex, direction) {
                if !reached[next.index()] {
                    reached[next.index()] = true;
                    stack.push(next);
                }
            }
        }
        reached
    }

    /// Returns a shortest way from `source` to `target` along the successors, both
    /// included, or `None` if there is none.
    ///
    /// As in e3 a vertex has no path to itself but a cycle, which a graph that is built
    /// does not have. Of several shortest paths it is the one whose vertices were added
    /// first, compared from the source on.
    #[must_use]
    pub fn shortest_path(&self, source: Vertex, target: Vertex) -> Option<Vec<Vertex>> {
        let mut reached_from: Vec<Option<Vertex>> = vec![None; self.len()];
        let mut level = vec![source];
        while !level.is_empty() && reached_from[target.index()].is_none() {
            let mut next = Vec::new();
            for vertex in level {
                for &successor in self.successors(vertex) {
                    let from = &mut reached_from[successor.index()];
                    if from.is_none() {
                        *from = Some(vertex);
                        next.push(successor);
                    }
                }
            }
            level = next;
        }
        reached_from[target.index()]?;
        let back = |at: &Vertex| reached_from[at.index()];
        let mut path: Vec<Vertex> = std::iter::successors(Some(target), back).collect();
        path.reverse();
        Some(path)
    }

    /// Returns the tags that `vertex` stands under: its own, or else the nearest on
    /// every branch of what it depends on.
    ///
    /// This is e3's `get_context`. A tag hides what is behind it, but not what is
    /// reached around it. Nearest first; at the same distance in the order of insertion.
    ///
    /// ```
    /// # use walk_dag::{Dag, DagError};
    /// let mut builder = Dag::builder();
    /// builder.add_vertex("repository", (), [""; 0]);
    /// builder.add_vertex("library", (), ["repository"]);
    /// builder.add_vertex("program", (), ["library"]);
    /// builder.add_tag("repository", "git");
    /// let dag = builder.build()?;
    /// let context = dag.context(dag.vertex("program").unwrap());
    /// assert_eq!((context[0].distance, context[0].tag), (2, "git"));
    /// # Ok::<(), DagError>(())
    /// ```
    #[must_use]
    pub fn context(&self, vertex: Vertex) -> Vec<ContextTag<'_>> {
        self.context_where(vertex, ContextQuery::default())
    }

    /// Returns the tags that `vertex` stands under, as far as `query` looks.
    #[must_use]
    pub fn context_where(&self, vertex: Vertex, query: ContextQuery) -> Vec<ContextTag<'_>> {
        let mut tags = Vec::new();
        let mut visited = vec![false; self.len()];
        visited[vertex.index()] = true;
        let mut level = vec![vertex];
        let mut distance = 0;
        while !level.is_empty() && distance <= query.max_distance {
            let mut next = Vec::new();
            level.sort_unstable();
            for vertex in level {
                if let Some(tag) = self.tag(vertex) {
                    tags.push(ContextTag { distance, vertex, tag });
                    continue;
                }
                for &neighbour in self.neighbours(vertex, query.direction) {
                    if !std::mem::replace(&mut visited[neighbour.index()], true) {
                        next.push(neighbour);
                    }
                }
            }
            if tags.len() >= query.max_element {
                break;
            }
            level = next;
            distance += 1;
        }
        tags.truncate(query.max_element);
        tags
    }
}
