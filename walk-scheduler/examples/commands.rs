//! Commands with their output in files, one of which takes too long and is killed with its child.
//!
//! `cargo run -p walk-scheduler --example commands`

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use walk_scheduler::{Job, Output, Process, Scheduler, SchedulingParams, Wake};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let params = SchedulingParams {
        queues: BTreeMap::from([("default".to_owned(), 4)]),
        job_timeout: Duration::from_millis(500),
        grace: Duration::from_millis(100),
        ..Default::default()
    };
    let mut scheduler = Scheduler::new(&params);
    let scripts = [
        ("good", "echo all is well"),
        ("bad", "echo this is not >&2; exit 3"),
        ("crash", "kill -SEGV $$"),
        ("stuck", "echo waiting; setsid sleep 600 & wait"),
    ];
    for (name, script) in scripts {
        let output = Output::File(directory.path().join(name));
        let process = Process::new("sh").args(["-c", script]).output(output);
        scheduler.submit(name, Job::new(process))?;
    }
    scheduler.submit("missing", Job::new(Process::new("no-such-program")))?;
    loop {
        while let Some(ready) = scheduler.next_ready() {
            scheduler.start(ready);
        }
        match scheduler.wait() {
            Wake::Finished(finished) => {
                let (name, outcome) = (finished.tag, finished.outcome);
                let said = fs::read_to_string(directory.path().join(name)).unwrap_or_default();
                let ending = outcome.ending.map(|it| it.to_string()).unwrap_or_default();
                println!("{name}: {} ({ending}) {:?}", outcome.status, said.trim_end());
            }
            Wake::Ready => (),
            Wake::Idle => return Ok(()),
        }
    }
}
