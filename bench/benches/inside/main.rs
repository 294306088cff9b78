//! What it costs to visit each vertex of a graph, in one process: walk's `for_each` beside others.
//!
//! A visit does next to nothing, so what is measured is the executor. Building the graph is
//! measured for walk alone: the others are given theirs before the clock starts, and every visit
//! is counted after it stopped. `cargo xtask bench inside` makes a table of it.

mod peers;
mod shape;
mod walk;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};

use shape::Shape;

/// How many threads each executor may use.
const THREADS: usize = 2;

/// Beyond this, executors that take microseconds for a visit are left out.
const PATIENCE: usize = 10_000;

fn inside(criterion: &mut Criterion) {
    for size in [10_000, 100_000, 1_000_000] {
        for shape in [Shape::wide(size), Shape::chain(size), Shape::layered(size)] {
            compare(criterion, &shape);
        }
    }
}

/// Adds a group for the shape and in it a benchmark for each executor.
fn compare(criterion: &mut Criterion, shape: &Shape) {
    let dag = walk::build(shape);
    bench(criterion, shape, "walk", || walk::run(&dag));
    drop(dag);
    bench(criterion, shape, "walk, build and run", || {
        let started = Instant::now();
        let dag = walk::build(shape);
        started.elapsed() + walk::run(&dag)
    });
    bench(criterion, shape, "rayon", || peers::rayon(shape));
    bench(criterion, shape, "async_dag", || peers::async_dag(shape));
    if shape.len() <= PATIENCE {
        bench(criterion, shape, "dag_exec", || peers::dag_exec(shape));
        bench(criterion, shape, "dagrs", || peers::dagrs(shape));
    }
}

fn bench(criterion: &mut Criterion, shape: &Shape, name: &str, mut run: impl FnMut() -> Duration) {
    let mut group = criterion.benchmark_group(format!("{} {}", shape.name, shape.len()));
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| run()).sum());
    });
    group.finish();
}

fn settings() -> Criterion {
    let brief = Criterion::default().without_plots().sample_size(10);
    brief.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = settings(); targets = inside }
criterion_main!(benches);
