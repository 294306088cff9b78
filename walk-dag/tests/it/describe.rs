//! D1, D2 and D4: what a description may say and what is wrong with it.

use walk_dag::{Dag, DagBuilder, DagError, Vertex};

use crate::support::{NONE, at, describe, graph, order, text, try_graph, uids};

fn check_error(description: &str, expected: &str) {
    assert_eq!(try_graph(description).expect_err(description).to_string(), expected);
}

#[test]
fn d1_a_duplicate_id_is_named() {
    check_error("a; b; a; b", "vertex `a` is defined twice; each vertex needs an id of its own");
    let error = try_graph("a: missing; a").expect_err("taken");
    assert_eq!(error, DagError::DuplicateVertex { uid: "a".into() });
}

#[test]
fn d1_a_predecessor_that_does_not_exist_is_named() {
    check_error(
        "a; b: a c; c1: d",
        "vertex `b` depends on `c`, which is not a vertex of the graph",
    );
}

#[test]
fn d1_a_cycle_is_printed_whole_and_the_shortest_first() {
    for (description, expected) in [
        ("a: a", "a -> a"),
        ("a: b; b: a", "a -> b -> a"),
        ("a: c; b: a; c: b", "a -> b -> c -> a"),
        // What leads to a cycle and what follows from one is not part of it.
        ("before; a: b before; b: a; after: b; later: after", "a -> b -> a"),
        // Between two cycles that a path joins.
        ("a: c; b: a; c: b; on: c; x: y on; y: x", "x -> y -> x"),
        // A short one inside a long one.
        ("a: e; b: a; c: b e; d: c; e: d", "c -> d -> e -> c"),
        ("a: c; b: a; c: b; z: z", "z -> z"),
        // Of two that are equally short, the one of the vertex that was added first.
        ("p: q; q: p; a: b; b: a", "p -> q -> p"),
        // It starts from the vertex that was added first.
        ("c: b; b: a; a: c", "c -> a -> b -> c"),
    ] {
        check_error(description, &format!("cycle detected: {expected}"));
    }
}

#[test]
fn d1_the_ids_of_a_cycle_are_there_for_programs_too() {
    let uids = ["a", "b", "a"].map(String::from).to_vec();
    assert_eq!(try_graph("a: b; b: a").err(), Some(DagError::Cycle { uids }));
}

#[test]
fn d1_an_edge_to_a_vertex_of_another_builder_is_refused() {
    let mut large = describe("a; b; c");
    let foreign = large.add_vertex("d", String::new(), NONE);
    let mut small = describe("");
    let own = small.add_vertex("a", String::new(), NONE);
    small.add_edge(foreign, own);
    let error = small.build().expect_err("there is no such vertex");
    assert_eq!(error, DagError::ForeignVertex { index: 3, vertices: 1 });
    assert_eq!(error.to_string(), "an edge names vertex number 3, but the graph has 1 vertices");
}

#[test]
fn d1_what_is_updated_or_tagged_must_exist() {
    let expected = DagError::UnknownVertex { uid: "b".into() };
    let mut builder = describe("a");
    builder.add_tag("b", "tag");
    assert_eq!(builder.build().err(), Some(expected.clone()));
    let mut builder = describe("a");
    builder.update_vertex("b", None, NONE);
    assert_eq!(builder.build().err(), Some(expected));
}

#[test]
fn d2_predecessors_may_be_added_before_or_after() {
    for description in ["a; b: a; c: a b", "c: a b; b: a; a", "b: a; c: b a; a"] {
        assert_eq!(order(&graph(description)), "a b c", "{description}");
    }
}

#[test]
fn d2_edges_by_name_and_by_vertex_are_the_same() {
    let mut builder = describe("a; b: a");
    let c = builder.add_vertex("c", String::new(), ["a"]);
    let d = builder.add_vertex("d", String::new(), NONE);
    builder.add_edge(d, c);
    assert_eq!(text(&builder.build().expect("valid")), "a; b: a; c: a d; d");
}

