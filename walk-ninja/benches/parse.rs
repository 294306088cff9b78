//! How fast manifests are read, in bytes per second.

mod cmake;

use std::io;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use walk_ninja::{Graph, ReadOptions};

fn parse(text: Vec<u8>) -> Graph {
    let mut nothing = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    Graph::parse(Path::new("build.ninja"), text, &mut nothing, &ReadOptions::default())
        .expect("the generator writes what ninja reads")
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a manifest like CMake's");
    group.sample_size(20);
    for edges in [1_000, 100_000] {
        let text = cmake::manifest(edges);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("{edges} edges"), |bencher| {
            bencher.iter_batched(|| text.clone(), parse, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn commands(criterion: &mut Criterion) {
    let graph = parse(cmake::manifest(10_000));
    criterion.bench_function("10,000 commands", |bencher| {
        bencher.iter(|| {
            let mut commands = Vec::new();
            for edge in graph.edges() {
                graph.push_command(edge, &mut commands).expect("no cycle");
            }
            commands
        });
    });
}

criterion_group!(benches, reading, commands);
criterion_main!(benches);
