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
    let (job, started) = (job_number(), Instant::now());
    if attempt.is_revoked() || !attempt.claim(&format!("{} {job}", host()))? {
        return Ok(());
    }
    // Any of it may take until nobody waits for us any more.
    let prepared = prepare(&attempt);
    if attempt.is_revoked() {
        return attempt.fence();
    }
    let spec = prepared?;
    let lease = Duration::from_millis(spec.lease_ms);
    if started.elapsed() > lease {
        return Ok(());
    }
    let watch = Watch::begin(&attempt, lease, started, interrupt);
    let outcome = run(&attempt, &spec, interrupt);
    let is_disowned = watch.end();
    if attempt.is_revoked() {
        return attempt.fence();
    }
    if is_disowned {
        return Ok(());
    }
    let end = match outcome {
        Some(outcome) => end(&outcome),
        None if interrupt.is_triggered() => End::Terminated,
        None => End::Failed("the runner ran nothing".into()),
    };
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

/// Gives the first sign of life, and makes ready what the command needs.
fn prepare(attempt: &Attempt) -> Result<Spec, ClusterError> {
    let alive = attempt.dir().join("alive");
    attempt.beat(0).map_err(ClusterError::file("write", &alive))?;
    let spec = attempt.spec()?;
    spec.make_directories(attempt)?;
    Ok(spec)
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
    lease: Duration,
    /// The beginning of the last write that came through while the lease was held.
    last: Mutex<Instant>,
    is_revoked: AtomicBool,
    /// Whether the command was stopped because of either.
    is_disowned: AtomicBool,
}

impl Signs {
    fn has_lapsed(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.lease
    }

    /// Enters a write that began at that moment and came through. One that lapsed is lost for good:
    /// whoever waited for that may have begun another attempt.
    fn renew(&self, begun: Instant) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() <= self.lease {
            *last = begun;
        }
    }
}

impl Watch {
    /// Begins when the first sign of life was given at `started`.
    fn begin(attempt: &Attempt, lease: Duration, started: Instant, interrupt: &Interrupt) -> Self {
        let signs = Arc::new(Signs {
            lease,
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
        let guard = thread::spawn(move || keep_guard(&theirs, &interrupt, &stopped));
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
            signs.renew(begun);
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

fn keep_guard(signs: &Signs, interrupt: &Interrupt, stopped: &Receiver<()>) {
    while is_to_go_on(stopped, LOOK) {
        if signs.has_lapsed() {
            signs.is_disowned.store(true, Ordering::SeqCst);
            interrupt.kill();
            return;
        }
        if signs.is_revoked.load(Ordering::SeqCst) {
            signs.is_disowned.store(true, Ordering::SeqCst);
            // There is time for the grace period, for as long as we are heard of: whoever revoked it
            // waits for our answer.
            interrupt.trigger();
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::Errand;

    /// A directory with an attempt at a script, which says `up` when it has begun.
    struct Fixture {
        dir: tempfile::TempDir,
        attempt: Attempt,
    }

    impl Fixture {
        fn new(script: &str, lease: Duration) -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            for fifo in ["up", "told"] {
                make_fifo(&dir.path().join(fifo));
            }
            let words = ["sh", "-c", &format!("echo > ran; {script}")].map(Into::into);
            let mut errand = Errand::new("a", words.into(), dir.path(), dir.path().join("log"));
            errand.grace = Duration::from_secs(600);
            let attempt = Attempt::create(dir.path(), 1, &errand, lease);
            Self { attempt: attempt.expect("it can be made").expect("the first"), dir }
        }

        /// Runs the attempt; what is received says how that came out.
        fn start(&self, interrupt: Interrupt) -> Receiver<Result<(), ClusterError>> {
            let (done, is_done) = channel();
            let directory = self.attempt.dir().to_owned();
            thread::spawn(move || done.send(run_attempt(&directory, &interrupt)));
            is_done
        }

        /// Waits until somebody writes to a fifo.
        fn hear(&self, fifo: &str) {
            fs::read_to_string(self.dir.path().join(fifo)).expect("a fifo");
        }

        fn has_run(&self) -> bool {
            self.dir.path().join("ran").exists()
        }
    }

    fn make_fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().expect("it runs").success());
    }

    #[track_caller]
    fn await_end(is_done: &Receiver<Result<(), ClusterError>>) {
        let done = is_done.recv_timeout(Duration::from_secs(60)).expect("it ends");
        done.expect("nothing is wrong");
    }

    const LONG: Duration = Duration::from_secs(600);

    /// It was told to stop, took its time for that, and was cut off meanwhile.
    #[test]
    fn a_command_that_takes_its_grace_is_killed_when_the_lease_is_lost() {
        let script = "trap 'echo > told' TERM; echo > up; while :; do sleep 0.1; done";
        let it = Fixture::new(script, Duration::from_secs(3));
        let is_done = it.start(Interrupt::default());
        it.hear("up");
        it.attempt.revoke().expect("it can be written");
        it.hear("told");
        it.attempt.remove();
        await_end(&is_done);
    }

    /// Whoever had it stopped may count from when it began to hang.
    #[test]
    fn what_is_revoked_while_it_hangs_before_its_start_does_not_begin() {
        let it = Fixture::new("", LONG);
        let path = it.attempt.dir().join("spec.json");
        let spec = fs::read(&path).expect("it is there");
        fs::remove_file(&path).expect("ours");
        make_fifo(&path);
        let is_done = it.start(Interrupt::default());
        let mut open = fs::OpenOptions::new();
        let mut fifo = open.write(true).open(&path).expect("the runner reads it");
        it.attempt.revoke().expect("it can be written");
        std::io::Write::write_all(&mut fifo, &spec).expect("the runner reads it");
        drop(fifo);
        await_end(&is_done);
        assert!(it.attempt.is_fenced() && !it.has_run());
    }

    #[test]
    fn what_hangs_for_longer_than_its_lease_before_its_start_does_not_begin() {
        let it = Fixture::new("", Duration::ZERO);
        await_end(&it.start(Interrupt::default()));
        assert!(!it.has_run());
        assert_eq!(it.attempt.verdict().expect("it can be read"), None);
    }

    /// A node that was asleep: another attempt may have begun meanwhile.
    #[test]
    fn a_lease_that_has_lapsed_is_not_renewed() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        let signs = |last: Option<Instant>| Signs {
            lease: Duration::from_secs(5),
            last: Mutex::new(last.expect("the machine runs for longer")),
            is_revoked: AtomicBool::new(false),
            is_disowned: AtomicBool::new(false),
        };
        let (held, lost) = (signs(ago(4)), signs(ago(6)));
        for it in [&held, &lost] {
            it.renew(Instant::now());
        }
        assert!(held.last.lock().expect("unharmed").elapsed() < Duration::from_secs(4));
        assert!(lost.has_lapsed());
    }

    /// It failed as nothing ever does, and was not tried again on another node.
    #[test]
    fn a_runner_that_is_told_to_end_before_it_begins_says_so() {
        let it = Fixture::new("", LONG);
        let interrupt = Interrupt::default();
        interrupt.trigger();
        await_end(&it.start(interrupt));
        let verdict = it.attempt.verdict().expect("it can be read").expect("a verdict");
        assert_eq!((verdict.end, it.has_run()), (End::Terminated, false));
    }
}
