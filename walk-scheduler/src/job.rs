//! What to run, and what it takes while it runs.
//!
//! A job knows neither its name nor what it depends on: the tag given at submission is for that.
//! The queue's name is shared text, so that a hundred thousand jobs of one queue hold one name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{JobContext, JobStatus};

/// The queue of a job that names none, as in e3.
pub const DEFAULT_QUEUE: &str = "default";

/// What a job does.
///
/// Every `FnMut(&JobContext) -> JobStatus` that can be sent to another thread is one, and so is
/// [`Process`](crate::Process).
pub trait Work: Send {
    /// Does the work, on a thread of the scheduler; called once per attempt.
    ///
    /// A thread cannot be killed. Work that takes long asks [`JobContext::is_interrupted`] now and
    /// then, or has itself told by [`JobContext::on_interrupt`]; work that never looks keeps its
    /// slot and its tokens until it returns, and keeps the scheduler from being dropped. Other
    /// jobs go on meanwhile. A panic is a failure with [`Ending::Panicked`](crate::Ending).
    fn run(&mut self, cx: &JobContext) -> JobStatus;
}

impl<F: FnMut(&JobContext) -> JobStatus + Send> Work for F {
    fn run(&mut self, cx: &JobContext) -> JobStatus {
        self(cx)
    }
}

/// Something to run, and the tokens it takes while it runs.
///
/// ```
/// use std::time::Duration;
/// use walk_scheduler::{Job, JobContext, JobStatus};
///
/// let link = Job::new(|_: &JobContext| JobStatus::Success)
///     .queue("link")
///     .tokens(2)
///     .priority(10)
///     .timeout(Duration::from_secs(60));
/// assert_eq!(link.get_queue(), "link");
/// ```
pub struct Job {
    queue: Option<Arc<str>>,
    tokens: u32,
    priority: i32,
    urgency: u64,
    timeout: Option<Duration>,
    attempt: u32,
    work: Box<dyn Work>,
}

impl Job {
    /// Describes a job that takes one token of the queue [`DEFAULT_QUEUE`], with priority 0.
    #[must_use]
    pub fn new(work: impl Work + 'static) -> Self {
        let work = Box::new(work);
        Self { queue: None, tokens: 1, priority: 0, urgency: 0, timeout: None, attempt: 0, work }
    }

    /// Sets the queue to wait in; an `Arc<str>` is shared, not copied.
    #[must_use]
    pub fn queue(mut self, name: impl Into<Arc<str>>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// Sets how many of the queue's tokens the job takes; one that takes none always fits.
    #[must_use]
    pub fn tokens(mut self, tokens: u32) -> Self {
        self.tokens = tokens;
        self
    }

    /// Sets the priority: in a queue the highest starts first, equals by
    /// [`urgency`](Self::urgency), then in order of submission.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the urgency: among jobs of one priority the highest starts first.
    ///
    /// A priority is what somebody decided; the urgency is for what was computed, such as how
    /// much time everything takes that has to come after the job, one after the other
    /// (`walk_dag::Dag::critical_paths`). It counts in the first attempt: a further one waits
    /// behind all of its priority, lest what is not ready keeps out what would make it so.
    ///
    /// ```
    /// use walk_scheduler::{Job, JobContext, JobStatus, Scheduler, SchedulingParams};
    ///
    /// let mut scheduler = Scheduler::new(&SchedulingParams::default());
    /// for (name, urgency) in [("short", 200), ("begins a long chain", 2400)] {
    ///     let job = Job::new(|_: &JobContext| JobStatus::Success).urgency(urgency);
    ///     scheduler.submit(name, job)?;
    /// }
    /// let first = scheduler.next_ready().expect("a token is free");
    /// assert_eq!(first.tag, "begins a long chain");
    /// # Ok::<(), walk_scheduler::SubmitError>(())
    /// ```
    #[must_use]
    pub fn urgency(mut self, urgency: u64) -> Self {
        self.set_urgency(urgency);
        self
    }

    /// Sets the urgency of a job that is made already.
    pub fn set_urgency(&mut self, urgency: u64) {
        self.urgency = urgency;
    }

    /// Sets how long the job may run, in place of the run's limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Returns the name of the queue.
    #[must_use]
    pub fn get_queue(&self) -> &str {
        self.queue.as_deref().unwrap_or(DEFAULT_QUEUE)
    }

    /// Returns how many tokens the job takes.
    #[must_use]
    pub fn get_tokens(&self) -> u32 {
        self.tokens
    }

    /// Returns the priority.
    #[must_use]
    pub fn get_priority(&self) -> i32 {
        self.priority
    }

    /// Returns the urgency.
    #[must_use]
    pub fn get_urgency(&self) -> u64 {
        self.urgency
    }

    /// Returns the job's own timeout, if it has one.
    #[must_use]
    pub fn get_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns how often the job was started.
    #[must_use]
    pub fn get_attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn begin_attempt(&mut self) -> u32 {
        self.attempt = self.attempt.saturating_add(1);
        self.attempt
    }

    pub(crate) fn run(&mut self, cx: &JobContext) -> JobStatus {
        self.work.run(cx)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("queue", &self.get_queue())
            .field("tokens", &self.tokens)
            .field("priority", &self.priority)
            .field("urgency", &self.urgency)
            .field("timeout", &self.timeout)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
