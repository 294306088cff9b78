//! The node's side: runs the command of one attempt, keeps its time, and says how it ended.
//!
//! It knows nothing of Slurm but the signal by which Slurm ends jobs. Three threads watch over the
//! command: one writes each second that the attempt is alive, one asks whether it is revoked, and
//! one stops the command if it is, or if nothing could be written for as long as the lease holds.
//! What walk may conclude from silence is therefore true.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use walk_scheduler::{
    Ending, Interrupt, InterruptCause, Job, JobOutcome, Output, Process, Scheduler,
    SchedulingParams, Wake,
};

use crate::ClusterError;
use crate::attempt::{Attempt, BEAT, End, Mark, Spec, Verdict};

/// How often it is looked whether the attempt is revoked.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the attempt in `directory`, unless it is revoked or somebody else runs it.
///
/// `interrupt` is for the caller to trigger when a signal asks the runner to end. How the command
/// ended is written to the attempt's directory.
///
/// # Errors
///
/// Fails if a file of the attempt cannot be read or written; there is then no result, and whoever
/// waits for one finds out that the job is over.
pub fn run_attempt(directory: &Path, interrupt: &Interrupt) -> Result<(), ClusterError> {
    let attempt = Attempt::at(directory);
    let job = job_number();
    if attempt.is_revoked() || !attempt.claim(&format!("{} {job}", host()))? {
        return Ok(());
    }
    if attempt.is_revoked() {
        return attempt.fence();
    }
    let spec = attempt.spec()?;
    let started = Instant::now();
    attempt.beat(0).map_err(ClusterError::file("write", &directory.join("alive")))?;
    spec.make_directories(&attempt)?;
    let watch = Watch::begin(&attempt, Duration::from_millis(spec.lease_ms), started, interrupt);
    let outcome = run(&attempt, &spec, interrupt);
    let is_disowned = watch.end();
    if attempt.is_revoked() {
        return attempt.fence();
    }
    if is_disowned {
        return Ok(());
    }
    let end = outcome.map_or(End::Failed("the runner ran nothing".into()), |it| end(&it));
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let marks = spec.written(&attempt).iter().map(|it| Mark::of(it)).collect();
    attempt.conclude(&Verdict { end, host: host(), job, duration_ms, marks })
}

/// Runs the attempt of this task of a job array; `list` holds the directories, a line for each.
///
/// # Errors
///
/// Fails if the list does not name a directory for this task, and as [`run_attempt`].
pub fn run_task_of(list: &Path, interrupt: &Interrupt) -> Result<(), ClusterError> {
    let text = fs::read_to_string(list).map_err(ClusterError::file("read", list))?;
    let task = env::var("SLURM_ARRAY_TASK_ID").ok().and_then(|it| it.parse::<usize>().ok());
    let line = task.and_then(|it| text.lines().nth(it));
    match line {
        // The list is beside the attempts, which may be reached by another path from here.
        Some(id) => {
            let attempts = list.parent().and_then(Path::parent).unwrap_or(list).join("a");
            run_attempt(&attempts.join(id), interrupt)
        }
        None => Err(ClusterError::Garbled {
            path: list.into(),
            what: format!("it has no line for SLURM_ARRAY_TASK_ID {task:?}"),
        }),
    }
}

fn run(attempt: &Attempt, spec: &Spec, interrupt: &Interrupt) -> Option<JobOutcome> {
    let params = SchedulingParams {
        interrupt: interrupt.clone(),
        grace: Duration::from_millis(spec.grace_ms),
        ..SchedulingParams::default()
    };
    let mut scheduler = Scheduler::new(&params);
    let (program, args) = spec.words.split_first()?;
    let mut process = Process::new(program)
        .args(args)
        .current_dir(PathBuf::from(&spec.directory[0]))
        .env("WALK_OUT", attempt.staged())
        .output(Output::File(attempt.output()));
    for (name, value) in &spec.env {
        process = process.env(name, value);
    }
    let job = Job::new(process).timeout(Duration::from_millis(spec.timeout_ms));
    scheduler.submit((), job).ok()?;
    while let Some(ready) = scheduler.next_ready() {
        scheduler.start(ready);
    }
    loop {
        match scheduler.wait() {
            Wake::Finished(finished) => return Some(finished.outcome),
            Wake::Ready => {}
            Wake::Idle => return None,
        }
    }
}

