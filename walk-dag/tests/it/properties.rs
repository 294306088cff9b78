//! What holds for every graph, tried on thousands of random ones against models that
//! are too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use walk_dag::{Dag, DagBuilder, DagError, Direction, Frontier, OnTagged, Vertex};

use crate::support::{NONE, at};

/// Edges between at most 12 vertices, from predecessor to successor.
type Edges = Vec<(usize, usize)>;

/// Some vertices and edges of any kind, cycles and repeats included.
fn any_edges() -> impl Strategy<Value = (usize, Edges)> {
    (1..12_usize).prop_flat_map(|count| (Just(count), vec((0..count, 0..count), 0..24)))
}

/// Edges along a random order of the vertices, so without a cycle.
fn acyclic_edges() -> impl Strategy<Value = (usize, Edges)> {
    any_edges().prop_flat_map(|(count, edges)| {
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(count), Just(edges), order).prop_map(|(count, edges, order)| {
            let edges = edges.into_iter().filter(|(from, to)| from != to);
            let forward = edges.map(|(from, to)| (order[from.min(to)], order[from.max(to)]));
            (count, forward.collect())
        })
    })
}

fn any_dag() -> impl Strategy<Value = Dag<usize>> {
    acyclic_edges().prop_map(|(count, edges)| build(count, &edges).expect("acyclic"))
}

fn build(count: usize, edges: &[(usize, usize)]) -> Result<Dag<usize>, DagError> {
    let mut builder = DagBuilder::with_capacity(count, edges.len());
    let vertices: Vec<Vertex> =
        (0..count).map(|it| builder.add_vertex(it.to_string(), it, NONE)).collect();
    for &(from, to) in edges {
        builder.add_edge(vertices[from], vertices[to]);
    }
    builder.build()
}

/// All pairs such that the second can be reached from the first, with the distance.
fn distances(count: usize, edges: &[(usize, usize)]) -> BTreeMap<(usize, usize), usize> {
    let mut distances: BTreeMap<_, _> = edges.iter().map(|&edge| (edge, 1)).collect();
    for over in 0..count {
        for from in 0..count {
            for to in 0..count {
                let leg = |from, to| distances.get(&(from, to)).copied();
                if let (Some(first), Some(second)) = (leg(from, over), leg(over, to)) {
                    let known = distances.entry((from, to)).or_insert(usize::MAX);
                    *known = (*known).min(first + second);
                }
            }
        }
    }
    distances
}

fn edges<D>(dag: &Dag<D>) -> Edges {
    let of = |it: Vertex| dag.predecessors(it).iter().map(move |p| (p.index(), it.index()));
    dag.vertices().flat_map(of).collect()
}

fn indices(vertices: &[Vertex]) -> Vec<usize> {
    vertices.iter().map(|it| it.index()).collect()
}

