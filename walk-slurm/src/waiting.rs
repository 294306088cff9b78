//! Waiting for what was told to stop, and telling whoever waits why it takes so long.
//!
//! Between being told and being gone there may be a lease, for which nothing is seen on a screen:
//! the sentences are here, and each is said once for all attempts it is about.

use std::time::{Duration, Instant};

use crate::Cluster;
use crate::attempt::Attempt;
use crate::books::{Entry, State};

/// After this long somebody wonders.
const SOON: Duration = Duration::from_secs(2);

/// A sentence about waiting is not said again before that.
const AGAIN: Duration = Duration::from_secs(60);

/// So many are named.
const NAMED: usize = 3;

impl Cluster {
    /// Waits until nothing of a revoked attempt can run any more; false if `give_up` came first.
    pub(crate) fn await_fence(&self, attempt: &Attempt, give_up: &impl Fn() -> bool) -> bool {
        self.await_that(attempt, |it| it.is_fenced, give_up)
    }

    /// Waits until, besides, nothing of it stands in Slurm's queue, and removes it then.
    pub(crate) fn await_end(&self, attempt: &Attempt, give_up: &impl Fn() -> bool) -> bool {
        let has_ended = self.await_that(attempt, Entry::is_done_with, give_up);
        if has_ended {
            self.forget(attempt);
        }
        has_ended
    }

    fn await_that(
        &self,
        attempt: &Attempt,
        is_so: impl Fn(&Entry) -> bool,
        give_up: &impl Fn() -> bool,
    ) -> bool {
        let (id, begun) = (attempt.id(), Instant::now());
        let mut state = self.books().lock();
        loop {
            let Some(entry) = state.entries.get(&id).filter(|it| !is_so(it)) else { return true };
            if give_up() {
                return false;
            }
            let is_old = |it: (Instant, bool)| it.0.elapsed() > AGAIN || it.1 != entry.is_fenced;
            if begun.elapsed() > SOON && state.waits_told.is_none_or(is_old) {
                let text = sentence(&state, entry);
                state.waits_told = Some((Instant::now(), entry.is_fenced));
                drop(state);
                log::warn!(target: "walk", "{text}");
                state = self.books().lock();
                continue;
            }
            state = self.books().wait(state, Duration::from_millis(250));
        }
    }

    /// Waits as [`await_end`](Self::await_end); of all that are recalled at the same time and have
    /// not ended, one sentence says so.
    pub(crate) fn await_recalled(&self, attempt: &Attempt, give_up: &impl Fn() -> bool) {
        self.books().lock().recalls += 1;
        let has_ended = self.await_end(attempt, give_up);
        let mut state = self.books().lock();
        state.recalls -= 1;
        if !has_ended {
            let name = state.entries.get(&attempt.id()).map(|it| it.name.clone());
            state.unended.extend(name);
            state.waits_told = None;
        }
        let is_last = state.recalls == 0;
        let unended = if is_last { std::mem::take(&mut state.unended) } else { Vec::new() };
        drop(state);
        tell_left(unended);
    }
}

/// Says which jobs were left to the next process.
pub(crate) fn tell_left(names: Vec<String>) {
    let mut names: Vec<String> = names.into_iter().map(|it| format!("`{it}`")).collect();
    let (jobs, them) = match names.len() {
        0 => return,
        1 => ("its job".to_owned(), "it"),
        many => (format!("{many} jobs"), "them"),
    };
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("...".into());
    }
    log::warn!(
        target: "walk",
        "{}: {jobs} may still run, told to stop; the next walk looks after {them}", names.join(", ")
    );
}

/// Says what is waited for, and how long at most.
fn sentence(state: &State, entry: &Entry) -> String {
    let job = entry.job.as_ref().map_or("a job".to_owned(), |it| format!("job {it}"));
    let name = &entry.name;
    let is_waited_for = |it: &&Entry| it.is_revoked && !it.is_done_with();
    let others = match state.entries.values().filter(is_waited_for).count() {
        0 | 1 => String::new(),
        many => format!(" and {} more", many - 1),
    };
    if entry.is_fenced {
        return format!("waiting until Slurm says that {job} of `{name}`{others} is cancelled");
    }
    let seconds = entry.patience().as_secs() + 1;
    format!(
        "waiting up to {seconds} s for {job} of `{name}`{others}: it was told to stop and has not \
         answered"
    )
}
