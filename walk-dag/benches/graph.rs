//! What it costs to build and to walk a layered graph of 10,000 vertices.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use walk_dag::{Dag, DagBuilder, Frontier, Vertex};

const LAYERS: usize = 20;
const WIDTH: usize = 500;

fn describe() -> DagBuilder<()> {
    let mut builder = DagBuilder::with_capacity(LAYERS * WIDTH, LAYERS * WIDTH * 3);
    let mut above: Vec<Vertex> = Vec::new();
    for layer in 0..LAYERS {
        let names = (0..WIDTH).map(|column| format!("out/{layer:03}/a{column:06}.o"));
        let here: Vec<Vertex> = names.map(|name| builder.add_vertex(name, (), [""; 0])).collect();
        for (column, &vertex) in here.iter().enumerate() {
            for step in [1, 7, 31] {
                if let Some(&predecessor) = above.get((column * step) % WIDTH) {
                    builder.add_edge(predecessor, vertex);
                }
            }
        }
        above = here;
    }
    builder
}

fn walk(dag: &Dag<()>) -> usize {
    let mut frontier = Frontier::new(dag);
    let mut visited = 0;
    while let Some(vertex) = frontier.next_ready() {
        frontier.complete(vertex);
        visited += 1;
    }
    visited
}

fn graph(criterion: &mut Criterion) {
    criterion.bench_function("build 10,000 vertices", |bencher| {
        bencher.iter_batched(describe, |it| it.build().expect("no cycle"), BatchSize::LargeInput);
    });
    let dag = describe().build().expect("no cycle");
    criterion.bench_function("walk 10,000 vertices", |bencher| bencher.iter(|| walk(&dag)));
}

criterion_group!(benches, graph);
criterion_main!(benches);
