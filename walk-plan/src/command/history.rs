//! What is remembered of all runs of an action: how long those that succeeded took, and how many
//! passed only on a retry.
//!
//! It is a part of the note, a few numbers, and knows neither actions nor clocks. A run is what an
//! action does in one walk, with all its attempts; one that was stopped with the walk says nothing
//! and does not count. Medians are taken where a mean would be: one run on a busy machine is not
//! to change what is usual.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many durations are kept.
const MOST_DURATIONS: usize = 10;

/// Of how many runs it is kept whether they were flaky.
const RECENT: u32 = 20;

/// How many runs make a habit.
const HABIT: usize = 5;

/// What is remembered of all runs of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// How many milliseconds the last runs took that succeeded, the newest last.
    durations_ms: Vec<u64>,
    /// How many runs there were.
    runs: u64,
    /// How many of them were flaky.
    flaky: u64,
    /// Which of the last ones were: a bit each, the newest is the lowest.
    recent: u32,
}

/// How long an action usually takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// The median.
    pub median: Duration,
    /// How far runs are from it, in the median.
    pub spread: Duration,
}

impl History {
    /// Adds a run; `duration` if it succeeded, `is_flaky` if it did on a retry only.
    pub(crate) fn add(&mut self, duration: Option<Duration>, is_flaky: bool) {
        if let Some(duration) = duration {
            let kept = self.durations_ms.len().saturating_sub(MOST_DURATIONS - 1);
            self.durations_ms.drain(..kept);
            self.durations_ms.push(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        }
        self.runs += 1;
        self.flaky += u64::from(is_flaky);
        self.recent = (self.recent << 1 | u32::from(is_flaky)) & ((1 << RECENT) - 1);
    }

    /// Returns a history of one success, as notes of old have none.
    pub(crate) fn of_one(duration_ms: u64) -> Self {
        Self { durations_ms: vec![duration_ms], runs: 1, ..Self::default() }
    }

    /// Returns how long the last runs took that succeeded, at most ten, the newest last.
    pub fn durations(&self) -> impl ExactSizeIterator<Item = Duration> {
        self.durations_ms.iter().copied().map(Duration::from_millis)
    }

    /// Returns how many runs there were that were not stopped with their walk.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Returns how many runs passed only on a retry.
    #[must_use]
    pub fn flaky(&self) -> u64 {
        self.flaky
    }

    /// Returns how many of how many last runs passed only on a retry: of at most twenty.
    #[must_use]
    pub fn recently_flaky(&self) -> (u32, u32) {
        let of = u32::try_from(self.runs).unwrap_or(RECENT).min(RECENT);
        (self.recent.count_ones(), of)
    }

    /// Returns how long it usually takes, if it ever succeeded.
    #[must_use]
    pub fn usual(&self) -> Option<Usual> {
        let median = median(self.durations_ms.clone())?;
        let distances = self.durations_ms.iter().map(|it| it.abs_diff(median)).collect();
        let spread = self::median(distances).unwrap_or(0);
        let [median, spread] = [median, spread].map(Duration::from_millis);
        Some(Usual { median, spread })
    }

    /// Returns what is usual, if `duration` is clearly more: there were five runs, it is more than
    /// twice the median and a second over it, and farther from it than chance would have it.
    #[must_use]
    pub fn exceeded_by(&self, duration: Duration) -> Option<Usual> {
        let usual = self.usual().filter(|_| self.durations_ms.len() >= HABIT)?;
        let Usual { median, spread } = usual;
        // Six median distances are four standard deviations, if the runs are normal.
        let least = [median.saturating_mul(2), spread.saturating_mul(6) + median];
        let is_slow =
            least.iter().all(|it| duration > *it) && duration > median + Duration::from_secs(1);
        is_slow.then_some(usual)
    }
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let (lower, upper) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(values[lower].midpoint(values[upper]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[u64]) -> History {
        let mut history = History::default();
        for it in seconds {
            history.add(Some(Duration::from_secs(*it)), false);
        }
        history
    }

    #[test]
    fn the_last_ten_successes_are_kept_and_all_runs_counted() {
        let mut history = of(&(1..=12).collect::<Vec<_>>());
        history.add(None, false);
        assert!(history.durations().eq((3..=12).map(Duration::from_secs)));
        assert_eq!((history.runs(), history.flaky()), (13, 0));
    }

    #[test]
    fn of_the_last_twenty_it_is_known_which_were_flaky() {
        let mut history = History::default();
        assert_eq!(history.recently_flaky(), (0, 0));
        history.add(Some(Duration::ZERO), true);
        history.add(None, false);
        assert_eq!(history.recently_flaky(), (1, 2));
        for count in 0..19 {
            history.add(None, count % 2 == 0);
        }
        assert_eq!(history.recently_flaky(), (10, 20));
        assert_eq!((history.runs(), history.flaky()), (21, 11));
    }

    #[test]
    fn what_is_usual_is_the_median_and_the_median_distance() {
        let check = |seconds: &[u64], expected: Option<(u64, u64)>| {
            let usual = of(seconds).usual().map(|it| (it.median, it.spread));
            let millis =
                |it: (u64, u64)| (Duration::from_millis(it.0), Duration::from_millis(it.1));
            assert_eq!(usual, expected.map(millis), "{seconds:?}");
        };
        check(&[], None);
        check(&[4], Some((4_000, 0)));
        check(&[4, 5], Some((4_500, 500)));
        check(&[4, 5, 60], Some((5_000, 1_000)));
    }

    #[test]
    fn an_alarm_needs_a_habit_and_a_clear_excess() {
        let check = |seconds: &[u64], millis, expected| {
            let found = of(seconds).exceeded_by(Duration::from_millis(millis)).is_some();
            assert_eq!(found, expected, "{millis} ms after {seconds:?}");
        };
        check(&[4, 4, 4, 4], 100_000, false);
        check(&[4, 4, 4, 4, 4], 8_000, false);
        check(&[4, 4, 4, 4, 4], 8_001, true);
        check(&[0, 0, 0, 0, 0], 1_000, false);
        check(&[0, 0, 0, 0, 0], 1_001, true);
        // It takes now 2 s and now 10 s.
        check(&[2, 10, 2, 10, 2, 10], 20_000, false);
        check(&[2, 10, 2, 10, 2, 10], 31_000, true);
    }
}
