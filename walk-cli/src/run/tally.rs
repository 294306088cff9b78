//! How many actions ended how, and what exit that is.

use std::ops::AddAssign;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use walk_core::{ActionReport, Dag, InterruptCause, JobStatus, Report};
use walk_plan::{ActionId, Plan, Run};

use crate::exit::Exit;
use crate::terminal::seconds;

/// How many actions ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tally {
    /// A job ran, and succeeded.
    pub(crate) ok: usize,
    /// How many of those passed only on a retry.
    pub(crate) flaky: usize,
    /// How many of those were taken from the cache.
    pub(crate) cached: usize,
    /// No job had to run.
    pub(crate) up_to_date: usize,
    /// A job failed.
    pub(crate) failed: usize,
    /// A job was not ready, and was not tried again.
    pub(crate) not_ready: usize,
    /// A job was stopped with the run.
    pub(crate) stopped: usize,
    /// What it depends on failed, or the run ended before.
    pub(crate) not_run: usize,
}

impl Tally {
    /// Counts those actions of a run that run something: what is only a name for others is not
    /// counted.
    pub(crate) fn of(report: &Report, dag: &Dag<ActionId>, plan: &Plan) -> Self {
        let mut tally = Self::default();
        for (vertex, action) in dag.vertices().zip(report.actions()) {
            if plan.actions[dag[vertex].index()].run != Run::Nothing {
                *tally.place(action) += 1;
            }
        }
        tally
    }

    fn place(&mut self, action: &ActionReport) -> &mut usize {
        match action.status {
            None | Some(JobStatus::ForceFail) => &mut self.not_run,
            Some(_) if is_stopped(action) => &mut self.stopped,
            Some(status) if status.is_success() && action.was_executed() => &mut self.ok,
            Some(status) if status.is_success() => &mut self.up_to_date,
            Some(JobStatus::NotReady) => &mut self.not_ready,
            Some(_) => &mut self.failed,
        }
    }

    /// Returns how many actions there are.
    pub(crate) fn total(self) -> usize {
        let bad = self.failed + self.not_ready + self.stopped + self.not_run;
        self.ok + self.up_to_date + bad
    }

    /// Returns the exit of a run that ended by itself.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self { failed: 0, not_ready: 0, stopped: 0, not_run: 0, .. } => Exit::Done,
            Self { failed: 0, stopped: 0, not_ready: 1.., .. } => Exit::NotNow,
            _ => Exit::Failed,
        }
    }

    /// Returns the counts in words, the bad ones first: `failed 1, ok 205 in 21.4s`.
    pub(crate) fn describe(self, duration: Duration) -> String {
        let time = seconds(duration);
        if self.up_to_date == self.total() {
            let s = if self.total() == 1 { "" } else { "s" };
            return format!("up to date ({} action{s}) in {time}", self.total());
        }
        let counts = [
            ("failed", self.failed),
            ("not ready", self.not_ready),
            ("stopped", self.stopped),
            ("not run", self.not_run),
            ("ok", self.ok),
            ("up to date", self.up_to_date),
        ];
        let notes = [(self.flaky, "flaky"), (self.cached, "from the cache")];
        let notes: Vec<String> =
            notes.iter().filter(|it| it.0 > 0).map(|it| format!("{} {}", it.0, it.1)).collect();
        let notes =
            if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        let shown = counts.iter().filter(|it| it.1 > 0);
        let more = |word: &str| if word == "ok" { notes.as_str() } else { "" };
        let shown: Vec<String> =
            shown.map(|(word, count)| format!("{word} {count}{}", more(word))).collect();
        format!("{} in {time}", shown.join(", "))
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.ok += other.ok;
        self.flaky += other.flaky;
        self.cached += other.cached;
        self.up_to_date += other.up_to_date;
        self.failed += other.failed;
        self.not_ready += other.not_ready;
        self.stopped += other.stopped;
        self.not_run += other.not_run;
    }
}

/// Returns whether the job of `action` ended because the whole run was told to stop.
pub(super) fn is_stopped(action: &ActionReport) -> bool {
    let execution = action.execution.as_ref();
    execution.is_some_and(|it| it.interrupted == Some(InterruptCause::Run))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Tally = Tally {
        ok: 0,
        flaky: 0,
        cached: 0,
        up_to_date: 0,
        failed: 0,
        not_ready: 0,
        stopped: 0,
        not_run: 0,
    };

    #[test]
    fn the_exit_follows_the_counts() {
        let check = |tally: Tally, exit| assert_eq!(tally.exit(), exit, "{tally:?}");
        check(NONE, Exit::Done);
        check(Tally { ok: 1, up_to_date: 3, ..NONE }, Exit::Done);
        check(Tally { failed: 1, ok: 1, ..NONE }, Exit::Failed);
        check(Tally { failed: 1, not_ready: 1, ..NONE }, Exit::Failed);
        check(Tally { not_ready: 2, not_run: 3, ..NONE }, Exit::NotNow);
        check(Tally { stopped: 1, ..NONE }, Exit::Failed);
    }

    #[test]
    fn the_counts_are_written_as_in_the_contract() {
        let check = |tally: Tally, millis, expected| {
            assert_eq!(tally.describe(Duration::from_millis(millis)), expected);
        };
        let sample = Tally { failed: 1, not_run: 9, ok: 205, up_to_date: 38, ..NONE };
        check(sample, 21_400, "failed 1, not run 9, ok 205, up to date 38 in 21.4s");
        check(Tally { up_to_date: 260, ..NONE }, 50, "up to date (260 actions) in 0.05s");
        check(Tally { up_to_date: 1, ..NONE }, 50, "up to date (1 action) in 0.05s");
        check(NONE, 0, "up to date (0 actions) in 0.00s");
        check(Tally { ok: 2, ..NONE }, 1_000, "ok 2 in 1.00s");
        check(Tally { ok: 9, flaky: 2, ..NONE }, 1_000, "ok 9 (2 flaky) in 1.00s");
    }
}
