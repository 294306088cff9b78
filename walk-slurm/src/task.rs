//! One errand on its way: attempts, one after the other, until one tells how it ended.
//!
//! It runs on a thread of walk-scheduler and only waits: the work is done by the threads of the
//! cluster and by the node.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use walk_scheduler::{Ending, InterruptCause, JobContext, JobStatus, Work};

use crate::attempt::{Attempt, End, Mark, Verdict};
use crate::books::Fate;
use crate::judge::{Opinion, judge};
use crate::{Cluster, ClusterError, Errand};

/// How many further attempts follow those that were lost.
const LOSSES: u32 = 2;

/// How long Slurm is asked for what its jobs do not know themselves.
const CURIOSITY: Duration = Duration::from_secs(20);

/// How much longer than its grace period somebody waits for an attempt that is to stop.
const MORE: Duration = Duration::from_secs(10);

/// Work that runs an errand on a cluster.
pub struct Task {
    cluster: Cluster,
    errand: Errand,
    taken_over: Option<(SystemTime, Option<i64>)>,
    node: Option<String>,
    ran: Option<Duration>,
}

impl Work for Task {
    fn run(&mut self, cx: &JobContext) -> JobStatus {
        let (ending, status) = match self.travel(cx) {
            Ok(ended) => ended,
            Err(error) => (Some(Ending::Message(error.to_string())), JobStatus::Failure),
        };
        if let Some(ending) = ending {
            cx.report(ending);
        }
        status
    }
}

impl Task {
    pub(crate) fn new(cluster: Cluster, errand: Errand) -> Self {
        Self { cluster, errand, taken_over: None, node: None, ran: None }
    }

    /// Returns when the attempt that counts was made, if an earlier process made it: by our clock,
    /// and by that of the shared file system in nanoseconds since 1970. What it read, it read after
    /// that.
    #[must_use]
    pub fn taken_over(&self) -> Option<(SystemTime, Option<i64>)> {
        self.taken_over
    }

    /// Returns the node that the attempt that counts ran on.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// Returns how long the command of the attempt that counts ran there, without the time that its
    /// job waited for a node.
    #[must_use]
    pub fn ran(&self) -> Option<Duration> {
        self.ran
    }

    fn travel(&mut self, cx: &JobContext) -> Result<Ended, ClusterError> {
        let books = Arc::clone(self.cluster.books());
        cx.on_interrupt(move || books.tell());
        let (mut next, others) = self.cluster.take_over(&self.errand)?;
        for other in others {
            if !self.fence(&other, cx)? {
                if let Some(mine) = &next {
                    self.recall(mine, cx)?;
                }
                return Ok(interrupted());
            }
        }
        self.taken_over = next.as_ref().map(|attempt| {
            // Of one that cannot be read any more nobody knows when it began.
            (attempt.spec().map_or(UNIX_EPOCH, |it| it.made()), attempt.made_ns())
        });
        let mut losses = 0;
        loop {
            let attempt = match next.take() {
                Some(attempt) => attempt,
                None => self.cluster.begin(&self.errand)?,
            };
            let Some(fate) = self.await_fate(&attempt, cx) else {
                self.recall(&attempt, cx)?;
                return Ok(interrupted());
            };
            let fate = self.explain(&attempt, fate, cx);
            let fate = if self.taken_over.is_some() { believed(&attempt, fate) } else { fate };
            match fate {
                Fate::Ended(verdict) => return self.arrive(&attempt, verdict),
                Fate::TimedOut => {
                    self.recall(&attempt, cx)?;
                    return Ok((
                        Some(Ending::Interrupted(InterruptCause::Timeout)),
                        JobStatus::Failure,
                    ));
                }
                Fate::Failed(text) => {
                    self.recall(&attempt, cx)?;
                    return Ok((Some(Ending::Message(text)), JobStatus::Failure));
                }
                Fate::Lost(why) => {
                    losses += 1;
                    let why = why + &last_words(&attempt);
                    if losses > LOSSES {
                        self.recall(&attempt, cx)?;
                        let text = format!("lost {losses} times, at last: {why}");
                        return Ok((Some(Ending::Message(text)), JobStatus::Failure));
                    }
                    log::warn!(target: "walk", "`{}`: {why}: trying again", self.errand.name);
                    if !self.fence(&attempt, cx)? {
                        return Ok(interrupted());
                    }
                    self.taken_over = None;
                }
            }
        }
    }

    /// Waits for the attempt to come out; `None` if the job is interrupted first.
    fn await_fate(&self, attempt: &Attempt, cx: &JobContext) -> Option<Fate> {
        let books = self.cluster.books();
        let id = attempt.id();
        let mut state = books.lock();
        loop {
            match state.entries.get(&id) {
                Some(entry) if entry.fate.is_some() => return entry.fate.clone(),
                Some(_) => {}
                None => return Some(Fate::Lost("it was forgotten".into())),
            }
            if cx.is_interrupted() {
                return None;
            }
            state = books.wait(state, Duration::from_secs(1));
        }
    }

