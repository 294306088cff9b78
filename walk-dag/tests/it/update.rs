//! D3: changing a graph that is built.

use walk_dag::DagError;

use crate::support::{NONE, at, graph, order, text, uids};

#[test]
fn d3_an_update_adds_predecessors_to_those_there_are() {
    let mut dag = graph("a; b: a; c");
    let b = dag.update_vertex("b", None, ["c", "a", "c"]).expect("valid");
    assert_eq!(b, at(&dag, "b"));
    assert_eq!(text(&dag), "a; b: a c; c");
    assert_eq!(uids(&dag, dag.successors(at(&dag, "c"))), "b");
    assert_eq!((order(&dag), dag.edge_count()), ("a c b".into(), 2));
}

#[test]
fn d3_an_update_replaces_the_data_only_if_given_some() {
    let mut dag = graph("a; b");
    dag.update_vertex("a", None, ["b"]).expect("valid");
    assert_eq!(dag[at(&dag, "a")], "A");
    dag.update_vertex("a", Some("new".into()), NONE).expect("valid");
    assert_eq!((dag[at(&dag, "a")].as_str(), text(&dag)), ("new", "a: b; b".into()));
}

#[test]
fn d3_an_update_that_closes_a_cycle_leaves_the_graph_as_it_was() {
    for (graph_before, uid, predecessors, expected) in [
        ("a: b; b", "b", vec!["a"], "b -> a -> b"),
        ("a; b", "a", vec!["b", "a"], "a -> a"),
        ("a; b: a; c: b; d", "a", vec!["d", "c"], "a -> b -> c -> a"),
        // The shortest one, whichever predecessor comes first.
        ("a; b: a; c: b; d: c", "a", vec!["d", "c", "b"], "a -> b -> a"),
        ("a; b: a; c: b a", "a", vec!["c"], "a -> c -> a"),
    ] {
        let mut dag = graph(graph_before);
        let before = dag.clone();
        let error = dag.update_vertex(uid, Some("new".into()), &predecessors);
        let error = error.expect_err("it closes a cycle").to_string();
        assert_eq!(error, format!("cycle detected: {expected}"), "{graph_before}");
        assert_eq!(dag, before);
        // Nor is there anything left that the next update would stumble over.
        dag.update_vertex(uid, None, NONE).expect("valid");
        assert_eq!(dag, before);
    }
}

#[test]
fn d3_a_graph_can_be_updated_again_after_a_refusal() {
    let mut dag = graph("a; b; c; d");
    dag.update_vertex("b", None, ["a"]).expect("valid");
    // Two of the three are fine, so they are added first and have to be taken back.
    dag.update_vertex("a", None, ["d", "c", "b"]).expect_err("it closes a cycle");
    dag.update_vertex("c", None, ["b"]).expect("valid");
    dag.update_vertex("a", None, ["c"]).expect_err("it closes a cycle");
    dag.update_vertex("a", None, ["d"]).expect("valid");
    assert_eq!(dag, graph("a: d; b: a; c: b; d"));
    assert_eq!(order(&dag), "d a b c");
}

#[test]
fn d3_an_update_names_what_does_not_exist() {
    let mut dag = graph("a; b");
    let before = dag.clone();
    assert_eq!(
        dag.update_vertex("c", None, ["a"]).err(),
        Some(DagError::UnknownVertex { uid: "c".into() })
    );
    assert_eq!(
        dag.update_vertex("a", Some("new".into()), ["b", "c"]).err(),
        Some(DagError::UnknownPredecessor { uid: "a".into(), predecessor: "c".into() })
    );
    assert_eq!(dag, before);
}
