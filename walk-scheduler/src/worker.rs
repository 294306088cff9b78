//! The threads that run jobs.
//!
//! The scheduler knows them as its crew, so that it can be proven with a crew that only plays.
//! Slot `n` is thread `walk-job-n`, started when the slot is first used and kept until the
//! scheduler goes. As the smallest free slot is taken first, the threads in use are those that
//! were busy last, and a new one is started only when all others are at work. A thread that has
//! nothing to do looks for work a few microseconds long before it sleeps, if jobs are that short:
//! to wake a sleeping thread costs more than most closures run for, and less than any command.

use std::any::Any;
use std::fmt;
use std::hint;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use crate::{Ending, InterruptCause, Job, JobContext, JobStatus};

/// How often to look for a message before sleeping, at some 10 to 40 ns a look.
const LOOKS: u32 = 200;

/// What takes longer is not waited for with open eyes.
const SHORT: Duration = Duration::from_micros(50);

/// What a worker is given to do.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) job: Job,
    pub(crate) context: Arc<JobContext>,
}

/// All that ever comes back to the scheduler.
#[derive(Debug)]
pub(crate) enum Message {
    /// A job ended.
    Ended(Ended),
    /// The state shared with [`Interrupt`](crate::Interrupt) has changed.
    Notice,
}

/// A job that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) slot: usize,
    pub(crate) job: Job,
    pub(crate) status: JobStatus,
    pub(crate) ending: Option<Ending>,
    pub(crate) interrupted: Option<InterruptCause>,
    pub(crate) duration: Duration,
    pub(crate) left_behind: bool,
}

/// Who runs jobs, and how the scheduler waits for them.
pub(crate) trait Crew: fmt::Debug + Send {
    /// Has the job of the assignment run; its end comes as a message.
    fn assign(&mut self, assignment: Assignment);

    /// Waits for a message, no longer than `limit`.
    fn receive(&mut self, inbox: &Receiver<Message>, limit: Option<Duration>) -> Option<Message>;

    /// Lets everybody go; nothing runs any more.
    fn join(&mut self);
}

/// The threads, by slot.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    threads: Vec<Option<Worker>>,
    /// How long the job took that ended last.
    last: Duration,
}

#[derive(Debug)]
struct Worker {
    inbox: Sender<Assignment>,
    thread: JoinHandle<()>,
}

impl Crew for Workers {
    /// Has the thread of the job's slot run it.
    fn assign(&mut self, assignment: Assignment) {
        let slot = assignment.context.slot();
        if self.threads.len() <= slot {
            self.threads.resize_with(slot + 1, || None);
        }
        let worker = match self.threads[slot].take().map_or_else(|| Worker::start(slot), Ok) {
            Ok(worker) => self.threads[slot].insert(worker),
            Err(error) => return self.hand_over(assignment, &error),
        };
        worker.give(assignment);
    }

    fn receive(&mut self, inbox: &Receiver<Message>, limit: Option<Duration>) -> Option<Message> {
        let message = receive(inbox, limit, self.last).ok();
        if let Some(Message::Ended(ended)) = &message {
            self.last = ended.duration;
        }
        message
    }

    fn join(&mut self) {
        let (inboxes, threads): (Vec<_>, Vec<_>) =
            self.threads.drain(..).flatten().map(|worker| (worker.inbox, worker.thread)).unzip();
        drop(inboxes);
        for thread in threads {
            if thread.join().is_err() {
                log::error!("a job's thread panicked outside of any job");
            }
        }
    }
}

impl Workers {
    /// Has the thread with the least to do run a job whose own cannot be started; without any, the
    /// job fails.
    fn hand_over(&self, assignment: Assignment, error: &io::Error) {
        match self.threads.iter().flatten().min_by_key(|it| it.inbox.len()) {
            Some(worker) => worker.give(assignment),
            None => refuse(assignment, error),
        }
    }
}

impl Worker {
    fn start(slot: usize) -> io::Result<Self> {
        let (inbox, assignments) = unbounded();
        let thread = thread::Builder::new()
            .name(format!("walk-job-{slot}"))
            .spawn(move || work(&assignments))?;
        Ok(Self { inbox, thread })
    }

    fn give(&self, assignment: Assignment) {
        self.inbox.send(assignment).expect("a worker listens until its inbox is dropped");
    }
}

/// Receives a message, sleeping for `limit` at most; looks a while before, where the last job was
/// short.
fn receive<M>(
    inbox: &Receiver<M>,
    limit: Option<Duration>,
    last: Duration,
) -> Result<M, RecvTimeoutError> {
    for _ in 0..if last < SHORT { LOOKS } else { 1 } {
        if let Ok(message) = inbox.try_recv() {
            return Ok(message);
        }
        hint::spin_loop();
    }
    match limit {
        Some(limit) => inbox.recv_timeout(limit),
        None => inbox.recv().map_err(RecvTimeoutError::from),
    }
}

fn work(assignments: &Receiver<Assignment>) {
    let mut last = Duration::ZERO;
    while let Ok(assignment) = receive(assignments, None, last) {
        last = carry_out(assignment);
    }
}

/// Runs a job on this thread, and tells the scheduler of its end; returns how long it took.
pub(crate) fn carry_out(Assignment { job, context }: Assignment) -> Duration {
    let ended = perform(job, &context);
    let duration = ended.duration;
    context.run().send(Message::Ended(ended));
    duration
}

fn perform(mut job: Job, context: &JobContext) -> Ended {
    let started = Instant::now();
    let result = if context.is_interrupted() {
        Ok(JobStatus::Failure)
    } else {
        panic::catch_unwind(AssertUnwindSafe(|| job.run(context)))
    };
    let duration = started.elapsed();
    let left_behind = context.has_left_behind();
    let (interrupted, reported) = context.close();
    let (status, ending) = match (interrupted, result) {
        (Some(cause), _) => (JobStatus::Failure, Some(Ending::Interrupted(cause))),
        (None, Ok(status)) => (status, reported),
        (None, Err(payload)) => (JobStatus::Failure, Some(Ending::Panicked(panic_text(payload)))),
    };
    Ended { slot: context.slot(), job, status, ending, interrupted, duration, left_behind }
}

/// Calls `work`, and returns what it said if it panicked.
///
/// ```
/// # use walk_scheduler::catch_panic;
/// assert_eq!(catch_panic(|| 1), Ok(1));
/// assert_eq!(catch_panic(|| -> u32 { panic!("no {}", "way") }), Err("no way".to_owned()));
/// ```
///
/// # Errors
///
/// Returns the text of the panic.
pub fn catch_panic<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(panic_text)
}

/// Returns what a panic said.
pub(crate) fn panic_text(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast::<&str>() {
            Ok(text) => text.to_string(),
            Err(payload) => {
                // Dropping a foreign value may panic again, and nobody would catch that.
                std::mem::forget(payload);
                "no text".to_owned()
            }
        },
    }
}

fn refuse(Assignment { job, context }: Assignment, error: &io::Error) {
    let ending = Some(Ending::SpawnFailed(format!("cannot start a thread: {error}")));
    let (slot, status, duration) = (context.slot(), JobStatus::Failure, Duration::ZERO);
    let (interrupted, left_behind) = (None, false);
    let ended = Ended { slot, job, status, ending, interrupted, duration, left_behind };
    context.run().send(Message::Ended(ended));
}