#[test]
fn d2_a_repeated_edge_is_one_edge() {
    let mut builder = describe("a; b: a a");
    let c = builder.add_vertex("c", String::new(), ["a", "b", "a"]);
    let d = builder.add_vertex("d", String::new(), ["c"]);
    builder.add_edge(c, d);
    builder.add_edge(c, d);
    let dag = builder.build().expect("valid");
    assert_eq!(text(&dag), "a; b: a; c: a b; d: c");
    assert_eq!(uids(&dag, dag.successors(at(&dag, "a"))), "b c");
    assert_eq!(dag.edge_count(), 4);
}

#[test]
fn d2_updates_and_tags_of_a_description_may_come_before_the_vertex() {
    let mut builder = DagBuilder::new();
    builder.update_vertex("b", Some("new"), ["a"]);
    builder.update_vertex("b", None, ["c"]);
    builder.add_tag("b", "old tag");
    builder.add_tag("b", "tag");
    for uid in ["b", "a", "c"] {
        builder.add_vertex(uid, "old", NONE);
    }
    let dag = builder.build().expect("valid");
    assert_eq!(text(&dag), "b: a c; a; c");
    assert_eq!((dag[at(&dag, "b")], dag[at(&dag, "a")]), ("new", "old"));
    assert_eq!(dag.tag(at(&dag, "b")), Some("tag"));
}

#[test]
fn d4_the_order_of_describing_edges_does_not_show() {
    let edges = [(0, 3), (1, 3), (2, 3), (0, 1)];
    let build = |edges: &[(usize, usize)]| {
        let mut builder = DagBuilder::with_capacity(4, edges.len());
        let vertices: Vec<Vertex> =
            ["a", "b", "c", "d"].map(|uid| builder.add_vertex(uid, (), NONE)).to_vec();
        for &(from, to) in edges {
            builder.add_edge(vertices[from], vertices[to]);
        }
        builder.build().expect("valid")
    };
    let mut turned = edges;
    turned.reverse();
    assert_eq!(build(&edges), build(&turned));
    assert_eq!(text(&build(&turned)), "a; b: a; c; d: a b c");
}

#[test]
fn d4_the_order_is_that_of_insertion_wherever_there_is_a_choice() {
    for (description, expected) in [
        ("a; b; c", "a b c"),
        ("c; b; a", "c b a"),
        ("z: c; c; b; a: b", "c z b a"),
        ("d: b c; c: a; b: a; a", "a c b d"),
    ] {
        assert_eq!(order(&graph(description)), expected, "{description}");
    }
}

#[test]
fn what_was_described_can_be_read_back() {
    let mut dag = graph("a; b: a");
    let (a, b) = (at(&dag, "a"), at(&dag, "b"));
    assert_eq!((a.index(), b.index()), (0, 1));
    assert_eq!((dag.uid(b), dag[b].as_str()), ("b", "B"));
    assert_eq!(dag.vertex("c"), None);
    assert_eq!((dag.len(), dag.is_empty(), dag.edge_count()), (2, false, 1));
    assert_eq!(dag.vertices().collect::<Vec<_>>(), [a, b]);
    dag[b].push('!');
    assert_eq!(dag[b], "B!");
}

#[test]
fn graphs_that_differ_in_anything_are_not_equal() {
    let mut data = graph("a; b: a");
    data[at(&graph("a"), "a")].push('!');
    let mut tags = graph("a; b: a");
    tags.add_tag(at(&tags, "a"), "tag");
    for other in [graph("a; c: a"), graph("a; b"), graph("a: b; b"), graph("b: a; a"), data, tags] {
        assert_ne!(graph("a; b: a"), other);
    }
}

#[test]
fn nothing_is_a_graph_too() {
    let dag = Dag::<()>::builder().build().expect("valid");
    assert!(dag.is_empty());
    assert_eq!(dag.topological_order(), []);
    assert_eq!(dag.vertex(""), None);
    assert_eq!(dag.reversed(), dag);
}

#[test]
fn a_graph_turned_into_a_builder_and_built_again_is_the_same() {
    let mut builder = describe("c: b; b; a: b c");
    builder.add_tag("b", "tag");
    assert_eq!(builder.len(), 3);
    let dag = builder.build().expect("valid");
    assert_eq!(dag.clone().into_builder().build(), Ok(dag));
}
