//! Two queues, priorities, and a download that is not ready at first.
//!
//! `cargo run -p walk-scheduler --example queues`

use std::collections::BTreeMap;
use std::time::Duration;

use walk_scheduler::{
    Ending, Job, JobContext, JobStatus, Scheduler, SchedulingParams, SubmitError, Wake,
};

fn main() -> Result<(), SubmitError> {
    let queues = BTreeMap::from([("cpu".to_owned(), 2), ("network".to_owned(), 1)]);
    let mut scheduler = Scheduler::new(&SchedulingParams { queues, ..Default::default() });

    scheduler.submit("download", Job::new(download).queue("network"))?;
    for (name, priority) in [("docs", 0), ("lexer", 0), ("parser", 5)] {
        scheduler.submit(name, Job::new(compile).queue("cpu").priority(priority))?;
    }
    let refused = scheduler.submit("link", Job::new(compile).queue("cpu").tokens(3));
    println!("refused: {}", refused.expect_err("there are two"));

    loop {
        while let Some(ready) = scheduler.next_ready() {
            let name = ready.tag;
            println!("{name} starts in slot {}", scheduler.start(ready));
        }
        match scheduler.wait() {
            Wake::Finished(finished) => {
                let outcome = finished.outcome;
                println!("{} is {} ({:?})", finished.tag, outcome.status, outcome.ending);
                if outcome.status == JobStatus::NotReady {
                    let delay = Duration::from_millis(50);
                    scheduler.submit_after(finished.tag, outcome.job, delay)?;
                }
            }
            Wake::Ready => println!("a delay is over"),
            Wake::Idle => break,
        }
    }
    println!("at most {} at once", scheduler.max_active_jobs());
    Ok(())
}

fn compile(_: &JobContext) -> JobStatus {
    JobStatus::Success
}

fn download(cx: &JobContext) -> JobStatus {
    if cx.attempt() == 1 {
        cx.report(Ending::Message("the server is busy".into()));
        return JobStatus::NotReady;
    }
    JobStatus::Success
}
