//! The cases of e3's `main_test.py`, by their names.
//!
//! What e3 checks by adding to a graph is described and built here, and what it calls
//! `enable_checks=False` is a description that `build` refuses: a graph with a cycle in
//! it cannot be had, so nothing can hang on one.

use walk_dag::{ContextQuery, ContextTag, Dag, DagBuilder, DagError, Direction, Frontier};
use walk_dag::{OnTagged, Vertex};

use crate::support::{NONE, at, describe, graph, order, text, try_graph, uids};

#[test]
fn test_simple_dag() {
    assert_eq!(order(&graph("a; b; c")), "a b c");
}

#[test]
fn test_add_vertex() {
    // A predecessor that does not exist.
    assert!(matches!(try_graph("a: b"), Err(DagError::UnknownPredecessor { .. })));
    // The order of a simple dependency.
    assert_eq!(order(&graph("b; a: b")), "b a");
    // A vertex that exists already.
    assert!(matches!(try_graph("b; a: b; a"), Err(DagError::DuplicateVertex { .. })));

    // A new dependency.
    let mut dag = graph("b; a: b; c");
    dag.update_vertex("b", None, ["c"]).expect("valid");
    assert_eq!(dag.predecessors(at(&dag, "b")), [at(&dag, "c")]);
    assert_eq!(text(&dag), "b: c; a: b; c");
    assert_eq!(order(&dag), "c b a");

    // New data change neither order nor edges.
    dag.update_vertex("a", Some("data for a".into()), NONE).expect("valid");
    dag.update_vertex("c", Some("data for c, ".into()), NONE).expect("valid");
    let data = dag.topological_order().iter().map(|it| dag[*it].as_str());
    assert_eq!(data.collect::<String>(), "data for c, Bdata for a");
}

#[test]
fn test_cycle_detection() {
    let mut dag = graph("a; b");
    dag.update_vertex("a", None, ["b"]).expect("valid");
    let refused = dag.update_vertex("b", Some("new".into()), ["a"]);
    assert!(matches!(refused, Err(DagError::Cycle { .. })));
    // The update that was refused has no effect.
    assert_eq!((order(&dag).as_str(), dag[at(&dag, "b")].as_str()), ("b a", "B"));
    assert!(matches!(try_graph("a: b; b: a"), Err(DagError::Cycle { .. })));
    // What e3 asks of the graph with the cycle.
    assert_eq!(dag.closure(at(&dag, "a")), [at(&dag, "b")]);
    assert!(!dag.to_dot().is_empty());
}

#[test]
fn test_shortest_path() {
    let cycle = |text| match try_graph(text) {
        Err(DagError::Cycle { uids }) => uids.join(" "),
        other => format!("{other:?}"),
    };
    assert_eq!(cycle("a: b; b: a"), "a b a");
    assert_eq!(cycle("a: a"), "a a");
    let dag = graph("a; b: a; c: b; d: c a");
    let path = dag.shortest_path(at(&dag, "a"), at(&dag, "d"));
    assert_eq!(path, Some(vec![at(&dag, "a"), at(&dag, "d")]));
    assert_eq!(dag.shortest_path(at(&dag, "d"), at(&dag, "a")), None);
}

#[test]
fn test_dag_merge() {
    let merged = graph("b; a: b").merged(&graph("c; b: c; a: c")).expect("valid");
    assert_eq!(order(&merged), "c b a");
}

#[test]
fn test_dag_len() {
    assert_eq!(graph("a: b; b").len(), 2);
}

#[test]
fn test_dag_str() {
    assert!(!format!("{:?}", graph("a: b; b")).is_empty());
}

#[test]
fn test_iter_with_busy_state() {
    let dag = graph("a; b: a");
    let mut frontier = Frontier::new(&dag);
    let mut visited = Vec::new();
    while !frontier.is_done() {
        match frontier.next_ready() {
            Some(vertex) if vertex == at(&dag, "b") => {
                visited.push(vertex);
                frontier.complete(vertex);
            }
            Some(vertex) => visited.push(vertex),
            // `b` is not ready while `a` is busy.
            None => frontier.complete(at(&dag, "a")),
        }
    }
    assert_eq!(uids(&dag, &visited), "a b");
}

