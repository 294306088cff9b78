//! D5, and the other questions: closures and shortest paths.

use walk_dag::{ContextQuery, Dag, Direction};

use crate::support::{at, describe, graph, uids};

/// Describes a graph in which the vertices with a capital letter are tagged with it.
fn tagged(text: &str) -> Dag<String> {
    let mut builder = describe(text);
    let words = text.split([';', ':', ' ']).filter(|it| it.starts_with(char::is_uppercase));
    words.for_each(|uid| builder.add_tag(uid, uid.to_lowercase()));
    builder.build().expect("valid")
}

fn show(dag: &Dag<String>, uid: &str, query: ContextQuery) -> String {
    let context = dag.context_where(at(dag, uid), query);
    let tags = context.iter().map(|it| {
        assert_eq!(dag.uid(it.vertex).to_lowercase(), it.tag);
        format!("{} {}", it.distance, dag.uid(it.vertex))
    });
    tags.collect::<Vec<_>>().join(", ")
}

fn check(graph: &str, uid: &str, expected: &str) {
    assert_eq!(show(&tagged(graph), uid, ContextQuery::default()), expected, "{uid} in {graph}");
}

#[test]
fn d5_the_nearest_tag_on_every_branch() {
    check("A; b: A; C: A; d: b; E: b; f: C", "d", "2 A");
    check("A; b: A; C: A; d: b; E: b; f: C", "f", "1 C");
    check("A; B; c: A; d: B; e: c d", "e", "2 A, 2 B");
    check("a; b: a", "b", "");
}

#[test]
fn d5_a_tagged_vertex_is_its_own_context() {
    check("A; B: A", "B", "0 B");
}

#[test]
fn d5_a_tag_hides_what_is_behind_it_but_not_what_is_reached_around_it() {
    check("A; B: A; c: B", "c", "1 B");
    check("A; B: A; c: A; d: B c", "d", "1 B, 2 A");
    check("A; B: A; c: B A", "c", "1 A, 1 B");
}

#[test]
fn d5_distance_and_number_can_be_limited_and_the_direction_turned() {
    let dag = tagged("top; C: top; b: top; D: b; e: b C; H: e");
    let down = ContextQuery { direction: Direction::Successors, ..ContextQuery::default() };
    assert_eq!(show(&dag, "top", down), "1 C, 2 D, 3 H");
    for (max, distances, elements) in [
        (0, "", ""),
        (1, "1 C", "1 C"),
        (2, "1 C, 2 D", "1 C, 2 D"),
        (3, "1 C, 2 D, 3 H", "1 C, 2 D, 3 H"),
    ] {
        assert_eq!(show(&dag, "top", ContextQuery { max_distance: max, ..down }), distances);
        assert_eq!(show(&dag, "top", ContextQuery { max_element: max, ..down }), elements);
    }
}

#[test]
fn d5_d4_equally_near_tags_come_in_the_order_of_insertion() {
    check("Z; Y; X; a: X; b: Y; c: Z; d: a b c", "d", "2 Z, 2 Y, 2 X");
    let dag = tagged("Z; Y; X; d: X Y Z");
    let two = ContextQuery { max_element: 2, ..ContextQuery::default() };
    assert_eq!(show(&dag, "d", two), "1 Z, 1 Y");
}

#[test]
fn tags_can_be_read_added_and_replaced() {
    let mut dag = tagged("B; a: B");
    let (a, b) = (at(&dag, "a"), at(&dag, "B"));
    assert_eq!((dag.tag(a), dag.tag(b)), (None, Some("b")));
    dag.add_tag(a, "first");
    dag.add_tag(a, "second");
    assert_eq!(dag.tags().collect::<Vec<_>>(), [(b, "b"), (a, "second")]);
}

#[test]
fn the_closure_is_all_that_a_vertex_depends_on() {
    let dag = graph("d: c b; c: a; b: a; a; e: d");
    for (uid, up, down) in
        [("d", "c b a", "e"), ("a", "", "d c b e"), ("c", "a", "d e"), ("e", "d c b a", "")]
    {
        assert_eq!(uids(&dag, &dag.closure(at(&dag, uid))), up);
        let successors = dag.closure_along(at(&dag, uid), Direction::Successors);
        assert_eq!(uids(&dag, &successors), down);
    }
}

#[test]
fn the_shortest_path_goes_from_predecessor_to_successor() {
    let dag = graph("a; b: a; c: b; d: c a; e; f: b c");
    for (source, target, expected) in [
        ("a", "d", Some("a d")),
        ("a", "c", Some("a b c")),
        ("a", "f", Some("a b f")),
        ("d", "a", None),
        ("a", "e", None),
        ("a", "a", None),
    ] {
        let path = dag.shortest_path(at(&dag, source), at(&dag, target));
        assert_eq!(path.map(|it| uids(&dag, &it)).as_deref(), expected, "{source} {target}");
    }
}

#[test]
fn d4_of_equally_short_paths_the_one_of_the_first_vertices() {
    let dag = graph("a; z: a; b: a; x: b z; w: b; end: w x");
    let path = dag.shortest_path(at(&dag, "a"), at(&dag, "end")).expect("a path");
    assert_eq!(uids(&dag, &path), "a z x end");
}
