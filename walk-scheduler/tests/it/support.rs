//! What many tests do: drive a scheduler to its end, run shell scripts, wait for files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use walk_scheduler::{
    Finished, Job, JobContext, JobOutcome, JobStatus, Output, Process, Scheduler, SchedulingParams,
    Wake,
};

/// Longer than anything takes, even on a busy machine.
pub(crate) const FOREVER: Duration = Duration::from_secs(120);

/// Queues by name and capacity.
pub(crate) fn params(queues: &[(&str, u32)]) -> SchedulingParams {
    let queues: BTreeMap<_, _> = queues.iter().map(|&(name, it)| (name.to_owned(), it)).collect();
    SchedulingParams { queues, grace: FOREVER, ..Default::default() }
}

/// One queue of so many tokens.
pub(crate) fn tokens(tokens: u32) -> SchedulingParams {
    params(&[("default", tokens)])
}

/// A job that does nothing, successfully.
pub(crate) fn nop() -> Job {
    Job::new(|_: &JobContext| JobStatus::Success)
}

/// A job that goes on until it is told to stop.
pub(crate) fn until_interrupted() -> Job {
    Job::new(|cx: &JobContext| {
        let (told, stop) = mpsc::channel();
        cx.on_interrupt(move || told.send(()).expect("the job listens"));
        stop.recv().expect("the hook is called, not dropped");
        JobStatus::Success
    })
}

/// A job that goes on until something is sent to it, or its sender is dropped.
pub(crate) fn gated() -> (Sender<()>, Job) {
    let (sender, gate) = mpsc::channel();
    let work = move |_: &JobContext| {
        let _ = gate.recv();
        JobStatus::Success
    };
    (sender, Job::new(work))
}

/// Starts all that fits; returns the tags.
pub(crate) fn start_all<T: Clone>(scheduler: &mut Scheduler<T>) -> Vec<T> {
    let mut started = Vec::new();
    while let Some(ready) = scheduler.next_ready() {
        started.push(ready.tag.clone());
        scheduler.start(ready);
    }
    started
}

/// Waits for a job to end.
pub(crate) fn finished<T: std::fmt::Debug>(scheduler: &mut Scheduler<T>) -> Finished<T> {
    match scheduler.wait() {
        Wake::Finished(finished) => finished,
        other => panic!("a job should have ended, not {other:?}"),
    }
}

/// Runs all that was submitted, and returns it in the order of ending.
pub(crate) fn drive<T: Clone>(scheduler: &mut Scheduler<T>) -> Vec<Finished<T>> {
    let mut ended = Vec::new();
    loop {
        start_all(scheduler);
        match scheduler.wait() {
            Wake::Finished(finished) => ended.push(finished),
            Wake::Ready => (),
            Wake::Idle => return ended,
        }
    }
}

/// Runs one job on a scheduler of its own.
pub(crate) fn run(job: Job) -> JobOutcome {
    run_with(&tokens(1), job)
}

/// Runs one job on a scheduler of its own.
pub(crate) fn run_with(params: &SchedulingParams, job: Job) -> JobOutcome {
    let mut scheduler = Scheduler::new(params);
    scheduler.submit((), job).expect("the queue exists");
    drive(&mut scheduler).pop().expect("the job ended").outcome
}

/// The ending as text, or nothing.
pub(crate) fn ending(outcome: &JobOutcome) -> String {
    outcome.ending.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// A directory in which scripts run.
pub(crate) struct Place {
    directory: PathBuf,
    _made: Option<TempDir>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let made = tempfile::tempdir().expect("a temporary directory");
        Self { directory: made.path().to_owned(), _made: Some(made) }
    }

    /// A directory that somebody else made and removes.
    pub(crate) fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), _made: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A shell script that runs here and writes to the file `output`.
    pub(crate) fn sh(&self, script: &str) -> Process {
        Process::new("sh")
            .args(["-c", script])
            .current_dir(&self.directory)
            .output(Output::File(self.path("output")))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until a file has so many lines, and returns them.
    pub(crate) fn lines(&self, name: &str, count: usize) -> Vec<String> {
        eventually(&format!("{count} lines in {name}"), || {
            let text = self.read(name);
            let complete = text.ends_with('\n') && text.lines().count() >= count;
            complete.then(|| text.lines().map(str::to_owned).collect())
        })
    }
}

/// Looks until there is something to see.
pub(crate) fn eventually<R>(what: &str, mut look: impl FnMut() -> Option<R>) -> R {
    let deadline = Instant::now() + FOREVER;
    loop {
        if let Some(result) = look() {
            return result;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// Lets real time pass, where time is the subject.
pub(crate) fn pass(time: Duration) {
    let started = Instant::now();
    eventually("time passes", || (started.elapsed() >= time).then_some(()));
}

/// Looks until a job has ended, without ever blocking in `wait`.
pub(crate) fn eventually_ended<T>(scheduler: &mut Scheduler<T>) -> Finished<T> {
    eventually("the job ends", || scheduler.try_wait())
}

/// The state letter of a process, or nothing.
pub(crate) fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// True if the process can still do something.
pub(crate) fn is_alive(pid: &str) -> bool {
    !matches!(state(pid), None | Some('Z' | 'X'))
}

/// True if the process exists in any form, waiting to be reaped included.
pub(crate) fn exists(pid: &str) -> bool {
    state(pid).is_some()
}