    /// Asks Slurm about an end that may not be the command's own.
    fn explain(&self, attempt: &Attempt, fate: Fate, cx: &JobContext) -> Fate {
        let verdict = match fate {
            Fate::Ended(it) if matches!(it.end, End::Terminated | End::Signaled(9)) => it,
            fate => return fate,
        };
        let books = self.cluster.books();
        let begun = Instant::now();
        let mut state = books.lock();
        let seen = state.looks;
        // The second look is after the end for sure, and the state may lag behind.
        while begun.elapsed() < CURIOSITY && !cx.is_interrupted() && state.looks < seen + 3 {
            state.curious = seen + 3;
            books.tell();
            state = books.wait(state, Duration::from_millis(200));
            let line = state.entries.get(&attempt.id()).and_then(|it| it.line.as_ref());
            match line.map(|it| judge(Some(it), crate::judge::Looks::default())) {
                Some(Opinion::Lost(text)) => return Fate::Lost(text),
                Some(Opinion::Failed(text)) => return Fate::Failed(text),
                Some(Opinion::TimedOut) => return Fate::TimedOut,
                _ => {}
            }
        }
        if verdict.end == End::Terminated {
            return Fate::Failed(format!("ended by a signal to its job on {}", verdict.host));
        }
        Fate::Ended(verdict)
    }

    /// Takes in what a command left that came to an end of its own.
    fn arrive(&mut self, attempt: &Attempt, verdict: Verdict) -> Result<Ended, ClusterError> {
        take_in(&attempt.output(), &self.errand.output)?;
        if verdict.end == End::Exited(0) {
            for output in &self.errand.outputs {
                if let Ok(path) = output.strip_prefix(&self.errand.root) {
                    take_in(&attempt.staged().join(path), output)?;
                }
            }
        }
        self.cluster.forget(attempt);
        self.node = Some(verdict.host);
        self.ran = Some(Duration::from_millis(verdict.duration_ms));
        Ok(match verdict.end {
            End::Exited(code) => {
                let status = match JobStatus::from_exit_code(code) {
                    status @ (JobStatus::Success | JobStatus::NotReady) => status,
                    _ => JobStatus::Failure,
                };
                (Some(Ending::Exited(code)), status)
            }
            End::Signaled(signal) => (Some(Ending::Signaled(signal)), JobStatus::Failure),
            End::TimedOut => {
                (Some(Ending::Interrupted(InterruptCause::Timeout)), JobStatus::Failure)
            }
            End::Terminated => interrupted(),
            End::Failed(text) => (Some(Ending::Message(text)), JobStatus::Failure),
        })
    }

    /// Stops an attempt, and waits for as long as a person would for it to be gone, who may be told not
    /// to wait at all.
    fn recall(&self, attempt: &Attempt, cx: &JobContext) -> Result<(), ClusterError> {
        let revoked = self.cluster.revoke(attempt);
        let (begun, longest) = (Instant::now(), self.errand.grace.saturating_add(MORE));
        self.cluster.await_recalled(attempt, &|| cx.is_killed() || begun.elapsed() > longest);
        revoked
    }

    /// Stops an attempt for good, so that another can begin; false if the job is interrupted.
    fn fence(&self, attempt: &Attempt, cx: &JobContext) -> Result<bool, ClusterError> {
        self.cluster.revoke(attempt)?;
        if !self.cluster.await_end(attempt, &|| cx.is_interrupted()) {
            return Ok(false);
        }
        // What a node wrote and has not sent yet is for a file that is gone.
        for output in &self.errand.outputs {
            if fs::symlink_metadata(output).is_ok_and(|it| !it.is_dir()) {
                fs::remove_file(output).map_err(ClusterError::file("remove", output))?;
            }
        }
        Ok(true)
    }
}

/// Doubts a success of which somebody has changed or removed an output since.
fn believed(attempt: &Attempt, fate: Fate) -> Fate {
    let Fate::Ended(verdict) = &fate else { return fate };
    if verdict.end != End::Exited(0) {
        return fate;
    }
    let spec = match attempt.spec() {
        Ok(spec) => spec,
        Err(error) => return Fate::Lost(error.to_string()),
    };
    let now: Vec<_> = spec.written(attempt).iter().map(|it| Mark::of(it)).collect();
    if now == verdict.marks {
        return fate;
    }
    Fate::Lost("what an earlier walk had it make is not there any more".into())
}

type Ended = (Option<Ending>, JobStatus);

fn interrupted() -> Ended {
    (None, JobStatus::Failure)
}

/// Returns the last line that the shell of a job wrote, in brackets.
fn last_words(attempt: &Attempt) -> String {
    let text = fs::read(attempt.slurm_log()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().map(str::trim).rfind(|it| !it.is_empty());
    last.map(|it| format!(" ({it})")).unwrap_or_default()
}

/// Moves a file or directory into place, if it is there; a file takes the place of another at once.
fn take_in(from: &Path, to: &Path) -> Result<(), ClusterError> {
    let Ok(found) = fs::symlink_metadata(from) else { return Ok(()) };
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(ClusterError::file("create", parent))?;
    }
    if found.is_dir() && to.is_dir() {
        fs::remove_dir_all(to).map_err(ClusterError::file("remove", to))?;
    }
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices && found.is_file() => {
            let mut beside = to.as_os_str().to_owned();
            beside.push(".walk-new");
            let copied = fs::copy(from, &beside).and_then(|_| fs::rename(&beside, to));
            copied.map_err(ClusterError::file("write", to))
        }
        moved => moved.map_err(ClusterError::file("write", to)),
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("errand", &self.errand).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing tells of which files an earlier walk had it make.
    #[test]
    fn a_success_whose_specification_can_not_be_read_is_not_believed() {
        let verdict = Verdict {
            end: End::Exited(0),
            host: "n1".into(),
            job: "100".into(),
            duration_ms: 1,
            marks: Vec::new(),
        };
        let fate = believed(&Attempt::at("/nowhere/a.1"), Fate::Ended(verdict));
        assert!(matches!(fate, Fate::Lost(_)), "{fate:?}");
    }
}
