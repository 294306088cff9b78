//! `walk __runner`: runs one attempt on a node. Only scripts that walk itself submits call it.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;

use walk_core::Interrupt;
use walk_slurm::{ClusterError, run_attempt, run_task_of};

use crate::exit::Exit;
use crate::os::{Listener, Signals};

/// The argument by which walk is called on a node.
pub(crate) const NAME: &str = "__runner";

/// Runs the attempt that `args` name, and exits well also if the command does not: how it ended is
/// written to the attempt's directory.
pub(crate) fn run(args: &[OsString]) -> Exit {
    let interrupt = Interrupt::default();
    // Without it a signal ends us at once, and our guardian ends the command.
    let signals = Signals::handle(interrupt.clone(), Nobody);
    let done = match args {
        [directory] => run_attempt(Path::new(directory), &interrupt),
        [flag, list] if flag == "--tasks" => run_task_of(Path::new(list), &interrupt),
        _ => {
            let _ = writeln!(io::stderr(), "walk: {NAME} is for jobs that walk submits");
            return Exit::Usage;
        }
    };
    drop(signals);
    match done {
        Ok(()) => Exit::Done,
        Err(error) => {
            let _ = writeln!(io::stderr(), "walk: {}", chain(&error));
            Exit::State
        }
    }
}

fn chain(error: &ClusterError) -> String {
    error.to_string()
}

/// Nobody watches a runner.
struct Nobody;

impl Listener for Nobody {
    fn stopping(&self, _: bool, _: &str) {}
    fn leaving(&self) {}
    fn suspended(&self) {}
    fn resumed(&self) {}
}
