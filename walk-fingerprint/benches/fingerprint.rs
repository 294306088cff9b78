//! What it costs to make, to compare, to save and to load fingerprints, and to look at files
//! that did not change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use walk_fingerprint::{Checksum, DigestCache, Fingerprint, SqliteStore, Store, Value};

fn elements(seed: usize) -> Vec<(Arc<str>, Value)> {
    let name = |number: usize| Arc::from(format!("input src/{:03}/s{number:06}.c", number % 10));
    let digest = |number: usize| Checksum::of(&number.to_le_bytes()).into();
    (seed..seed + 7).map(|number| (name(number), digest(number))).collect()
}

fn in_memory(criterion: &mut Criterion) {
    let elements = elements(0);
    criterion.bench_function("make one of 7 elements", |bencher| {
        bencher.iter(|| elements.iter().cloned().collect::<Fingerprint>());
    });
    let one: Fingerprint = elements.iter().cloned().collect();
    let other = one.clone();
    criterion.bench_function("compare two of 7 elements", |bencher| bencher.iter(|| one == other));
    criterion.bench_function("checksum of 7 elements", |bencher| bencher.iter(|| one.checksum()));
}

fn stored(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("state.db");
    let mut store = SqliteStore::open(&path).expect("it opens");
    for number in 0..10_000 {
        let fingerprint: Fingerprint = elements(number).into_iter().collect();
        store.save_fingerprint(&number.to_string(), Some(&fingerprint)).expect("it is written");
    }
    store.finish().expect("it is written");
    criterion.bench_function("open and load 10,000", |bencher| {
        bencher.iter(|| {
            let mut store = SqliteStore::open(&path).expect("it opens");
            store.preload().expect("it is read");
            (0..10_000)
                .filter_map(|it| store.load_fingerprint(&it.to_string()).expect("it is read"))
                .count()
        });
    });
}

fn observed(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let names: Vec<PathBuf> = (0..2_000).map(|it| format!("f{it}").into()).collect();
    for name in &names {
        std::fs::write(dir.path().join(name), "content").expect("it is written");
    }
    let paths: Vec<&Path> = names.iter().map(PathBuf::as_path).collect();
    let mut cache = DigestCache::new(dir.path().into());
    cache.observe(&paths);
    criterion.bench_function("look at 2,000 files", |bencher| {
        bencher.iter(|| cache.observe(&paths).len());
    });
}

criterion_group!(benches, in_memory, stored, observed);
criterion_main!(benches);
