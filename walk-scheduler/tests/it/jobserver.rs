//! GNU make's jobserver: no more at once than it has tokens, and every token given back.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use walk_scheduler::{
    Interrupt, Job, JobContext, JobStatus, Jobserver, Process, Scheduler, SchedulingParams, Wake,
};

/// Somebody else's fifo with so many tokens; kept open, as make does.
struct Pool {
    directory: tempfile::TempDir,
    file: File,
}

impl Pool {
    fn new(tokens: &[u8]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("fifo");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a fifo");
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path);
        let pool = Self { file: file.expect("it can be opened"), directory };
        pool.give(tokens);
        pool
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("fifo")
    }

    fn give(&self, tokens: &[u8]) {
        (&self.file).write_all(tokens).expect("there is room");
    }

    /// Takes all tokens that are there.
    fn drain(&self) -> Vec<u8> {
        let mut bytes = [0; 100];
        let count = (&self.file).read(&mut bytes).unwrap_or(0);
        bytes[..count].to_vec()
    }

    /// Waits until there are so many tokens, and returns them.
    fn await_tokens(&self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut tokens = Vec::new();
        while tokens.len() < count {
            tokens.extend(self.drain());
            assert!(Instant::now() < deadline, "only {tokens:?}");
            std::thread::yield_now();
        }
        tokens
    }
}

fn params(jobserver: Jobserver, jobs: u32) -> SchedulingParams {
    let mut params = SchedulingParams { jobserver: Some(jobserver), ..SchedulingParams::default() };
    params.queues.insert("default".into(), jobs);
    params
}

fn join(path: &Path) -> Jobserver {
    Jobserver::join_fifo(path).expect("it can be joined")
}

/// Runs all that was submitted to its end; returns how many ended.
fn run(scheduler: &mut Scheduler<u32>) -> usize {
    let mut ended = 0;
    loop {
        while let Some(ready) = scheduler.next_ready() {
            scheduler.start(ready);
        }
        match scheduler.wait() {
            Wake::Finished(_) => ended += 1,
            Wake::Ready => {}
            Wake::Idle => return ended,
        }
    }
}

fn submit_all(scheduler: &mut Scheduler<u32>, count: u32, job: impl Fn() -> Job) {
    for number in 0..count {
        scheduler.submit(number, job()).expect("it fits");
    }
}

/// A job that notes how many run beside it.
fn counting(now: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) -> Job {
    let (now, most) = (Arc::clone(now), Arc::clone(most));
    Job::new(move |_: &JobContext| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        now.fetch_sub(1, Ordering::SeqCst);
        JobStatus::Success
    })
}

#[test]
fn no_more_run_than_there_are_tokens_and_one() {
    let pool = Pool::new(b"ab");
    let (now, most) = (Arc::default(), Arc::default());
    let mut scheduler = Scheduler::new(&params(join(&pool.path()), 8));
    submit_all(&mut scheduler, 50, || counting(&now, &most));
    assert_eq!(run(&mut scheduler), 50);
    assert_eq!(scheduler.max_active_jobs(), 3);
    assert!(most.load(Ordering::SeqCst) <= 3);
    let mut back = pool.drain();
    back.sort_unstable();
    assert_eq!(back, b"ab", "each token is given back as it was, before the end");
}

#[test]
fn without_a_token_one_runs_after_the_other() {
    let pool = Pool::new(b"");
    let (now, most) = (Arc::default(), Arc::default());
    let mut scheduler = Scheduler::new(&params(join(&pool.path()), 8));
    submit_all(&mut scheduler, 20, || counting(&now, &most));
    assert_eq!((run(&mut scheduler), most.load(Ordering::SeqCst)), (20, 1));
}

