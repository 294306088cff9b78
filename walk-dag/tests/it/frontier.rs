//! D8: what can be visited now.

use std::panic::{AssertUnwindSafe, catch_unwind};

use walk_dag::{Dag, Frontier, Vertex};

use crate::support::{at, graph, order, uids};

fn ready<D>(dag: &Dag<D>, frontier: &mut Frontier<'_>) -> String {
    let ready: Vec<Vertex> = std::iter::from_fn(|| frontier.next_ready()).collect();
    uids(dag, &ready)
}

#[test]
fn d8_a_vertex_is_handed_out_when_all_its_predecessors_are_completed() {
    let dag = graph("d: b c; a; b: a; c: a; e");
    let mut frontier = Frontier::new(&dag);
    assert_eq!(ready(&dag, &mut frontier), "a e");
    frontier.complete(at(&dag, "a"));
    assert_eq!(ready(&dag, &mut frontier), "b c");
    frontier.complete(at(&dag, "c"));
    assert_eq!(ready(&dag, &mut frontier), "");
    frontier.complete(at(&dag, "b"));
    assert_eq!(ready(&dag, &mut frontier), "d");
    assert_eq!((frontier.is_done(), frontier.remaining()), (false, 2));
    frontier.complete(at(&dag, "e"));
    frontier.complete(at(&dag, "d"));
    assert_eq!((frontier.is_done(), frontier.remaining()), (true, 0));
    assert_eq!(frontier.next_ready(), None);
}

#[test]
fn d4_the_ready_come_in_the_order_of_insertion_whatever_completed_first() {
    let dag = graph("y: b; x: a; a; b; z: a");
    for completed in [["a", "b"], ["b", "a"]] {
        let mut frontier = Frontier::new(&dag);
        assert_eq!(ready(&dag, &mut frontier), "a b");
        for uid in completed {
            frontier.complete(at(&dag, uid));
        }
        assert_eq!(ready(&dag, &mut frontier), "y x z");
    }
}

#[test]
fn d4_completing_at_once_gives_the_topological_order() {
    let dag = graph("f: e; e: c; d; c: a; b; a");
    let mut frontier = Frontier::new(&dag);
    let mut visited = Vec::new();
    while let Some(vertex) = frontier.next_ready() {
        visited.push(vertex);
        frontier.complete(vertex);
    }
    assert_eq!(uids(&dag, &visited), order(&dag));
}

#[test]
fn d8_completing_what_is_not_being_visited_panics() {
    let dag = graph("a; b: a");
    let mut frontier = Frontier::new(&dag);
    let panics = |frontier: &mut Frontier<'_>, uid| {
        catch_unwind(AssertUnwindSafe(|| frontier.complete(at(&dag, uid)))).is_err()
    };
    assert!(panics(&mut frontier, "a"), "not handed out");
    assert!(panics(&mut frontier, "b"), "not ready");
    let a = frontier.next_ready().expect("a");
    frontier.complete(a);
    assert!(panics(&mut frontier, "a"), "completed already");
}

#[test]
fn the_frontier_of_nothing_is_done() {
    let dag = graph("");
    let mut frontier = Frontier::new(&dag);
    assert!(frontier.is_done());
    assert_eq!(frontier.next_ready(), None);
}
