//! What a walk has to come to, said action by action; it knows no jobs, threads or events.

use walk_core::{Checksum, Fingerprint, JobStatus};

use super::walk::Store;
use super::{Case, Does, End, Kept};

/// What comes of an action if nothing stops the run.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) status: JobStatus,
    /// How often its job starts.
    pub(super) attempts: u32,
    /// What successors see; if it succeeded, what is saved.
    pub(super) fingerprint: Option<Fingerprint>,
}

/// Says what has to come of each action (F1 to F5, F8).
pub(super) fn expect(case: &Case, store: &Store) -> Vec<Expected> {
    let mut all: Vec<Expected> = Vec::new();
    for (number, spec) in case.actions.iter().enumerate() {
        let known = |it: usize| (it, all[it].fingerprint.as_ref().map(Fingerprint::checksum));
        let content = fingerprint(spec.version, case.predecessors(number).map(known));
        let predicted = (spec.fingerprint == Kept::Always).then_some(&content);
        let are_tracked = case.predecessors(number).all(|it| all[it].fingerprint.is_some());
        let is_fresh = are_tracked && predicted.is_some() && store.get(&number) == predicted;
        let have_failed = case.predecessors(number).any(|it| !all[it].status.is_success());
        let (status, attempts) = match spec.does {
            _ if have_failed => (JobStatus::ForceFail, 0),
            _ if is_fresh => (JobStatus::Skip, 0),
            Does::Nothing(status) => (status, 0),
            Does::Run { ready_at, asks, .. } if ready_at > asks + 1 => {
                (JobStatus::NotReady, asks + 1)
            }
            Does::Run { ready_at, end: End::With(status), .. } => (status, ready_at),
            Does::Run { ready_at, end: End::Panic, .. } => (JobStatus::Failure, ready_at),
        };
        let has_one = spec.fingerprint != Kept::Never;
        all.push(Expected { status, attempts, fingerprint: has_one.then_some(content) });
    }
    all
}

/// What an action is made of: its source, and what its predecessors were made of.
pub(super) fn fingerprint(
    version: u32,
    predecessors: impl Iterator<Item = (usize, Option<Checksum>)>,
) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("version", version.to_string());
    for (number, checksum) in predecessors {
        if let Some(checksum) = checksum {
            fingerprint.add(format!("predecessor {number}"), checksum);
        }
    }
    fingerprint
}