#[test]
fn test_inexisting() {
    let mut dag = graph("a");
    assert!(dag.vertex("a").is_some());
    let refused = dag.update_vertex("a", Some("NOT B".into()), ["b"]);
    assert!(matches!(refused, Err(DagError::UnknownPredecessor { .. })));
    assert!(dag.vertex("b").is_none());
    // With the checks that e3 leaves out there is no change to see.
    assert_eq!(dag[at(&dag, "a")], "A");
    let mut unchecked = describe("a");
    unchecked.update_vertex("a", Some("NOT B".into()), ["b"]);
    assert!(matches!(unchecked.build(), Err(DagError::UnknownPredecessor { .. })));
}

#[test]
fn test_cycle() {
    let error = try_graph("a: b; b: c; c: b").expect_err("a cycle");
    assert_eq!(error.to_string(), "cycle detected: b -> c -> b");
}

#[test]
fn test_reverse_dag() {
    let dag = graph("a; b: a; c: b; d: c");
    assert_eq!(order(&dag), "a b c d");
    assert_eq!(order(&dag.reversed()), "d c b a");
}

#[test]
fn test_dot() {
    assert!(graph("a; b: a").to_dot().contains(r#""b" -> "a""#));
}

#[test]
fn test_pruned_dag() {
    let mut builder = describe("a; a1; a2; b: a a1; c: b a2; d: c");
    builder.add_tag("d", "tag");
    let mut dag = builder.build().expect("valid");
    let b_and_c = |dag: &Dag<String>, it: Vertex| ["b", "c"].contains(&dag.uid(it));

    let pruned = dag.pruned(|it| b_and_c(&dag, it), OnTagged::Refuse).expect("neither is tagged");
    assert_eq!(text(&pruned), "a; a1; a2; d: a a1 a2");
    assert_eq!(pruned.tag(at(&pruned, "d")), Some("tag"));

    // With a tag on `b`, removing it would change the context of others.
    dag.add_tag(at(&dag, "b"), "b tag");
    let refused = dag.pruned(|it| b_and_c(&dag, it), OnTagged::Refuse);
    assert!(matches!(refused, Err(DagError::TaggedVertex { .. })));

    // Unless the context need not be preserved; other tags stay.
    let pruned = dag.pruned(|it| b_and_c(&dag, it), OnTagged::Prune).expect("allowed");
    assert_eq!(pruned.tag(at(&pruned, "d")), Some("tag"));
}

/// The graph is this one, with a star at what is tagged.
///
/// ```text
///        A
///       / \
///      B   C*
///     / \ /
///    D*  E
///   / \ / \
///  F   G   H*
/// ```
#[test]
fn test_tagged_dag() {
    let mut builder: DagBuilder<String> =
        describe("a; b: a; c: a; d: b; e: b c; f: d; g: d e; h: e");
    for uid in ["c", "d", "h"] {
        builder.add_tag(uid, format!("tag{uid}"));
    }
    let dag = builder.build().expect("valid");
    for (uid, tag) in
        [("a", None), ("b", None), ("c", Some("tagc")), ("e", None), ("h", Some("tagh"))]
    {
        assert_eq!(dag.tag(at(&dag, uid)), tag);
    }
    let show = |it: &ContextTag<'_>| format!("{} {} {}", it.distance, dag.uid(it.vertex), it.tag);
    let context = |uid, query| {
        let context = dag.context_where(at(&dag, uid), query);
        context.iter().map(show).collect::<Vec<_>>().join(", ")
    };

    let up = ContextQuery::default();
    let down = ContextQuery { direction: Direction::Successors, ..up };
    for (uid, query, expected) in [
        ("d", up, "0 d tagd"),
        ("g", up, "1 d tagd, 2 c tagc"),
        ("f", up, "1 d tagd"),
        ("b", up, ""),
        ("a", up, ""),
        ("c", up, "0 c tagc"),
        ("e", up, "1 c tagc"),
        ("h", up, "0 h tagh"),
        ("e", down, "1 h tagh"),
        ("h", down, "0 h tagh"),
        ("a", down, "1 c tagc, 2 d tagd, 3 h tagh"),
        ("a", ContextQuery { max_distance: 2, ..down }, "1 c tagc, 2 d tagd"),
        ("a", ContextQuery { max_element: 2, ..down }, "1 c tagc, 2 d tagd"),
    ] {
        assert_eq!(context(uid, query), expected, "{uid} {query:?}");
    }
}
