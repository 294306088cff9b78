//! D6 and D7: graphs made from graphs.

use walk_dag::{Dag, DagError, OnTagged};

use crate::support::{at, describe, graph, order, text};

fn prune(dag: &Dag<String>, uids: &str, on_tagged: OnTagged) -> Result<Dag<String>, DagError> {
    dag.pruned(|it| uids.split_whitespace().any(|uid| uid == dag.uid(it)), on_tagged)
}

#[test]
fn d6_the_predecessors_of_a_pruned_vertex_are_inherited() {
    for (before, pruned, expected) in [
        ("a; b: a; c: b", "b", "a; c: a"),
        ("a; b: a; c: b", "a", "b; c: b"),
        ("a; b: a; c: b", "c", "a; b: a"),
        ("a; b: a; c: b", "a b", "c"),
        ("a; b: a; c: b", "a b c", ""),
        ("a; b: a; c: b; d: c", "b c", "a; d: a"),
        ("a1; a2; b: a1; c: b a2; d: c a1", "b c", "a1; a2; d: a1 a2"),
        // Two ways to the same vertex, in another order than that of insertion.
        ("d: b c; c: a; b: a; a", "b c", "d: a; a"),
        ("a; b; m: a b; x: m; y: m; z: m x", "m", "a; b; x: a b; y: a b; z: a b x"),
        (
            "a; b; c; d; e; f; g; m: a b c d e f g; x: m",
            "m",
            "a; b; c; d; e; f; g; x: a b c d e f g",
        ),
        ("a; b: a", "", "a; b: a"),
    ] {
        let result = prune(&graph(before), pruned, OnTagged::Refuse).expect("no tags");
        assert_eq!(text(&result), expected, "{before} without {pruned}");
    }
}

#[test]
fn d6_pruning_a_tagged_vertex_is_refused_unless_context_need_not_be_preserved() {
    let mut builder = describe("a; b: a; c: b");
    builder.add_tag("b", "inner");
    builder.add_tag("c", "outer");
    let dag = builder.build().expect("valid");
    let error = prune(&dag, "a b", OnTagged::Refuse).expect_err("b is tagged");
    assert_eq!(error, DagError::TaggedVertex { uid: "b".into(), tag: "inner".into() });
    assert_eq!(
        error.to_string(),
        "vertex `b` cannot be pruned: it has the tag `inner`, which others see as context"
    );
    let pruned = prune(&dag, "b", OnTagged::Prune).expect("allowed");
    assert_eq!(text(&pruned), "a; c: a");
    assert_eq!(pruned.tags().collect::<Vec<_>>(), [(at(&pruned, "c"), "outer")]);
    let pruned = prune(&dag, "a", OnTagged::Refuse).expect("a is not tagged");
    assert_eq!(pruned.tags().count(), 2);
}

#[test]
fn d6_data_go_with_their_vertices() {
    let pruned = prune(&graph("a; b: a; c: b"), "a", OnTagged::Refuse).expect("no tags");
    let data = pruned.vertices().map(|it| (pruned.uid(it), pruned[it].as_str()));
    assert_eq!(data.collect::<Vec<_>>(), [("b", "B"), ("c", "C")]);
}

#[test]
fn d7_reversed_turns_every_edge_and_keeps_the_rest() {
    let mut builder = describe("a; b: a; c: a b; d");
    builder.add_tag("b", "tag");
    let dag = builder.build().expect("valid");
    let reversed = dag.reversed();
    assert_eq!(text(&reversed), "a: b c; b: c; c; d");
    assert_eq!(order(&reversed), "c b a d");
    assert_eq!(reversed.tag(at(&reversed, "b")), Some("tag"));
    assert_eq!(reversed[at(&reversed, "c")], "C");
    assert_eq!(reversed.reversed(), dag);
}

#[test]
fn d7_merged_unites_vertices_and_predecessors() {
    for (one, other, expected) in [
        ("b; a: b", "c; b: c; a: c", "b: c; a: b c; c"),
        ("a", "b", "a; b"),
        ("", "a; b: a", "a; b: a"),
        ("a; b: a", "", "a; b: a"),
        ("a; b: a", "b; c: b; a", "a; b: a; c: b"),
    ] {
        let merged = graph(one).merged(&graph(other)).expect("no cycle");
        assert_eq!(text(&merged), expected, "{one} with {other}");
    }
}

#[test]
fn d7_merged_is_refused_if_it_closes_a_cycle() {
    let error = graph("a; b: a").merged(&graph("b; c: b; a: c")).expect_err("a cycle");
    assert_eq!(error.to_string(), "cycle detected: a -> b -> c -> a");
}

#[test]
fn d7_merged_takes_data_and_tags_of_the_other_where_both_have_some() {
    let mut one = describe("a; b; c");
    let mut other = describe("b; c");
    other.update_vertex("b", Some("new".into()), [""; 0]);
    for (builder, uid, tag) in [(&mut one, "a", "1"), (&mut other, "b", "2")] {
        builder.add_tag(uid, tag);
        builder.add_tag("c", tag);
    }
    let one = one.build().expect("valid");
    let merged = one.merged(&other.build().expect("valid")).expect("no cycle");
    let (a, b, c) = (at(&merged, "a"), at(&merged, "b"), at(&merged, "c"));
    assert_eq!((&*merged[a], &*merged[b], &*merged[c]), ("A", "new", "C"));
    assert_eq!(merged.tags().collect::<Vec<_>>(), [(a, "1"), (b, "2"), (c, "2")]);
}

#[test]
fn d7_restricted_to_keeps_the_targets_and_what_they_depend_on() {
    let dag = graph("d: b c; c: a; b: a; a; e: d; f");
    for (targets, expected) in [
        ("d", "d: c b; c: a; b: a; a"),
        ("b", "b: a; a"),
        ("b f", "b: a; a; f"),
        ("f b b", "b: a; a; f"),
        ("e f", "d: c b; c: a; b: a; a; e: d; f"),
        ("", ""),
    ] {
        let targets: Vec<_> = targets.split_whitespace().map(|it| at(&dag, it)).collect();
        assert_eq!(text(&dag.restricted_to(&targets)), expected);
    }
    let part = dag.restricted_to(&[at(&dag, "c")]);
    assert_eq!(part[at(&part, "a")], "A");
}
