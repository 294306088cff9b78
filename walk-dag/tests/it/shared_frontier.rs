//! D8 for many threads: what can be visited now, and what is below a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use walk_dag::{Dag, SharedFrontier, Vertex};

use crate::support::{NONE, at, graph, uids};

fn ready<D>(dag: &Dag<D>, frontier: &SharedFrontier<'_>) -> String {
    uids(dag, &frontier.ready().collect::<Vec<_>>())
}

/// Ends a vertex, and returns the ids of those that become ready by that.
fn end(dag: &Dag<String>, frontier: &SharedFrontier<'_>, uid: &str, is_failure: bool) -> String {
    let mut told = Vec::new();
    let vertex = at(dag, uid);
    if is_failure {
        frontier.fail(vertex, |it| told.push(it));
    } else {
        frontier.complete(vertex, |it| told.push(it));
    }
    uids(dag, &told)
}

#[test]
fn d8_who_ends_the_last_predecessor_is_told() {
    let dag = graph("d: b c; a; b: a; c: a; e");
    let frontier = SharedFrontier::new(&dag);
    assert_eq!(ready(&dag, &frontier), "a e");
    assert_eq!(end(&dag, &frontier, "a", false), "b c");
    assert_eq!(end(&dag, &frontier, "c", false), "");
    assert_eq!(ready(&dag, &frontier), "b e");
    assert_eq!(end(&dag, &frontier, "b", false), "d");
    assert_eq!(
        (frontier.has_ended(at(&dag, "b")), frontier.has_ended(at(&dag, "d"))),
        (true, false)
    );
}

#[test]
fn d8_what_is_below_a_failure_is_blocked() {
    let dag = graph("a; b; c: a b; d: b; e: c");
    for order in [["a", "b"], ["b", "a"]] {
        let frontier = SharedFrontier::new(&dag);
        let told: Vec<_> = order.iter().map(|it| end(&dag, &frontier, it, *it == "a")).collect();
        assert_eq!(told.concat().split(' ').collect::<String>().len(), 2, "c and d: {told:?}");
        let is_blocked = |uid| frontier.is_blocked(at(&dag, uid));
        assert_eq!(["a", "b", "c", "d", "e"].map(is_blocked), [false, false, true, false, false]);
        assert_eq!(end(&dag, &frontier, "c", true), "e");
        assert!(is_blocked("e"));
    }
}

#[test]
fn d8_ending_what_is_not_ready_panics() {
    let dag = graph("a; b: a");
    let frontier = SharedFrontier::new(&dag);
    let refused = |uid| {
        let attempt = catch_unwind(AssertUnwindSafe(|| frontier.complete(at(&dag, uid), |_| ())));
        attempt.expect_err("it is refused")
    };
    refused("b");
    frontier.complete(at(&dag, "a"), |_| ());
    refused("a");
}

/// Two threads end the two halves of what one vertex depends on: one of them is told.
#[test]
fn d8_of_many_threads_one_is_told() {
    let uids: Vec<String> = (0..200).map(|it| format!("v{it}")).collect();
    let mut builder = Dag::builder();
    for uid in &uids {
        builder.add_vertex(uid, (), NONE);
    }
    builder.add_vertex("last", (), &uids);
    let dag = builder.build().expect("no cycle");
    let frontier = SharedFrontier::new(&dag);
    let (told, ready) = (Mutex::new(Vec::new()), frontier.ready().collect::<Vec<Vertex>>());
    std::thread::scope(|scope| {
        for half in ready.chunks(100) {
            let (frontier, told) = (&frontier, &told);
            let tell = |it| told.lock().expect("nobody panics").push(it);
            scope.spawn(move || half.iter().for_each(|it| frontier.complete(*it, tell)));
        }
    });
    assert_eq!(told.into_inner().expect("nobody panics"), [at(&dag, "last")]);
}
