//! The cases of e3's `tree_test.py`, by their names.
//!
//! e3 repeats whatever is reached twice, so these ask for `Repeats::Expand`.

use walk_dag::{Dag, DagBuilder, Repeats};

use crate::support::{NONE, graph};

fn tree(text: &str) -> String {
    let dag = graph(text);
    dag.to_tree_with(Repeats::Expand, |vertex| dag.uid(vertex).into())
}

#[test]
fn test_empty_tree() {
    assert_eq!(tree(""), "");
}

#[test]
fn test_single_node_tree() {
    assert_eq!(tree("foo"), "foo");
}

#[test]
fn test_multi_node_tree() {
    insta::assert_snapshot!(tree("foo; bar: foo; baz: foo bar; baf: baz bar"), @r"
    foo
    ├── bar
    │   ├── baf
    │   └── baz
    │       └── baf
    └── baz
        └── baf
    ");
}

/// The key of a name in e3 is a function here; a key that does not exist would not
/// compile.
#[test]
fn test_name_key_tree() {
    struct Named {
        name: &'static str,
    }
    let mut builder: DagBuilder<Named> = Dag::builder();
    builder.add_vertex("foo1", Named { name: "foo-one" }, NONE);
    builder.add_vertex("foo2", Named { name: "foo-two" }, ["foo1"]);
    builder.add_vertex("foo3", Named { name: "foo-three" }, ["foo2"]);
    let dag = builder.build().expect("valid");
    let tree = dag.to_tree_with(Repeats::Expand, |vertex| dag[vertex].name.into());
    assert_eq!(tree, "foo-one\n└── foo-two\n    └── foo-three");
}
