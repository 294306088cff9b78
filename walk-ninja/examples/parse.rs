//! Parses a manifest and prints what is in it, how fast it was read, and the memory it took.
//! With a number, a manifest of so many edges is written there first.
//!
//! Run it with `cargo run --release -p walk-ninja --example parse -- /tmp/build.ninja 100000`.

#[path = "../benches/cmake/mod.rs"]
mod cmake;

use std::path::Path;
use std::time::Instant;
use std::{env, error, fs};

use walk_ninja::{Graph, ReadOptions};

fn main() -> Result<(), Box<dyn error::Error>> {
    let mut arguments = env::args().skip(1);
    let manifest = arguments.next().unwrap_or_else(|| "build.ninja".into());
    if let Some(edges) = arguments.next() {
        return Ok(fs::write(manifest, cmake::manifest(edges.parse()?))?);
    }
    let start = Instant::now();
    let graph = Graph::read(Path::new(""), Path::new(&manifest), &ReadOptions::default())
        .map_err(|it| it.to_string())?;
    let took = start.elapsed();

    let sizes = graph.files().filter_map(|it| fs::metadata(str::from_utf8(it).ok()?).ok());
    let bytes: u64 = sizes.map(|it| it.len()).sum();
    let (edges, nodes) = (graph.edges().len(), graph.nodes().len());
    println!("{edges} edges, {nodes} nodes, {} files", graph.files().count());
    let speed = u128::from(bytes) / took.as_micros().max(1);
    println!("{bytes} bytes in {took:.1?}: {speed} MB/s");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|it| it.starts_with("VmHWM")).for_each(|it| println!("{it}"));
    Ok(())
}
