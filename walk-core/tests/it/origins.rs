//! Where failures begin (F4).

use walk_core::{SkipReason, Vertex};

use crate::fixture::{TestWalk, dag};

/// F4: the reason names the failed predecessors and the origins of the failure.
#[test]
fn origins_are_traced_through_a_diamond() {
    let dag = dag(&[
        ("x.bad", &[]),
        ("y.bad", &[]),
        ("ok", &[]),
        ("left", &["x.bad", "ok"]),
        ("right", &["y.bad"]),
        ("end", &["left", "right"]),
    ]);
    let report = TestWalk::simple().walk(&dag);
    let check = |uid: &str, expected: &str| {
        let skipped = report.action(uid).and_then(|it| it.skipped.as_ref()).expect("it is skipped");
        assert_eq!(skipped.describe(&dag), expected);
    };
    check("left", "`x.bad` failed");
    check("end", "`left`, `right` failed, because of `x.bad`, `y.bad`");
}

/// F4: one list is shared by a chain of 100,000 below one failure.
#[test]
fn origins_stay_linear_in_memory_on_a_long_chain() {
    let mut builder = walk_core::Dag::builder();
    let mut last = builder.add_vertex("0.bad", (), [""; 0]);
    for number in 1..100_000 {
        let next = builder.add_vertex(number.to_string(), (), [""; 0]);
        builder.add_edge(last, next);
        last = next;
    }
    let dag = builder.build().expect("a chain");
    let report = TestWalk::simple().walk(&dag);
    let lists: Vec<*const Vertex> = report
        .actions()
        .iter()
        .filter_map(|it| match &it.skipped {
            Some(SkipReason::FailedPredecessors { origins, .. }) => Some(origins.as_ptr()),
            _ => None,
        })
        .collect();
    assert_eq!(lists.len(), 99_999);
    assert!(lists.iter().all(|&it| it == lists[0]), "every action holds the same list");
}
