//! The time that is left, from how long things took before.
//!
//! Nobody knows which of the actions that are not decided yet will run. Those that were
//! decided tell how many of them: if one in ten had to run, so will one in ten of the rest.

use std::collections::HashMap;
use std::time::Duration;

/// How long actions took when they ran last, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations {
    by_name: HashMap<String, Duration>,
    mean: f64,
}

/// Where a run stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing<'a> {
    /// The names of those that run, and for how long already.
    pub(crate) running: Vec<(&'a str, Duration)>,
    /// The names of those that wait for tokens.
    pub(crate) waiting: Vec<&'a str>,
    /// How many had to run, of those that were decided.
    pub(crate) had_to_run: usize,
    /// How many were decided.
    pub(crate) decided: usize,
    /// How many are not decided yet.
    pub(crate) undecided: usize,
}

impl Durations {
    /// Returns how long `name` is going to take.
    fn expected(&self, name: &str) -> f64 {
        self.by_name.get(name).map_or(self.mean, Duration::as_secs_f64)
    }

    /// Returns the time that is left; `None` if nothing is known of earlier runs.
    pub(crate) fn left(&self, standing: &Standing<'_>) -> Option<Duration> {
        if self.by_name.is_empty() || standing.running.is_empty() {
            return None;
        }
        let running = standing.running.iter();
        let left = running.map(|(name, time)| (self.expected(name) - time.as_secs_f64()).max(0.0));
        let (sum, longest) = left.fold((0.0, 0.0_f64), |(sum, most), it| (sum + it, most.max(it)));
        let waiting: f64 = standing.waiting.iter().map(|it| self.expected(it)).sum();
        let share = ratio(standing.had_to_run, standing.decided);
        let undecided = ratio(standing.undecided, 1) * share * self.mean;
        let at_once = ratio(standing.running.len(), 1);
        Duration::try_from_secs_f64(((sum + waiting + undecided) / at_once).max(longest)).ok()
    }
}

impl FromIterator<(String, Duration)> for Durations {
    fn from_iter<I: IntoIterator<Item = (String, Duration)>>(durations: I) -> Self {
        let by_name: HashMap<String, Duration> = durations.into_iter().collect();
        let sum: f64 = by_name.values().map(Duration::as_secs_f64).sum();
        Self { mean: sum / ratio(by_name.len().max(1), 1), by_name }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(it: u64) -> Duration {
        Duration::from_secs(it)
    }

    fn durations() -> Durations {
        [("a", 10), ("b", 20), ("c", 30)]
            .map(|(name, it)| (name.to_owned(), secs(it)))
            .into_iter()
            .collect()
    }

    #[track_caller]
    fn check(standing: &Standing<'_>, expected: Option<u64>) {
        assert_eq!(durations().left(standing), expected.map(secs));
    }

    #[test]
    fn what_runs_counts_with_what_is_left_of_it() {
        let running = |it: &[(&'static str, u64)]| Standing {
            running: it.iter().map(|(name, time)| (*name, secs(*time))).collect(),
            ..Standing::default()
        };
        check(&running(&[]), None);
        check(&running(&[("a", 4)]), Some(6));
        check(&running(&[("a", 40)]), Some(0));
        check(&running(&[("a", 5), ("b", 5)]), Some(15));
        check(&running(&[("new", 5)]), Some(15));
    }

    #[test]
    fn what_waits_is_shared_by_those_that_run() {
        let running = vec![("a", secs(0)), ("a", secs(0))];
        check(&Standing { running, waiting: vec!["b", "c"], ..Standing::default() }, Some(35));
    }

    #[test]
    fn of_the_undecided_as_many_run_as_of_the_decided() {
        let standing = |had_to_run| Standing {
            running: vec![("a", secs(0))],
            had_to_run,
            decided: 10,
            undecided: 20,
            ..Standing::default()
        };
        check(&standing(0), Some(10));
        check(&standing(1), Some(50));
        check(&standing(10), Some(410));
    }

    #[test]
    fn nothing_known_is_no_estimate() {
        let standing = Standing { running: vec![("a", secs(1))], ..Standing::default() };
        assert_eq!(Durations::default().left(&standing), None);
    }
}
