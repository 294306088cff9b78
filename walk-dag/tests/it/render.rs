//! D4 for what is drawn: Graphviz, Mermaid and trees.

use walk_dag::Repeats;

use crate::support::graph;

#[test]
fn dot_shows_vertices_then_edges_to_predecessors() {
    insta::assert_snapshot!(graph("a; b: a; c: b a").to_dot(), @r#"
    digraph G {
    rankdir="LR";
    "a"
    "b"
    "c"
    "b" -> "a"
    "c" -> "a"
    "c" -> "b"
    }
    "#);
}

#[test]
fn mermaid_shows_vertices_then_edges_to_predecessors() {
    insta::assert_snapshot!(graph("a; b: a; c: b a").to_mermaid(), @r#"
    flowchart LR
        v0["a"]
        v1["b"]
        v2["c"]
        v1 --> v0
        v2 --> v0
        v2 --> v1
    "#);
}

#[test]
fn ids_that_mean_something_to_a_format_are_escaped() {
    let mut builder = walk_dag::Dag::builder();
    builder.add_vertex("a \"b\" \\ <c>\n#", (), [""; 0]);
    let dag = builder.build().expect("valid");
    assert!(dag.to_dot().contains(r#""a \"b\" \\ <c>\n#""#));
    assert!(dag.to_mermaid().contains("v0[\"a #34;b#34; \\ #60;c#62;#10;#35;\"]"));
}

#[test]
fn a_tree_shows_what_is_below_a_vertex_once() {
    insta::assert_snapshot!(graph("a; b: a; c: a; d: b c; e: d; f: c b").to_tree(), @r"
    a
    ├── b
    │   ├── d
    │   │   └── e
    │   └── f
    └── c
        ├── d (*)
        └── f
    ");
}

#[test]
fn a_tree_starts_from_every_vertex_that_depends_on_nothing() {
    insta::assert_snapshot!(graph("x: b a; b; y: x; a; alone").to_tree(), @r"
    b
    └── x
        └── y
    a
    └── x (*)
    alone
    ");
}

#[test]
fn a_tree_can_be_expanded_and_labelled() {
    let dag = graph("a; b: a; c: a; d: b c; e: d");
    let tree = dag.to_tree_with(Repeats::Expand, |it| format!("<{}>", dag[it]).into());
    insta::assert_snapshot!(tree, @r"
    <A>
    ├── <B>
    │   └── <D>
    │       └── <E>
    └── <C>
        └── <D>
            └── <E>
    ");
}