#[test]
fn a_token_that_comes_late_lets_another_start_at_once() {
    let pool = Arc::new(Pool::new(b""));
    let mut scheduler = Scheduler::new(&params(join(&pool.path()), 2));
    // The first ends when the second has run: it does so only if it is given a token meanwhile.
    let (met, meeting) = crossbeam_channel::bounded::<()>(0);
    let giver = Arc::clone(&pool);
    let first = Job::new(move |_: &JobContext| {
        giver.give(b"x");
        meeting.recv().map_or(JobStatus::Failure, |()| JobStatus::Success)
    });
    let second = Job::new(move |_: &JobContext| {
        met.send(()).map_or(JobStatus::Failure, |()| JobStatus::Success)
    });
    scheduler.submit(0, first.priority(1)).expect("it fits");
    scheduler.submit(1, second).expect("it fits");
    assert_eq!(run(&mut scheduler), 2);
    assert_eq!(pool.await_tokens(1), b"x");
}

#[test]
fn what_is_held_goes_back_when_a_run_is_given_up() {
    let pool = Pool::new(b"xyz");
    let mut scheduler = Scheduler::new(&params(join(&pool.path()), 4));
    submit_all(&mut scheduler, 4, || {
        Job::new(|cx: &JobContext| {
            while !cx.is_interrupted() {
                std::thread::yield_now();
            }
            JobStatus::Success
        })
    });
    while let Some(ready) = scheduler.next_ready() {
        scheduler.start(ready);
    }
    assert_eq!((scheduler.running(), pool.drain().len()), (4, 0));
    drop(scheduler);
    assert_eq!(pool.drain().len(), 3);
}

#[test]
fn an_interrupted_run_gives_everything_back() {
    let pool = Pool::new(b"xyz");
    let interrupt = Interrupt::default();
    let params = SchedulingParams { interrupt: interrupt.clone(), ..params(join(&pool.path()), 4) };
    let mut scheduler = Scheduler::new(&params);
    submit_all(&mut scheduler, 10, || Job::new(Process::new("sleep").arg("1000")));
    while let Some(ready) = scheduler.next_ready() {
        scheduler.start(ready);
    }
    interrupt.trigger();
    assert_eq!(run(&mut scheduler), 4);
    assert_eq!(pool.drain().len(), 3);
}

#[test]
fn our_own_makes_good_what_a_killed_child_took_along() {
    let jobserver = Jobserver::serve(3).expect("a pipe");
    let flags = jobserver.makeflags().to_owned();
    let auth = flags.strip_prefix("-j3 --jobserver-auth=").expect("as make has it");
    let (read, _) = auth.split_once(',').expect("two numbers");
    let mut scheduler = Scheduler::new(&params(jobserver.clone(), 3));
    // Takes a token of its own and dies with it.
    let thief = Process::new("sh").args(["-c", &format!("head -c 1 <&{read}; kill -9 $$")]);
    scheduler.submit(0, Job::new(thief)).expect("it fits");
    assert_eq!(run(&mut scheduler), 1);
    let (now, most) = (Arc::default(), Arc::default());
    submit_all(&mut scheduler, 30, || counting(&now, &most));
    assert_eq!(run(&mut scheduler), 30);
    assert_eq!(scheduler.max_active_jobs(), 3);
}

#[test]
fn children_find_our_own_by_what_makeflags_say() {
    let directory = tempfile::tempdir().expect("a directory");
    let fifo = directory.path().join("jobs");
    let served = Jobserver::serve_fifo(&fifo, 4).expect("a fifo");
    assert_eq!(served.makeflags(), format!("-j4 --jobserver-auth=fifo:{}", fifo.display()));
    let joined = join(&fifo);
    let mut scheduler = Scheduler::new(&params(joined, 8));
    let (now, most) = (Arc::default(), Arc::default());
    submit_all(&mut scheduler, 30, || counting(&now, &most));
    assert_eq!((run(&mut scheduler), scheduler.max_active_jobs()), (30, 4));
    drop((scheduler, served));
    assert!(!fifo.exists(), "it goes with who made it");
}

#[test]
fn what_is_no_pipe_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("file"), "").expect("it can be written");
    for path in ["file", "missing"] {
        assert!(Jobserver::join_fifo(&directory.path().join(path)).is_err(), "{path}");
    }
    assert!(Jobserver::join_pipe(9_998, 9_999).is_err());
}
