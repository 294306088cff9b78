//! How long the longest path from a vertex to an end is, each vertex counting its weight.
//!
//! Started in the order of these lengths, longest first, what is ready ends soonest as a rule
//! (list scheduling by critical path; ninja has done so since 1.12). It does not know what a
//! weight is, nor who needs the lengths: they are measured where they are asked for, so that what
//! nobody asks for is neither weighed nor visited.

use crate::{Dag, Vertex};

/// The lengths of the longest paths from some vertices to the ends of a graph.
///
/// ```
/// use walk_dag::{CriticalPaths, Dag};
///
/// let mut builder = Dag::builder();
/// builder.add_vertex("compile", 8, [""; 0]);
/// builder.add_vertex("link", 2, ["compile"]);
/// builder.add_vertex("test", 5, ["link"]);
/// builder.add_vertex("lint", 1, [""; 0]);
/// let dag = builder.build()?;
///
/// let [compile, link, lint] = ["compile", "link", "lint"].map(|it| dag.vertex(it).unwrap());
/// let mut paths = CriticalPaths::new(&dag);
/// paths.measure(&dag, [link], |reached| reached.iter().map(|&it| dag[it]).collect());
/// assert_eq!(paths.length(link), Some(7));
/// assert_eq!(paths.length(compile), None);
/// assert_eq!(dag.critical_paths(|it| dag[it])[compile.index()], 15);
/// assert_eq!(dag.critical_paths(|it| dag[it])[lint.index()], 1);
/// # Ok::<(), walk_dag::DagError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CriticalPaths {
    lengths: Vec<Option<u64>>,
}

impl CriticalPaths {
    /// Prepares to measure paths of `dag`.
    #[must_use]
    pub fn new<D>(dag: &Dag<D>) -> Self {
        Self { lengths: vec![None; dag.len()] }
    }

    /// Returns the sum of the weights on the heaviest path that begins with `vertex`, its own
    /// included, or `None` if that was not measured.
    ///
    /// # Panics
    ///
    /// Panics if the vertex is of another, larger graph.
    #[must_use]
    pub fn length(&self, vertex: Vertex) -> Option<u64> {
        self.lengths[vertex.index()]
    }

    /// Measures the paths from all of `starts`.
    ///
    /// `weigh` is given the vertices that are met for the first time, each after its successors,
    /// and returns as many weights; it is not called if there are none. All calls together visit
    /// each vertex and each edge once. Lengths stop growing at [`u64::MAX`].
    ///
    /// # Panics
    ///
    /// Panics if `dag` is not the graph that the paths are of, or if weights are missing.
    pub fn measure<D>(
        &mut self,
        dag: &Dag<D>,
        starts: impl IntoIterator<Item = Vertex>,
        weigh: impl FnOnce(&[Vertex]) -> Vec<u64>,
    ) {
        let reached = self.reach(dag, starts);
        if reached.is_empty() {
            return;
        }
        let weights = weigh(&reached);
        assert_eq!(weights.len(), reached.len(), "a weight for each vertex");
        for (vertex, weight) in reached.into_iter().zip(weights) {
            self.set(dag, vertex, weight);
        }
    }

    /// Returns what was not met before, each vertex after its successors (depth first, on a stack
    /// of its own); it counts as measured from then on.
    fn reach<D>(&mut self, dag: &Dag<D>, starts: impl IntoIterator<Item = Vertex>) -> Vec<Vertex> {
        assert_eq!(self.lengths.len(), dag.len(), "paths of another graph");
        let (mut reached, mut stack) = (Vec::new(), Vec::new());
        for start in starts {
            self.enter(dag, start, &mut stack);
            while let Some((vertex, left)) = stack.last_mut() {
                if let Some((&next, rest)) = left.split_first() {
                    *left = rest;
                    self.enter(dag, next, &mut stack);
                } else {
                    reached.push(*vertex);
                    stack.pop();
                }
            }
        }
        reached
    }

