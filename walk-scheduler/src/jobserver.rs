//! The jobserver of GNU make, as its client and as a server of its own.
//!
//! The protocol is a pipe with a byte for each thing that may run beside the first. Every process has
//! one thing for nothing; for each more it takes a byte, and gives it back. So all that takes
//! part, make, cargo, `gcc -flto`, ninja, walk, runs no more at once than whoever made the pipe allows.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::os::Tokens;

/// What make writes for a token.
const TOKEN: u8 = b'+';

/// A pool of tokens that is shared with other processes, as GNU make's jobserver has it.
///
/// Set as [`SchedulingParams::jobserver`](crate::SchedulingParams::jobserver) it limits how many jobs
/// run at once, over all queues: the first needs no token, each further one takes one, and gives it
/// back when it ended. Should this process be killed, the guardian gives back what it held.
///
/// ```
/// use walk_scheduler::{Job, JobContext, JobStatus, Jobserver, Scheduler, SchedulingParams, Wake};
///
/// let jobserver = Jobserver::serve(2)?;
/// assert!(jobserver.makeflags().starts_with("-j2 --jobserver-auth="));
/// let mut params = SchedulingParams { jobserver: Some(jobserver), ..SchedulingParams::default() };
/// params.queues.insert("default".into(), 8);
/// let mut scheduler = Scheduler::new(&params);
/// for number in 0..8 {
///     scheduler.submit(number, Job::new(|_: &JobContext| JobStatus::Success)).unwrap();
/// }
/// let mut ended = 0;
/// while ended < 8 {
///     while let Some(ready) = scheduler.next_ready() {
///         scheduler.start(ready);
///     }
///     if let Wake::Finished(_) = scheduler.wait() {
///         ended += 1;
///     }
/// }
/// assert_eq!(scheduler.max_active_jobs(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Jobserver {
    tokens: Arc<Tokens>,
    /// What children are told, and how many tokens there are in all, if they are our own.
    served: Option<(String, u32)>,
}

impl Jobserver {
    /// Joins the jobserver behind a fifo (`--jobserver-auth=fifo:PATH`, make 4.4).
    ///
    /// # Errors
    ///
    /// When the fifo cannot be opened, or is none.
    pub fn join_fifo(path: &Path) -> io::Result<Self> {
        Ok(Self { tokens: Arc::new(Tokens::of_fifo(path)?), served: None })
    }

    /// Joins the jobserver behind a pipe that this process inherited (`--jobserver-auth=R,W`), by the
    /// numbers of its descriptors; Linux only.
    ///
    /// # Errors
    ///
    /// When they are not open, as make has it for a command that is not marked by `+`, or no pipe.
    pub fn join_pipe(read: i32, write: i32) -> io::Result<Self> {
        Ok(Self { tokens: Arc::new(Tokens::of_pipe(read, write)?), served: None })
    }

    /// Makes a jobserver that lets `jobs` things run at once, behind a pipe that children inherit, as
    /// every version of make and cargo know it; Linux only.
    ///
    /// # Errors
    ///
    /// When there can be no more descriptors.
    pub fn serve(jobs: u32) -> io::Result<Self> {
        let (tokens, read, write) = Tokens::new_pipe()?;
        Ok(Self::with_tokens(tokens, jobs, &format!("{read},{write}")))
    }

    /// Makes a jobserver behind a new fifo at `path`, as make 4.4 and ninja 1.13 know it; the fifo is
    /// removed with the last clone of it.
    ///
    /// # Errors
    ///
    /// When the fifo cannot be made.
    pub fn serve_fifo(path: &Path, jobs: u32) -> io::Result<Self> {
        let tokens = Tokens::new_fifo(path)?;
        Ok(Self::with_tokens(tokens, jobs, &format!("fifo:{}", path.display())))
    }

    /// Returns what `MAKEFLAGS` has to be for children to take part; empty if it is somebody else's
    /// jobserver, as they have it then already.
    #[must_use]
    pub fn makeflags(&self) -> &str {
        self.served.as_ref().map_or("", |it| &it.0)
    }

    fn with_tokens(tokens: Tokens, jobs: u32, auth: &str) -> Self {
        let mut flags = format!("-j{jobs}");
        let _ = write!(flags, " --jobserver-auth={auth}");
        let jobserver = Self { tokens: Arc::new(tokens), served: Some((flags, jobs)) };
        jobserver.refill();
        jobserver
    }

    pub(crate) fn take(&self) -> Option<u8> {
        self.tokens.take()
    }

    pub(crate) fn give(&self, token: u8) {
        self.tokens.give(token);
    }

    /// Makes good for what was lost with somebody who was killed: to be called when nothing runs.
    pub(crate) fn refill(&self) {
        let Some((_, jobs)) = self.served else { return };
        while self.take().is_some() {}
        (1..jobs).for_each(|_| self.give(TOKEN));
    }

    pub(crate) fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }
}
