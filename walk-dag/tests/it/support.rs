//! Graphs as text, so that a test is an input and what is expected of it.

use walk_dag::{Dag, DagBuilder, DagError, Vertex};

/// No predecessors.
pub(crate) const NONE: [&str; 0] = [];

/// Describes `"b: a; a"`: vertex `b` depends on `a`, and `a` on nothing. The data are
/// the ids in capitals.
pub(crate) fn describe(text: &str) -> DagBuilder<String> {
    let mut builder = DagBuilder::new();
    for vertex in text.split(';').map(str::trim).filter(|it| !it.is_empty()) {
        let (uid, predecessors) = vertex.split_once(':').unwrap_or((vertex, ""));
        builder.add_vertex(uid, uid.to_uppercase(), predecessors.split_whitespace());
    }
    builder
}

pub(crate) fn try_graph(text: &str) -> Result<Dag<String>, DagError> {
    describe(text).build()
}

pub(crate) fn graph(text: &str) -> Dag<String> {
    try_graph(text).expect("a valid graph")
}

/// The inverse of [`graph`].
pub(crate) fn text<D>(dag: &Dag<D>) -> String {
    let vertex = |it| match dag.predecessors(it) {
        [] => dag.uid(it).to_owned(),
        predecessors => format!("{}: {}", dag.uid(it), uids(dag, predecessors)),
    };
    dag.vertices().map(vertex).collect::<Vec<_>>().join("; ")
}

pub(crate) fn uids<D>(dag: &Dag<D>, vertices: &[Vertex]) -> String {
    vertices.iter().map(|it| dag.uid(*it)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn order<D>(dag: &Dag<D>) -> String {
    uids(dag, dag.topological_order())
}

pub(crate) fn at<D>(dag: &Dag<D>, uid: &str) -> Vertex {
    dag.vertex(uid).expect("a vertex of the graph")
}
