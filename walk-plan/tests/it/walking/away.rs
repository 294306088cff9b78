//! Commands that an engine runs elsewhere, as a walk sees them.

use std::fs;
use std::time::Duration;

use walk_core::{JobContext, JobStatus};
use walk_plan::{CommandWalk, Engine, Errand, Options, SharedEngine, Trip};

use super::project::Project;

/// Makes the outputs, and says that it took an hour.
struct Elsewhere;

impl Engine for Elsewhere {
    fn run(&self, errand: Errand, _: &JobContext) -> Trip {
        for output in &errand.outputs {
            fs::write(output, &errand.name).expect("it can be written");
        }
        let mut trip = Trip::new(JobStatus::Success);
        trip.ran = Some(HOUR);
        trip
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// A job waits for a node before its command begins: what is usual is how long that runs.
#[test]
fn what_is_usual_is_the_time_of_the_command_and_not_of_its_job() {
    let project = Project::new(
        "[queues]\nq = { engine = 'slurm' }\n[action.a]\nrun = 'false'\nout = ['a']\nqueue = 'q'\n",
    );
    let walk = CommandWalk::open(project.plan(), project.state(), Options::default());
    let mut walk = walk.expect("it opens");
    walk.set_engine("slurm", SharedEngine::new(Elsewhere));
    let targets = walk.plan().select(&[]).expect("the default targets");
    let dag = walk.dag(&targets).expect("a graph");
    assert!(walk.run(&dag).expect("it walks").is_success());
    drop(walk);
    assert_eq!(project.read("a"), "a");
    let note = project.note("a");
    assert_eq!(note.duration(), HOUR);
    assert!(note.history.durations().eq([HOUR]));
}
