//! What a worker thread hands back of one command, beyond how it ended.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use walk_core::Value;
use walk_core::fingerprint::Observed;

use super::{History, Usual};
use crate::FileId;

/// What was seen of a command after it ran.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// Its outputs.
    pub(crate) outputs: Vec<(FileId, Observed)>,
    /// The time of the file system when it started, in nanoseconds since 1970: what was
    /// written later has a later time, or the same.
    pub(crate) started_ns: Option<i64>,
    /// The files that its depfile names, as it names them.
    pub(crate) discovered: Vec<PathBuf>,
    /// Whether nobody knows what it read: there is no depfile.
    pub(crate) is_blind: bool,
    /// By what it is kept in the cache, if it may be.
    pub(crate) keepable: Option<u64>,
    /// When it began, if that was in an earlier walk.
    pub(crate) began: Option<SystemTime>,
    /// How long it ran, if that is not how long its job took.
    pub(crate) ran: Option<Duration>,
    /// What its `late` command printed.
    pub(crate) late: Option<Value>,
    /// The file that holds what it wrote, if it wrote anything.
    pub log: Option<PathBuf>,
    /// The outputs that were removed because it failed.
    pub removed: Vec<PathBuf>,
    /// How this run compares to earlier ones; nothing before its last attempt ended.
    pub conduct: Conduct,
}

/// How a run of an action compares to earlier ones.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Conduct {
    /// Whether it passed only on a retry, after a failure.
    pub is_flaky: bool,
    /// Whether its outputs were taken from the cache: it did not run.
    pub is_restored: bool,
    /// Whether an earlier walk began it, elsewhere, and this one only saw its end.
    pub is_taken_over: bool,
    /// How long it usually takes, if it took clearly longer this time.
    pub exceeds: Option<Usual>,
    /// What is remembered of all runs, this one included.
    pub history: History,
}

/// A job that was just collected.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) captured: Captured,
    /// When it started.
    pub(crate) started: SystemTime,
}

/// The slot in which one command's [`Captured`] travels between threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(Arc<Mutex<Captured>>);

impl Shared {
    pub(crate) fn set(&self, captured: Captured) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = captured;
    }

    pub(crate) fn take(&self) -> Captured {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
