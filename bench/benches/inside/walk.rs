//! walk: a graph with ids, and `for_each` over it.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use walk_core::{Dag, DagBuilder, ForEach};

use crate::THREADS;
use crate::shape::Shape;

pub(crate) fn build(shape: &Shape) -> Dag<AtomicU8> {
    let edges = shape.predecessors.iter().map(Vec::len).sum();
    let mut builder = DagBuilder::with_capacity(shape.len(), edges);
    let mut vertices = Vec::with_capacity(shape.len());
    for (at, predecessors) in shape.predecessors.iter().enumerate() {
        let vertex = builder.add_vertex(at.to_string(), AtomicU8::new(0), [""; 0]);
        for &predecessor in predecessors {
            builder.add_edge(vertices[predecessor as usize], vertex);
        }
        vertices.push(vertex);
    }
    builder.build().expect("no cycle")
}

pub(crate) fn run(dag: &Dag<AtomicU8>) -> Duration {
    let workers = NonZeroUsize::new(THREADS).expect("some");
    let started = Instant::now();
    let report = ForEach::new(dag).workers(workers).run(|_, mark| {
        mark.fetch_add(1, Ordering::Relaxed);
        Ok::<(), Infallible>(())
    });
    let elapsed = started.elapsed();
    assert!(report.is_success());
    for vertex in dag.vertices() {
        assert_eq!(dag[vertex].swap(0, Ordering::Relaxed), 1, "each is visited once");
    }
    elapsed
}
