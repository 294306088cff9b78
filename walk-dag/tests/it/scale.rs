//! D2 and D8 at size: nothing quadratic, nothing as deep as the graph.
//!
//! Tests run on threads with 2 MB of stack, so whatever recurses as deep as a graph
//! would abort here.

use walk_dag::{Dag, DagBuilder, DagError, Direction, Frontier, OnTagged, Vertex};

use crate::support::NONE;

/// Enough for anything quadratic to take minutes.
const LARGE: usize = 200_000;

fn vertices(count: usize, builder: &mut DagBuilder<()>) -> Vec<Vertex> {
    (0..count).map(|it| builder.add_vertex(it.to_string(), (), NONE)).collect()
}

/// A small generator of numbers that look random and are the same each time.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("below a usize")
    }
}

fn shuffle<T>(items: &mut [T], random: &mut impl FnMut(usize) -> usize) {
    for at in (1..items.len()).rev() {
        items.swap(at, random(at + 1));
    }
}

/// A graph in which neither the vertices nor the edges come in any useful order.
fn random_graph(count: usize, edges: usize) -> Dag<()> {
    let mut random = numbers(0x2545_f491_4f6c_dd1d);
    let mut builder = DagBuilder::with_capacity(count, edges);
    let mut order = vertices(count, &mut builder);
    shuffle(&mut order, &mut random);
    for _ in 0..edges {
        let to = 1 + random(count - 1);
        builder.add_edge(order[random(to)], order[to]);
    }
    builder.build().expect("edges follow the order")
}

fn chain(count: usize) -> DagBuilder<()> {
    let mut builder = DagBuilder::with_capacity(count, count);
    let vertices = vertices(count, &mut builder);
    // Against the order of insertion, which leaves nothing to guess.
    vertices.windows(2).for_each(|pair| builder.add_edge(pair[1], pair[0]));
    builder
}

fn walk<D>(dag: &Dag<D>) -> usize {
    let mut frontier = Frontier::new(dag);
    let mut visited = 0;
    while let Some(vertex) = frontier.next_ready() {
        frontier.complete(vertex);
        visited += 1;
    }
    visited
}

#[test]
fn d2_a_million_vertices_with_three_million_edges_in_random_order() {
    let dag = random_graph(1_000_000, 3_000_000);
    assert_eq!(dag.topological_order().len(), 1_000_000);
    assert_eq!(walk(&dag), 1_000_000);
}

#[test]
fn d2_a_chain_of_a_million() {
    let dag = chain(1_000_000).build().expect("a chain");
    assert!(dag.topological_order().iter().rev().eq(&dag.vertices().collect::<Vec<_>>()));
    assert_eq!(walk(&dag), 1_000_000);
}

#[test]
fn d1_a_cycle_through_everything() {
    let mut builder = chain(LARGE);
    builder.update_vertex((LARGE - 1).to_string(), None, ["0"]);
    let Err(DagError::Cycle { uids }) = builder.build() else { panic!("a cycle") };
    assert_eq!((uids.len(), uids[0].as_str(), uids[1].as_str()), (LARGE + 1, "0", "199999"));
}

#[test]
fn d1_a_short_cycle_in_a_large_graph_is_found() {
    let mut builder = random_graph(LARGE, 3 * LARGE).into_builder();
    for (uid, predecessor) in [("7", "late"), ("later", "7"), ("late", "later")] {
        builder.update_vertex(uid, None, [predecessor]);
    }
    builder.add_vertex("late", (), NONE);
    builder.add_vertex("later", (), NONE);
    let error = builder.build().expect_err("a cycle");
    assert_eq!(error.to_string(), "cycle detected: 7 -> later -> late -> 7");
}

/// All cycles go through all layers, but for a shorter one that the search would come
/// upon after some hundred million steps.
#[test]
fn d1_where_the_budget_ends_the_error_still_shows_a_cycle() {
    const LAYERS: usize = 100;
    const WIDTH: usize = 40;
    let mut builder = DagBuilder::new();
    let vertices = vertices(LAYERS * WIDTH, &mut builder);
    let layer = |it: usize| &vertices[it % LAYERS * WIDTH..][..WIDTH];
    for at in 0..LAYERS {
        for &from in layer(at) {
            for &to in layer(at + 1) {
                builder.add_edge(from, to);
            }
        }
    }
    builder.add_edge(layer(98)[0], layer(90)[0]);
    let Err(DagError::Cycle { uids }) = builder.build() else { panic!("a cycle") };
    assert_eq!(uids.len(), LAYERS + 1);
    assert_eq!((&*uids[0], uids.last()), ("0", uids.first()));
    for (at, uid) in uids.iter().enumerate() {
        let number: usize = uid.parse().expect("a number");
        assert_eq!(number / WIDTH, at % LAYERS, "{uids:?}");
    }
}

#[test]
fn operations_do_not_care_for_depth() {
    let dag = chain(LARGE).build().expect("a chain");
    let (first, last) = (dag.topological_order()[0], dag.topological_order()[LARGE - 1]);
    assert_eq!(dag.closure(last).len(), LARGE - 1);
    assert_eq!(dag.shortest_path(first, last).map(|it| it.len()), Some(LARGE));
    assert_eq!(dag.context(last), []);
    assert_eq!(dag.closure_along(first, Direction::Successors).len(), LARGE - 1);
    assert_eq!(dag.reversed().topological_order()[0], last);
    assert_eq!(dag.restricted_to(&[last]).len(), LARGE);
    assert_eq!(dag.merged(&dag).as_ref(), Ok(&dag));
    let ends = dag.pruned(|it| it != first && it != last, OnTagged::Refuse).expect("no tags");
    assert_eq!((ends.len(), ends.edge_count()), (2, 1));
    assert_eq!(dag.to_dot().lines().count(), 2 * LARGE + 2);
    assert_eq!(dag.to_mermaid().lines().count(), 2 * LARGE);
}

#[test]
fn d3_a_deep_graph_can_be_updated() {
    let mut dag = chain(LARGE).build().expect("a chain");
    let (first, last) = ((LARGE - 1).to_string(), "0");
    let error = dag.update_vertex(&first, None, [last]).expect_err("it closes a cycle");
    assert!(matches!(error, DagError::Cycle { uids } if uids.len() == LARGE + 1));
    dag.update_vertex(last, None, [&first]).expect("a shortcut");
    assert_eq!(dag.edge_count(), LARGE);
}

#[test]
fn a_tree_of_diamonds_does_not_explode() {
    let mut builder = DagBuilder::new();
    let vertices = vertices(301, &mut builder);
    for at in (0..300).step_by(3) {
        for side in [at + 1, at + 2] {
            builder.add_edge(vertices[at], vertices[side]);
            builder.add_edge(vertices[side], vertices[at + 3]);
        }
    }
    let tree = builder.build().expect("diamonds").to_tree();
    assert_eq!(tree.lines().count(), 401);
}
