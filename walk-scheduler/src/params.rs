//! The limits within which jobs run.

use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::{DEFAULT_QUEUE, Interrupt, Jobserver};

/// The limits within which jobs run.
///
/// The default is e3's: one queue of one token, a day for a job.
///
/// ```
/// use walk_scheduler::SchedulingParams;
///
/// let mut params = SchedulingParams::default();
/// params.queues.insert("default".into(), 8);
/// params.queues.insert("link".into(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct SchedulingParams {
    /// How many tokens each queue has; none at all means one queue `default` of one token.
    pub queues: BTreeMap<String, u32>,
    /// How long a job may run that does not say itself (e3's `DEFAULT_JOB_MAX_DURATION`, 24 h).
    pub job_timeout: Duration,
    /// How long children have between SIGTERM and SIGKILL (5 s).
    pub grace: Duration,
    /// What interrupts and suspends the run.
    pub interrupt: Interrupt,
    /// After how many failures nothing more is to start; never if `None`. The scheduler only
    /// carries the number: whoever collects the jobs counts, and calls
    /// [`clear_waiting`](crate::Scheduler::clear_waiting).
    pub max_failures: Option<NonZeroU32>,
    /// How many jobs run at once, over all queues and whatever tokens are free (ninja's `-j` beside
    /// its pools); as many as the tokens allow if `None`.
    pub max_active: Option<NonZeroU32>,
    /// The load average from which on nothing more starts while a job runs (`-l` of ninja and
    /// make): jobs that run, or wait for a processor or a disk, on the whole machine, averaged
    /// over the last minute. No limit if `None`.
    ///
    /// With nothing running one job may always start, so that 0 means one at a time. The average is
    /// looked at when jobs may start, that is when jobs were submitted and when one ended; jobs
    /// taken by [`next_ready`](crate::Scheduler::next_ready) and not yet started count as load.
    /// Where the system does not tell its load (all but Linux) nothing is limited, and the log
    /// says so once.
    pub max_load: Option<f64>,
    /// A pool of tokens, shared with other processes, that each running job but the first takes one
    /// of, whatever queue it is in.
    pub jobserver: Option<Jobserver>,
    /// A file, such as one with a lock on it, that stays open for as long as a command of the run
    /// is alive, even if this process is killed. Nothing else is done with it. A lock that is to
    /// go with the run has to be given back, not only closed: the guardian that looks after the
    /// commands has the same open file.
    pub held: Option<Arc<File>>,
}

impl Default for SchedulingParams {
    fn default() -> Self {
        Self {
            queues: BTreeMap::from([(DEFAULT_QUEUE.into(), 1)]),
            job_timeout: Duration::from_secs(24 * 60 * 60),
            grace: Duration::from_secs(5),
            interrupt: Interrupt::default(),
            max_failures: None,
            max_active: None,
            max_load: None,
            jobserver: None,
            held: None,
        }
    }
}