/// What is in a graph, whatever the order of insertion.
fn content(dag: &Dag<usize>) -> BTreeMap<&str, (usize, BTreeSet<&str>)> {
    let predecessors = |it| dag.predecessors(it).iter().map(|p| dag.uid(*p)).collect();
    dag.vertices().map(|it| (dag.uid(it), (dag[it], predecessors(it)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn d1_d2_build_does_what_the_naive_model_does((count, edges) in any_edges()) {
        let reachable = distances(count, &edges);
        let shortest = (0..count).filter_map(|it| reachable.get(&(it, it))).min();
        match (build(count, &edges), shortest) {
            (Ok(dag), None) => {
                let expected: BTreeSet<_> = edges.into_iter().collect();
                let mut by_successor: Vec<_> = expected.iter().copied().collect();
                by_successor.sort_by_key(|&(from, to)| (to, from));
                prop_assert_eq!(self::edges(&dag), by_successor);
                for vertex in dag.vertices() {
                    let successors = expected.range((vertex.index(), 0)..(vertex.index() + 1, 0));
                    let successors: Vec<_> = successors.map(|&(_, to)| to).collect();
                    prop_assert_eq!(indices(dag.successors(vertex)), successors);
                }
            }
            (Err(DagError::Cycle { uids }), Some(&length)) => {
                let cycle: Vec<usize> = uids.iter().map(|it| it.parse().unwrap()).collect();
                prop_assert_eq!(cycle.len(), length + 1);
                prop_assert_eq!(cycle.first(), cycle.last());
                prop_assert_eq!(cycle.first(), cycle.iter().min());
                for step in cycle.windows(2) {
                    prop_assert!(edges.contains(&(step[0], step[1])));
                }
            }
            (built, shortest) => prop_assert!(false, "{:?}, but {:?}", built, shortest),
        }
    }

    #[test]
    fn d4_the_topological_order_is_the_first_of_all_in_the_order_of_insertion(dag in any_dag()) {
        let mut waiting: BTreeSet<Vertex> = dag.vertices().collect();
        for &vertex in dag.topological_order() {
            let is_ready =
                |it: &&Vertex| dag.predecessors(**it).iter().all(|p| !waiting.contains(p));
            prop_assert_eq!(waiting.iter().find(is_ready), Some(&vertex));
            waiting.remove(&vertex);
        }
        prop_assert!(waiting.is_empty());
    }

    #[test]
    fn d4_neither_the_order_nor_the_repetition_of_edges_shows(
        (edges, (count, sorted)) in acyclic_edges()
            .prop_flat_map(|(count, edges)| (Just(edges.clone()).prop_shuffle(), Just((count, edges))))
    ) {
        let mut repeated = edges.clone();
        repeated.extend(&sorted);
        prop_assert_eq!(build(count, &edges), build(count, &sorted));
        prop_assert_eq!(build(count, &repeated), build(count, &sorted));
    }

    #[test]
    fn d3_updates_one_by_one_end_like_one_description((count, edges) in any_edges()) {
        let mut dag = build(count, &[]).expect("no edges");
        let mut accepted = Vec::new();
        for (from, to) in edges {
            let before = dag.clone();
            accepted.push((from, to));
            match dag.update_vertex(&to.to_string(), None, [from.to_string()]) {
                Ok(vertex) => prop_assert_eq!(vertex.index(), to),
                Err(error) => {
                    prop_assert_eq!(build(count, &accepted).err().is_some(), true, "{}", error);
                    accepted.pop();
                    prop_assert_eq!(&dag, &before);
                }
            }
            prop_assert_eq!(&dag, &build(count, &accepted).expect("accepted one by one"));
        }
    }

    #[test]
    fn d8_the_frontier_visits_each_vertex_once_after_its_predecessors(
        dag in any_dag(),
        choices in vec(any::<prop::sample::Index>(), 32),
    ) {
        let mut frontier = Frontier::new(&dag);
        let mut choices = choices.into_iter();
        let (mut busy, mut completed, mut visited) = (Vec::new(), BTreeSet::new(), Vec::new());
        while !frontier.is_done() {
            let previous = busy.len();
            busy.extend(std::iter::from_fn(|| frontier.next_ready()));
            prop_assert!(busy[previous..].is_sorted());
            for &vertex in &busy[previous..] {
                prop_assert!(dag.predecessors(vertex).iter().all(|it| completed.contains(it)));
                visited.push(vertex);
            }
            prop_assert!(!busy.is_empty());
            let chosen = busy.remove(choices.next().expect("at most 12 steps").index(busy.len()));
            completed.insert(chosen);
            frontier.complete(chosen);
        }
        visited.sort_unstable();
        prop_assert_eq!(visited, dag.vertices().collect::<Vec<_>>());
    }

    #[test]
    fn closures_and_shortest_paths_are_those_of_the_model(dag in any_dag()) {
        let reachable = distances(dag.len(), &edges(&dag));
        for from in dag.vertices() {
            let after = dag.vertices().filter(|to| reachable.contains_key(&(from.index(), to.index())));
            prop_assert_eq!(dag.closure_along(from, Direction::Successors), after.collect::<Vec<_>>());
            let before = dag.vertices().filter(|to| reachable.contains_key(&(to.index(), from.index())));
            prop_assert_eq!(dag.closure(from), before.collect::<Vec<_>>());
            for to in dag.vertices() {
                let path = dag.shortest_path(from, to);
                let distance = reachable.get(&(from.index(), to.index()));
                prop_assert_eq!(path.as_ref().map(|it| it.len() - 1), distance.copied());
                for step in path.unwrap_or_default().windows(2) {
                    prop_assert!(dag.successors(step[0]).contains(&step[1]));
                }
            }
        }
    }

    #[test]
    fn d5_context_is_the_tags_that_can_be_reached_around_other_tags(
        mut dag in any_dag(),
        tagged in vec(any::<bool>(), 12),
    ) {
        for vertex in dag.vertices().filter(|it| tagged[it.index()]) {
            dag.add_tag(vertex, "tag");
        }
        // Leave out the edges that start, going up, from a tagged vertex.
        let visible: Edges = edges(&dag).into_iter().filter(|&(_, to)| !tagged[to]).collect();
        let reachable = distances(dag.len(), &visible);
        for vertex in dag.vertices() {
            let at = vertex.index();
            let distance = |it: Vertex| if it == vertex { Some(0) } else {
                reachable.get(&(it.index(), at)).copied()
            };
            let mut expected: Vec<_> = dag
                .vertices()
                .filter(|it| tagged[it.index()])
                .filter_map(|it| Some((distance(it)?, it)))
                .collect();
            expected.sort_unstable();
            let context = dag.context(vertex);
            let context: Vec<_> = context.iter().map(|it| (it.distance, it.vertex)).collect();
            prop_assert_eq!(context, expected);
        }
    }

    #[test]
    fn d6_pruning_keeps_what_depends_on_what(dag in any_dag(), keep in vec(any::<bool>(), 12)) {
        let pruned = dag.pruned(|it| !keep[it.index()], OnTagged::Refuse).expect("no tags");
        let before = distances(dag.len(), &edges(&dag));
        let after = distances(pruned.len(), &edges(&pruned));
        let kept: Vec<usize> = (0..dag.len()).filter(|&it| keep[it]).collect();
        prop_assert_eq!(pruned.vertices().map(|it| pruned[it]).collect::<Vec<_>>(), kept.clone());
        for (new_from, from) in kept.iter().enumerate() {
            for (new_to, to) in kept.iter().enumerate() {
                prop_assert_eq!(
                    after.contains_key(&(new_from, new_to)),
                    before.contains_key(&(*from, *to))
                );
            }
        }
    }

    #[test]
    fn d6_pruning_at_once_is_pruning_one_by_one(dag in any_dag(), keep in vec(any::<bool>(), 12)) {
        let mut one_by_one = dag.clone();
        for pruned in (0..dag.len()).rev().filter(|&it| !keep[it]) {
            let prune = |it| one_by_one[it] == pruned;
            one_by_one = one_by_one.pruned(prune, OnTagged::Refuse).expect("no tags");
        }
        prop_assert_eq!(dag.pruned(|it| !keep[it.index()], OnTagged::Refuse), Ok(one_by_one));
    }

    #[test]
    fn d7_reversed_twice_is_the_same(dag in any_dag()) {
        let reversed = dag.reversed();
        let flipped: BTreeSet<_> = edges(&dag).into_iter().map(|(from, to)| (to, from)).collect();
        prop_assert_eq!(edges(&reversed).into_iter().collect::<BTreeSet<_>>(), flipped);
        prop_assert_eq!(reversed.reversed(), dag);
    }

    #[test]
    fn d7_merged_is_commutative_up_to_order_and_unites_the_edges(
        (one, other) in (acyclic_edges(), acyclic_edges())
    ) {
        let dags = [build(one.0, &one.1).unwrap(), build(other.0, &other.1).unwrap()];
        let all: Edges = one.1.into_iter().chain(other.1).collect();
        match (dags[0].merged(&dags[1]), dags[1].merged(&dags[0])) {
            (Ok(there), Ok(back)) => {
                prop_assert_eq!(content(&there), content(&back));
                let expected = build(one.0.max(other.0), &all).expect("acyclic too");
                prop_assert_eq!(content(&there), content(&expected));
            }
            (Err(there), Err(back)) => prop_assert_eq!(there.to_string().len(), back.to_string().len()),
            (there, back) => prop_assert!(false, "{:?}, but {:?}", there, back),
        }
    }

    #[test]
    fn d7_restricted_is_the_targets_with_their_closures(dag in any_dag(), choice in vec(any::<bool>(), 12)) {
        let targets: Vec<Vertex> = dag.vertices().filter(|it| choice[it.index()]).collect();
        let part = dag.restricted_to(&targets);
        let closures = targets.iter().flat_map(|it| dag.closure(*it));
        let expected: BTreeSet<usize> = closures.chain(targets.iter().copied()).map(|it| dag[it]).collect();
        prop_assert_eq!(part.vertices().map(|it| part[it]).collect::<BTreeSet<_>>(), expected);
        for vertex in part.vertices() {
            let predecessors = |dag: &Dag<usize>, it| -> Vec<usize> {
                dag.predecessors(it).iter().map(|p| dag[*p]).collect()
            };
            let original = at(&dag, part.uid(vertex));
            prop_assert_eq!(predecessors(&part, vertex), predecessors(&dag, original));
        }
    }
}
