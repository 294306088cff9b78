//! Visits a random graph with several threads, each vertex after its predecessors, and
//! prints what building and walking cost.
//!
//! Run it with `cargo run --release -p walk-dag --example parallel_walk -- 1000000`.

use std::sync::mpsc;
use std::time::Instant;
use std::{env, thread};

use walk_dag::{Dag, DagBuilder, DagError, Frontier, Vertex};

fn main() -> Result<(), DagError> {
    let count = env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(10_000);
    let start = Instant::now();
    let dag = random_graph(count)?;
    println!("{count} vertices, {} edges: built in {:?}", dag.edge_count(), start.elapsed());

    let start = Instant::now();
    let mut frontier = Frontier::new(&dag);
    while let Some(vertex) = frontier.next_ready() {
        frontier.complete(vertex);
    }
    println!("walked by one in {:?}", start.elapsed());

    let start = Instant::now();
    let most = walk_in_parallel(&dag, 4);
    println!("walked by 4 in {:?}, at most {most} vertices at once", start.elapsed());
    Ok(())
}

/// Three edges to each vertex, from vertices before it.
fn random_graph(count: usize) -> Result<Dag<()>, DagError> {
    let mut builder = DagBuilder::with_capacity(count, 3 * count);
    let mut vertices: Vec<Vertex> = Vec::with_capacity(count);
    let mut state = 1_usize;
    for number in 0..count {
        let vertex = builder.add_vertex(format!("vertex {number}"), (), [""; 0]);
        for _ in 0..3.min(number) {
            state = state.wrapping_mul(0x5851_f42d).wrapping_add(0x1405_7b7e) % (1 << 31);
            builder.add_edge(vertices[state % number], vertex);
        }
        vertices.push(vertex);
    }
    builder.build()
}

/// Completes each vertex on one of some threads and returns how many were busy at most.
fn walk_in_parallel(dag: &Dag<()>, threads: usize) -> usize {
    thread::scope(|scope| {
        let (done, finished) = mpsc::channel();
        let workers: Vec<mpsc::Sender<Vertex>> = (0..threads)
            .map(|_| {
                let (work, received) = mpsc::channel();
                let done = done.clone();
                scope.spawn(move || received.into_iter().try_for_each(|it| done.send(it)));
                work
            })
            .collect();
        let mut frontier = Frontier::new(dag);
        let (mut busy, mut most) = (0, 0);
        while !frontier.is_done() {
            while let Some(vertex) = frontier.next_ready() {
                workers[vertex.index() % threads].send(vertex).expect("the worker waits for more");
                busy += 1;
            }
            most = most.max(busy);
            frontier.complete(finished.recv().expect("something is busy"));
            busy -= 1;
        }
        most
    })
}
