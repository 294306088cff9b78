//! How fast a build goes, and which part of its time is over.

use std::collections::VecDeque;
use std::time::Duration;

/// Edges per second, over the last few that ended.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    window: VecDeque<Duration>,
    size: usize,
    last: Option<usize>,
    value: Option<f64>,
}

impl Rate {
    /// Looks at as many edges as run at once.
    pub(super) fn over(jobs: Option<u32>) -> Self {
        let size = jobs.map_or(usize::MAX, |it| it as usize);
        Self { window: VecDeque::new(), size, last: None, value: None }
    }

    /// Returns the rate after `finished` edges, at `elapsed`.
    #[expect(clippy::cast_precision_loss, reason = "nobody runs 2^52 commands at once")]
    pub(super) fn after(&mut self, finished: usize, elapsed: Duration) -> Option<f64> {
        if self.last.replace(finished) == Some(finished) {
            return self.value;
        }
        if self.window.len() >= self.size {
            self.window.pop_front();
        }
        self.window.push_back(elapsed);
        let span = elapsed.saturating_sub(*self.window.front()?);
        if !span.is_zero() {
            self.value = Some(self.window.len() as f64 / span.as_secs_f64());
        }
        self.value
    }
}

/// How long what is left will take, by how long it took last time.
///
/// What never ran is taken to last as long as what did, on average. Where last time tells
/// nothing any more, being ten times off, it is left aside (as in ninja).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Forecast {
    /// The time of edges that ended, and how many.
    spent: Duration,
    ended: u32,
    /// The last time of edges that have not ended, and how many have one.
    known_left: Duration,
    known: u32,
    unknown: u32,
    /// The last time of all edges of the build, and how many have one.
    known_whole: Duration,
    known_ever: u32,
}

impl Forecast {
    /// Counts an edge that is to run, and took `last` the last time.
    pub(super) fn add(&mut self, last: Option<Duration>) {
        self.change_left(last, true);
        if let Some(time) = last {
            self.known_whole += time;
            self.known_ever += 1;
        }
    }

    /// Leaves out an edge that does not run after all.
    pub(super) fn remove(&mut self, last: Option<Duration>) {
        self.change_left(last, false);
        if let Some(time) = last {
            self.known_whole = self.known_whole.saturating_sub(time);
            self.known_ever = self.known_ever.saturating_sub(1);
        }
    }

    /// Counts an edge that took `time` now.
    pub(super) fn end(&mut self, last: Option<Duration>, time: Duration) {
        self.change_left(last, false);
        self.spent += time;
        self.ended += 1;
    }

    /// Returns which part of the time is over, from 0 to 1.
    pub(super) fn part(&self) -> f64 {
        let trusts_last = self.known > 0 && self.is_like_last();
        let (left, known, unknown) = if trusts_last {
            (self.known_left, self.known, self.unknown)
        } else {
            (Duration::ZERO, 0, self.known + self.unknown)
        };
        let count = f64::from(self.ended + known);
        let spent = self.spent.as_secs_f64();
        let certain = spent + left.as_secs_f64();
        if count == 0.0 || certain == 0.0 {
            return 0.0;
        }
        spent / (certain + certain / count * f64::from(unknown))
    }

    fn is_like_last(&self) -> bool {
        if self.ended == 0 {
            return true;
        }
        let now = self.spent.as_secs_f64() / f64::from(self.ended);
        let last = self.known_whole.as_secs_f64() / f64::from(self.known_ever.max(1));
        now.max(last) < 10.0 * now.min(last)
    }

    fn change_left(&mut self, last: Option<Duration>, is_more: bool) {
        let count = if last.is_some() { &mut self.known } else { &mut self.unknown };
        let time = last.unwrap_or_default();
        if is_more {
            *count += 1;
            self.known_left += time;
        } else {
            *count = count.saturating_sub(1);
            self.known_left = self.known_left.saturating_sub(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_rate_is_that_of_the_last_few() {
        let mut rate = Rate::over(Some(3));
        let mut check = |finished, at, expected: &str| {
            let found = rate.after(finished, ms(at)).map_or("?".into(), |it| format!("{it:.1}"));
            assert_eq!(found, expected, "{finished} at {at}");
        };
        // The numbers of a build by ninja 1.13.2.
        check(0, 1, "?");
        check(1, 204, "9.9");
        check(1, 300, "9.9");
        check(2, 506, "5.9");
        check(3, 909, "4.3");
    }

    #[test]
    fn what_took_long_last_time_counts_more() {
        let mut forecast = Forecast::default();
        let last = [200, 300, 400, 1000].map(|it| Some(ms(it)));
        for time in last {
            forecast.add(time);
        }
        let mut check = |position: usize, expected: u32| {
            forecast.end(last[position], last[position].expect("it is known"));
            assert_eq!(format!("{:.0}", forecast.part() * 100.0), expected.to_string());
        };
        check(0, 11);
        check(1, 26);
        check(2, 47);
        check(3, 100);
    }

    #[test]
    fn what_never_ran_is_taken_for_average() {
        let mut forecast = Forecast::default();
        for _ in 0..4 {
            forecast.add(None);
        }
        assert!(forecast.part().abs() < f64::EPSILON);
        forecast.end(None, ms(500));
        assert!((forecast.part() - 0.25).abs() < 1e-9);
        forecast.remove(None);
        forecast.remove(None);
        assert!((forecast.part() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_last_time_that_is_ten_times_off_is_left_aside() {
        let mut forecast = Forecast::default();
        forecast.add(Some(ms(10)));
        forecast.add(Some(ms(10)));
        forecast.end(Some(ms(10)), ms(1000));
        assert!((forecast.part() - 0.5).abs() < 1e-9);
    }
}
