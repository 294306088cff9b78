//! Calls of programs: with a time limit, and with what they said.
//!
//! A call is a job of a scheduler of its own thread, which keeps the time and has a guardian kill
//! the program should this process be killed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use walk_scheduler::{
    Ending, JOB_ID, Job, JobStatus, Output, Process, Scheduler, SchedulingParams, Wake,
};

/// How long a program of Slurm may take: with its controller gone, some take half a minute to say
/// so.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Why a program that may have done what it was to do counts as one that has not.
pub(crate) const UNREAD: &str = "cannot read what it said";

/// Calls programs, one at a time.
pub(crate) struct Calls {
    scheduler: Scheduler<()>,
    /// The file that gets what they say.
    output: PathBuf,
}

/// What a program said, and whether it succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    /// What it wrote to standard output and standard error, or why it could not be called.
    pub(crate) text: String,
}

impl Calls {
    pub(crate) fn new(output: PathBuf) -> Self {
        let params =
            SchedulingParams { grace: Duration::from_secs(1), ..SchedulingParams::default() };
        Self { scheduler: Scheduler::new(&params), output }
    }

    /// Calls a program and waits for its end.
    pub(crate) fn call(&mut self, words: &[OsString]) -> Said {
        self.run(words, true)
    }

    /// Calls a program that is to act even if there is no file to write its answer to any more.
    pub(crate) fn tell(&mut self, words: &[OsString]) -> Said {
        self.run(words, self.output.parent().is_some_and(Path::is_dir))
    }

    fn run(&mut self, words: &[OsString], is_heard: bool) -> Said {
        let output = if is_heard { Output::File(self.output.clone()) } else { Output::Null };
        let job = Job::new(clean(words).output(output)).timeout(LIMIT);
        if let Err(error) = self.scheduler.submit((), job) {
            return Said { succeeded: false, text: error.to_string() };
        }
        while let Some(ready) = self.scheduler.next_ready() {
            self.scheduler.start(ready);
        }
        loop {
            match self.scheduler.wait() {
                Wake::Finished(finished) => {
                    let outcome = finished.outcome;
                    return self.said(outcome.status, outcome.ending, is_heard);
                }
                Wake::Ready => {}
                Wake::Idle => return Said { succeeded: false, text: "not started".into() },
            }
        }
    }

    fn said(&self, status: JobStatus, ending: Option<Ending>, is_heard: bool) -> Said {
        let read = if is_heard { fs::read(&self.output) } else { Ok(Vec::new()) };
        // Who said nothing is another than who was not heard.
        let unread = read.as_ref().err().map(|error| format!("{UNREAD}: {error}"));
        let mut text = String::from_utf8_lossy(&read.unwrap_or_default()).into_owned();
        drop(fs::remove_file(&self.output));
        match ending {
            Some(Ending::SpawnFailed(why)) => text = why,
            Some(Ending::Interrupted(_)) => {
                text = format!("{text}no answer in {} s", LIMIT.as_secs());
            }
            _ => text += unread.as_deref().unwrap_or_default(),
        }
        Said { succeeded: status == JobStatus::Success && unread.is_none(), text }
    }
}

/// Describes a program without what it must not hand on to jobs: the mark by which our own
/// children are found, tokens of a jobserver of this machine, and the job that we may be in.
fn clean(words: &[OsString]) -> Process {
    // The scheduler marks what it starts; only a program between can take the mark off again.
    let mut process = Process::new("env").arg("-u").arg(JOB_ID).args(words);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_of_a_job = text.starts_with("SLURM_") && text != "SLURM_CONF";
        let of_here = ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "WALK_CACHE_TOKEN"];
        if is_of_a_job || of_here.contains(&&*text) {
            process = process.env_remove(name);
        }
    }
    process
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of `squeue` that got lost was one without jobs.
    #[test]
    fn an_answer_that_can_not_be_read_is_not_an_empty_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let said = |script: &str| {
            let mut calls = Calls::new(dir.path().join("squeue"));
            calls.call(
                &["sh", "-c", &format!("cd '{}'; {script}", dir.path().display())].map(Into::into),
            )
        };
        assert_eq!(said("true"), Said { succeeded: true, text: String::new() });
        let lost = said("rm squeue");
        assert!(!lost.succeeded && lost.text.starts_with(UNREAD), "{lost:?}");
    }
}
