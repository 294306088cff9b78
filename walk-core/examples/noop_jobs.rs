//! Walks N independent jobs that do nothing, and says what one costs.
//!
//! `cargo run --release -p walk-core --example noop_jobs -- 100000 [TOKENS]`

use std::env;
use std::error::Error;
use std::time::Instant;

use walk_core::{Dag, Job, JobContext, JobStatus, SchedulingParams, run, walk_fn};

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = env::args().skip(1).map(|it| it.parse::<u32>());
    let count = numbers.next().transpose()?.unwrap_or(100_000);
    let tokens = numbers.next().transpose()?.unwrap_or(2);

    let mut builder = Dag::builder();
    for number in 0..count {
        builder.add_vertex(number.to_string(), (), [""; 0]);
    }
    let dag = builder.build()?;
    let mut params = SchedulingParams::default();
    params.queues.insert("default".into(), tokens);
    let mut walk =
        walk_fn(|_| Job::new(|_: &JobContext| JobStatus::Success).into()).with_params(params);

    let started = Instant::now();
    let report = run(&mut walk, &dag)?;
    let elapsed = started.elapsed();
    assert!(report.is_success());
    let micros = elapsed.as_secs_f64() * 1e6 / f64::from(count.max(1));
    println!("{count} jobs in {:.1} ms, {micros:.2} us each", elapsed.as_secs_f64() * 1e3);
    Ok(())
}
