//! Ends rounds that would go on for ever: an action that changes what it reads is out of date as
//! soon as it is done.
//!
//! Who changed a file cannot be told. But somebody who edits has pauses, in which a round ends and
//! nothing has changed: files that change in one round after the other are changed by them. That may be
//! wrong, where something is saved again and again, so the last of it must not be missed: the next
//! round only comes later, and each time twice as late.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// In how many rounds in a row a file may change and stop what reads it, and after how many it is
/// left alone.
const STOPS: u32 = 3;
const ROUNDS: u32 = 5;

/// Counts in how many rounds files changed, since one ended in peace.
#[derive(Debug, Default)]
pub(super) struct Patience {
    counts: BTreeMap<PathBuf, u32>,
    rounds: u32,
    /// What was said to change in every round.
    told: BTreeSet<PathBuf>,
    /// How often the next round was put off since one ended in peace.
    delays: u32,
}

impl Patience {
    /// Returns the files that may not stop a round any more.
    pub(super) fn restless(&self) -> BTreeSet<PathBuf> {
        let often = self.counts.iter().filter(|it| *it.1 >= STOPS);
        often.map(|it| it.0.clone()).chain(self.told.iter().cloned()).collect()
    }

    /// Takes in what changed during a round; returns false if nothing of it is a reason for
    /// another one, and whether some of it is to be told of for the first time.
    pub(super) fn allow<'a>(&mut self, changed: impl Iterator<Item = &'a Path>) -> Verdict {
        let changed: Vec<&Path> = changed.collect();
        if changed.is_empty() {
            self.delays = 0;
            self.calm();
            return Verdict::Calm;
        }
        self.rounds += 1;
        for path in &changed {
            *self.counts.entry(path.to_path_buf()).or_default() += 1;
        }
        let is_restless = |it: &&Path| self.told.contains(*it) || self.counts[*it] >= ROUNDS;
        // Files may be new each time, or take turns.
        let is_endless = self.rounds >= 2 * ROUNDS;
        if !is_endless && !changed.iter().all(is_restless) {
            return Verdict::Again;
        }
        let new = changed.iter().find(|it| !self.told.contains(**it));
        let verdict = Verdict::Enough(new.map(|it| it.to_path_buf()));
        self.told.extend(changed.iter().map(|it| it.to_path_buf()));
        self.calm();
        verdict
    }

    /// Returns for how long to wait before the next round: from a second to an hour.
    pub(super) fn put_off(&mut self) -> Duration {
        let delay = Duration::from_secs(1 << self.delays.min(11)).min(Duration::from_secs(3_600));
        self.delays += 1;
        delay
    }

    /// Returns what was said to change in every round.
    pub(super) fn told(&self) -> &BTreeSet<PathBuf> {
        &self.told
    }

    fn calm(&mut self) {
        self.counts.clear();
        self.rounds = 0;
    }
}

/// Whether a round follows another at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing changed.
    Calm,
    /// Something changed that is worth it.
    Again,
    /// What changed does so each time; it has not been told of this file before.
    Enough(Option<PathBuf>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(patience: &mut Patience, rounds: &[&str]) -> Vec<Verdict> {
        let round = |it: &&str| patience.allow(it.split_whitespace().map(Path::new));
        rounds.iter().map(round).collect()
    }

    #[test]
    fn what_changes_in_every_round_is_left_alone_and_told_of_once() {
        let mut patience = Patience::default();
        let found = verdicts(&mut patience, &["a", "a", "a"]);
        assert!(found.iter().all(|it| *it == Verdict::Again));
        assert!(patience.restless().contains(Path::new("a")));
        let found = verdicts(&mut patience, &["a", "a", "", "a"]);
        let told = Verdict::Enough(Some("a".into()));
        assert_eq!(found, [Verdict::Again, told, Verdict::Calm, Verdict::Enough(None)]);
    }

    #[test]
    fn a_round_is_put_off_for_longer_each_time_until_one_ends_in_peace() {
        let mut patience = Patience::default();
        let delays = [(); 13].map(|()| patience.put_off().as_secs());
        assert_eq!(delays[..4], [1, 2, 4, 8]);
        assert_eq!(delays[12], 2_048);
        verdicts(&mut patience, &[""]);
        assert_eq!(patience.put_off().as_secs(), 1);
    }

    #[test]
    fn another_file_or_a_pause_is_a_reason_to_go_on() {
        let mut patience = Patience::default();
        let rounds = ["a", "a", "a", "a", "", "a", "a", "a", "a", "a b"];
        let found = verdicts(&mut patience, &rounds);
        assert!(!found.iter().any(|it| matches!(it, Verdict::Enough(_))), "{found:?}");
    }

    #[test]
    fn files_that_are_new_each_time_are_enough_some_day() {
        let mut patience = Patience::default();
        let found = verdicts(&mut patience, &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
        assert_eq!(found.last(), Some(&Verdict::Enough(Some("10".into()))));
    }
}