    /// Puts a vertex that was not met before on the stack, with the successors to go on to.
    fn enter<'a, D>(
        &mut self,
        dag: &'a Dag<D>,
        vertex: Vertex,
        stack: &mut Vec<(Vertex, &'a [Vertex])>,
    ) {
        if self.lengths[vertex.index()].is_none() {
            self.lengths[vertex.index()] = Some(0);
            stack.push((vertex, dag.successors(vertex)));
        }
    }

    fn set<D>(&mut self, dag: &Dag<D>, vertex: Vertex, weight: u64) {
        let longest = dag.successors(vertex).iter().filter_map(|&it| self.length(it)).max();
        self.lengths[vertex.index()] = Some(weight.saturating_add(longest.unwrap_or(0)));
    }
}

impl<D> Dag<D> {
    /// Returns, by [index](Vertex::index), the sum of the weights on the heaviest path that
    /// begins with each vertex, its own included: see [`CriticalPaths`].
    #[must_use]
    pub fn critical_paths(&self, weight: impl FnMut(Vertex) -> u64) -> Vec<u64> {
        let mut paths = CriticalPaths::new(self);
        paths.measure(self, self.vertices(), |all| all.iter().copied().map(weight).collect());
        paths.lengths.into_iter().map(Option::unwrap_or_default).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of vertices with their weights and predecessors.
    fn graph(vertices: &[(&str, u64, &[&str])]) -> Dag<u64> {
        let mut builder = Dag::builder();
        for (uid, weight, predecessors) in vertices {
            builder.add_vertex(*uid, *weight, predecessors.iter().copied());
        }
        builder.build().expect("a sound graph")
    }

    fn diamond() -> Dag<u64> {
        let rows: [(&str, u64, &[&str]); 5] = [
            ("d", 1, &["b", "c"]),
            ("b", 5, &["a"]),
            ("c", 2, &["a"]),
            ("a", 3, &[]),
            ("e", 7, &[]),
        ];
        graph(&rows)
    }

    #[test]
    fn the_heaviest_way_to_an_end_counts() {
        let dag = diamond();
        assert_eq!(dag.critical_paths(|it| dag[it]), [1, 6, 3, 9, 7]);
        assert_eq!(dag.critical_paths(|_| 0), [0; 5]);
        assert_eq!(Dag::<()>::builder().build().expect("empty").critical_paths(|_| 1), [0; 0]);
    }

    #[test]
    fn what_was_met_is_neither_weighed_nor_visited_again() {
        let dag = diamond();
        let vertex = |uid: &str| dag.vertex(uid).expect("it exists");
        let mut paths = CriticalPaths::new(&dag);
        let mut check = |start: &str, expected: &[&str]| {
            let mut met = Vec::new();
            paths.measure(&dag, [vertex(start)], |reached| {
                met.extend(reached.iter().map(|&it| dag.uid(it)));
                reached.iter().map(|&it| dag[it]).collect()
            });
            assert_eq!(met, expected, "from {start}");
        };
        check("b", &["d", "b"]);
        check("a", &["c", "a"]);
        check("a", &[]);
        assert_eq!(paths.length(vertex("a")), Some(9));
        assert_eq!(paths.length(vertex("e")), None);
    }

    #[test]
    fn depth_does_not_matter_and_lengths_do_not_overflow() {
        let names: Vec<String> = (0..200_000).map(|it| it.to_string()).collect();
        let mut builder = Dag::builder();
        for (at, name) in names.iter().enumerate() {
            builder.add_vertex(name, (), at.checked_sub(1).map(|it| &names[it]));
        }
        let chain = builder.build().expect("a chain");
        assert_eq!(chain.critical_paths(|_| 1)[0], 200_000);
        assert_eq!(chain.critical_paths(|_| u64::MAX)[0], u64::MAX);
    }
}
