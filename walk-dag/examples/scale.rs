//! Builds and walks a graph of N vertices and 3 N edges in scrambled order, and says what
//! it costs.
//!
//! `cargo run --release -p walk-dag --example scale -- 1000000`

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use walk_dag::{DagBuilder, DagError, Frontier, Vertex};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = env::args().nth(1);
    let count: u32 = argument.map_or(Ok(1_000_000), |it| it.parse())?;
    for number in [count / 10, count] {
        let (describe, build, walk) = measure(number)?;
        let total = describe + build + walk;
        println!(
            "{number} vertices, {} edges: describe {}, build {}, walk {}, {:.0} ns a vertex",
            u64::from(number) * 3,
            millis(describe),
            millis(build),
            millis(walk),
            total.as_secs_f64() * 1e9 / f64::from(number.max(1)),
        );
    }
    Ok(())
}

/// Returns how long it takes to describe, to build and to walk a graph.
fn measure(count: u32) -> Result<(Duration, Duration, Duration), DagError> {
    let started = Instant::now();
    let edges = count as usize * 3;
    let mut builder = DagBuilder::with_capacity(count as usize, edges);
    let vertices: Vec<Vertex> =
        (0..count).map(|number| builder.add_vertex(number.to_string(), (), [""; 0])).collect();
    let mut random = Random(7);
    for rank in 1..count {
        for _ in 0..3 {
            let (from, to) = (place(random.below(rank), count), place(rank, count));
            builder.add_edge(vertices[from], vertices[to]);
        }
    }
    let described = Instant::now();
    let dag = builder.build()?;
    let built = Instant::now();
    let mut frontier = Frontier::new(&dag);
    while let Some(vertex) = frontier.next_ready() {
        frontier.complete(vertex);
    }
    Ok((described - started, built - described, built.elapsed()))
}

/// Returns where the vertex of a rank was added: a permutation, so that edges lead to and
/// fro, and yet only from lower ranks to higher ones.
fn place(rank: u32, count: u32) -> usize {
    const PRIME: u64 = 2_654_435_761;
    usize::try_from(u64::from(rank) * PRIME % u64::from(count)).unwrap_or_default()
}

/// The numbers of a xorshift generator: the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(limit)).unwrap_or_default()
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
