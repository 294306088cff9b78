//! Measures reading: `cargo run --release --example read_timing -- FILE [ROUNDS]`.
//!
//! Prints the best time of a number of rounds, from the file to a checked plan, and then to
//! its graph.

use std::path::PathBuf;
use std::time::Instant;

use walk_plan::{Overrides, Plan, Source};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let Some(path) = arguments.next().map(PathBuf::from) else {
        println!("usage: read_timing FILE [ROUNDS]");
        return;
    };
    let rounds = arguments.next().and_then(|it| it.to_str()?.parse().ok()).unwrap_or(5);
    let mut best = [f64::MAX; 2];
    for _ in 0..rounds {
        let start = Instant::now();
        let plan = match Plan::read(&Source::File(path.clone()), &Overrides::default()) {
            Ok(plan) => plan,
            Err(error) => return println!("{error}"),
        };
        let read = start.elapsed().as_secs_f64();
        let dag = plan.dag(&[]).map_or(0, |it| it.len());
        let both = start.elapsed().as_secs_f64();
        best = [best[0].min(read), best[1].min(both)];
        assert_eq!(dag, plan.actions.len(), "one vertex an action");
    }
    println!("read {:.1} ms, read and graph {:.1} ms", best[0] * 1e3, best[1] * 1e3);
}