fn end(outcome: &JobOutcome) -> End {
    match (outcome.interrupted, &outcome.ending) {
        (Some(InterruptCause::Timeout), _) => End::TimedOut,
        (Some(InterruptCause::Run), _) => End::Terminated,
        (None, Some(Ending::Exited(code))) => End::Exited(*code),
        (None, Some(Ending::Signaled(signal))) => End::Signaled(*signal),
        (None, Some(ending)) => End::Failed(ending.to_string()),
        (None, None) => End::Failed("it ended without a word".into()),
    }
}

/// Looks after the attempt while its command runs.
struct Watch {
    signs: Arc<Signs>,
    /// Dropped to end the threads.
    stops: Vec<Sender<()>>,
    guard: thread::JoinHandle<()>,
}

/// What the threads of a watch tell each other.
struct Signs {
    /// The beginning of the last write that came through.
    last: Mutex<Instant>,
    is_revoked: AtomicBool,
    /// Whether the command was stopped because of either.
    is_disowned: AtomicBool,
}

impl Watch {
    /// Begins when the first sign of life was given at `started`.
    fn begin(attempt: &Attempt, lease: Duration, started: Instant, interrupt: &Interrupt) -> Self {
        let signs = Arc::new(Signs {
            last: Mutex::new(started),
            is_revoked: AtomicBool::new(false),
            is_disowned: AtomicBool::new(false),
        });
        let mut stops = Vec::new();
        // These two may hang in the file system for as long as it is gone: nobody waits for them.
        for keep in [keep_beating, keep_asking] {
            let (stop, stopped) = channel();
            let (attempt, signs) = (attempt.clone(), Arc::clone(&signs));
            thread::spawn(move || keep(&attempt, &signs, &stopped));
            stops.push(stop);
        }
        let (stop, stopped) = channel();
        stops.push(stop);
        let (theirs, interrupt) = (Arc::clone(&signs), interrupt.clone());
        let guard = thread::spawn(move || keep_guard(&theirs, lease, &interrupt, &stopped));
        Self { signs, stops, guard }
    }

    /// Ends the watch; returns whether the command was stopped by it.
    fn end(self) -> bool {
        drop(self.stops);
        drop(self.guard.join());
        self.signs.is_disowned.load(Ordering::SeqCst)
    }
}

fn keep_beating(attempt: &Attempt, signs: &Signs, stopped: &Receiver<()>) {
    let mut count = 1;
    while is_to_go_on(stopped, BEAT) {
        // That of the moment before: what is written later may be seen as of then.
        let begun = Instant::now();
        if attempt.beat(count).is_ok() {
            *signs.last.lock().unwrap_or_else(PoisonError::into_inner) = begun;
        }
        count += 1;
    }
}

fn keep_asking(attempt: &Attempt, signs: &Signs, stopped: &Receiver<()>) {
    while is_to_go_on(stopped, LOOK) {
        if attempt.is_revoked() {
            signs.is_revoked.store(true, Ordering::SeqCst);
            return;
        }
    }
}

fn keep_guard(signs: &Signs, lease: Duration, interrupt: &Interrupt, stopped: &Receiver<()>) {
    while is_to_go_on(stopped, LOOK) {
        let silent = signs.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if silent > lease {
            signs.is_disowned.store(true, Ordering::SeqCst);
            interrupt.kill();
            return;
        }
        if signs.is_revoked.load(Ordering::SeqCst) {
            signs.is_disowned.store(true, Ordering::SeqCst);
            // There is time for the grace period: whoever revoked it waits for our answer.
            interrupt.trigger();
            return;
        }
    }
}

/// Waits; returns false at once when it is time to stop.
fn is_to_go_on(stopped: &Receiver<()>, pause: Duration) -> bool {
    stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout)
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    env::var("SLURMD_NODENAME").unwrap_or_else(|_| name.trim().to_owned())
}

fn job_number() -> String {
    let variable = |name| env::var(name).ok().filter(|it: &String| !it.is_empty());
    match (variable("SLURM_ARRAY_JOB_ID"), variable("SLURM_ARRAY_TASK_ID")) {
        (Some(job), Some(task)) => format!("{job}_{task}"),
        _ => variable("SLURM_JOB_ID").unwrap_or_default(),
    }
}
