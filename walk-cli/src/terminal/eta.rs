//! The time that is left, from how long things usually take.
//!
//! What is below an action that runs or waits cannot be decided yet, and nearly all of it is going
//! to run, as what it reads is being made anew; what is not below one is decided at once. So the
//! graph says what is to come: no sooner than its longest path ends, nor than the tokens of each
//! queue allow. The larger of the two is the estimate; how far it may be off is what runs of the
//! same actions differed by before. What nobody has seen run counts as the mean of the others, and
//! as much again for its uncertainty.
//!
//! It knows vertices by their numbers; who they are and what they read is not its affair.

use std::sync::Arc;
use std::time::Duration;

use walk_plan::History;

/// The graph of a walk, as far as its time is concerned; vectors are by vertex.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    pub(crate) names: Vec<Arc<str>>,
    /// Which queue each takes how many tokens of; `None` if it runs nothing.
    pub(crate) tolls: Vec<Option<(usize, u32)>>,
    /// How many tokens each queue has.
    pub(crate) queues: Vec<u32>,
    /// Where each one's part of `below` ends.
    pub(crate) ends: Vec<usize>,
    /// What comes after each: whether it also runs when that has run.
    pub(crate) below: Vec<(u32, bool)>,
    /// All of them, each after what comes before it.
    pub(crate) order: Vec<u32>,
}

/// What is expected of a walk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    outline: Outline,
    /// By vertex, how long it takes.
    times: Vec<Time>,
    /// By vertex, whether that is known.
    is_known: Vec<bool>,
}

/// The time that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

/// Seconds with their variance: those of what is independent add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Time {
    mean: f64,
    variance: f64,
}

impl Outline {
    /// Adds what was seen in earlier walks.
    pub(crate) fn with(self, histories: &[(String, History)]) -> Outlook {
        let of = |name: &str| {
            let found = histories.binary_search_by(|it| it.0.as_str().cmp(name)).ok()?;
            Time::of(&histories[found].1)
        };
        let known: Vec<Option<Time>> = self.names.iter().map(|it| of(it)).collect();
        let count = known.iter().flatten().count();
        let mean = known.iter().flatten().map(|it| it.mean).sum::<f64>() / float(count.max(1));
        let unknown = Time { mean, variance: mean * mean };
        let runs = self.tolls.iter().map(Option::is_some);
        let time = |(known, runs): (&Option<Time>, bool)| {
            if runs { known.unwrap_or(unknown) } else { Time::default() }
        };
        let times = known.iter().zip(runs).map(time).collect();
        Outlook { times, is_known: known.iter().map(Option::is_some).collect(), outline: self }
    }

    fn below(&self, vertex: usize) -> &[(u32, bool)] {
        let start = vertex.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.below[start..self.ends[vertex]]
    }

    /// Returns which vertices run because of others, of which it is said that they do.
    fn reach(&self, is_reached: &mut [bool], mut stack: Vec<usize>) {
        while let Some(vertex) = stack.pop() {
            for &(next, _) in self.below(vertex).iter().filter(|it| it.1) {
                if !std::mem::replace(&mut is_reached[next as usize], true) {
                    stack.push(next as usize);
                }
            }
        }
    }
}

impl Outlook {
    /// Returns how long a vertex usually takes, if that is known.
    pub(crate) fn usual(&self, vertex: usize) -> Option<Duration> {
        self.is_known.get(vertex).filter(|it| **it)?;
        Duration::try_from_secs_f64(self.times[vertex].mean).ok()
    }

    /// Returns the time that is left while these vertices run, for so long already, or wait; `None`
    /// if nothing is known of any.
    pub(crate) fn left(&self, active: &[(usize, Duration)]) -> Option<Left> {
        let is_here = |it: &&(usize, Duration)| it.0 < self.times.len();
        let active: Vec<_> = active.iter().filter(is_here).collect();
        let mut will_run = vec![false; self.times.len()];
        for it in &active {
            will_run[it.0] = true;
        }
        self.outline.reach(&mut will_run, active.iter().map(|it| it.0).collect());
        let runs = |it: &usize| will_run[*it] && self.outline.tolls[*it].is_some();
        let (known, all) = (0..self.times.len())
            .filter(runs)
            .fold((0, 0), |(known, all), it| (known + usize::from(self.is_known[it]), all + 1));
        if known == 0 || known * 2 < all {
            return None;
        }
        let mut times = self.times.clone();
        for &&(vertex, elapsed) in &active {
            times[vertex] = times[vertex].after(elapsed);
        }
        let longest = [self.longest_path(&will_run, &times), self.busiest_queue(&will_run, &times)];
        let [path, queue] = longest;
        Some(if path.mean < queue.mean { queue } else { path }.into())
    }

    fn longest_path(&self, will_run: &[bool], times: &[Time]) -> Time {
        let mut paths = vec![Time::default(); times.len()];
        let mut longest = Time::default();
        for vertex in self.outline.order.iter().rev().map(|it| *it as usize) {
            if will_run[vertex] {
                let below = self.outline.below(vertex).iter().map(|it| paths[it.0 as usize]);
                paths[vertex] = times[vertex].plus(below.fold(Time::default(), Time::later));
                longest = longest.later(paths[vertex]);
            }
        }
        longest
    }

    fn busiest_queue(&self, will_run: &[bool], times: &[Time]) -> Time {
        let mut loads = vec![Time::default(); self.outline.queues.len()];
        let tolls = self.outline.tolls.iter().zip(times).zip(will_run).filter(|it| *it.1);
        for ((toll, time), _) in tolls {
            if let Some((queue, tokens)) = *toll {
                let share = f64::from(tokens) / f64::from(self.outline.queues[queue].max(1));
                loads[queue] = loads[queue].plus(time.times(share));
            }
        }
        loads.into_iter().fold(Time::default(), Time::later)
    }
}

impl Time {
    fn of(history: &History) -> Option<Self> {
        let usual = history.usual()?;
        let mean = usual.median.as_secs_f64();
        // What was seen once or twice is not known to be steady.
        let least = mean / float(1 + 2 * history.durations().len());
        let deviation = (usual.spread.as_secs_f64() * 1.5).max(least);
        Some(Self { mean, variance: deviation * deviation })
    }

    /// Returns what is left after so long; of what is overdue, some more of what it took.
    fn after(self, elapsed: Duration) -> Self {
        let elapsed = elapsed.as_secs_f64();
        if elapsed < self.mean {
            return Self { mean: self.mean - elapsed, ..self };
        }
        let mean = (self.mean + self.variance.sqrt() - elapsed).max(elapsed / 10.0);
        Self { mean, variance: self.variance.max(mean * mean) }
    }

    fn plus(self, other: Self) -> Self {
        Self { mean: self.mean + other.mean, variance: self.variance + other.variance }
    }

    fn times(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, variance: self.variance * factor * factor }
    }

    fn later(self, other: Self) -> Self {
        if other.mean > self.mean { other } else { self }
    }
}

impl From<Time> for Left {
    fn from(time: Time) -> Self {
        let deviation = time.variance.sqrt();
        let seconds = |it: f64| Duration::try_from_secs_f64(it.max(0.0)).unwrap_or(Duration::MAX);
        Self { least: seconds(time.mean - deviation), most: seconds(time.mean + deviation) }
    }
}

fn float(it: usize) -> f64 {
    f64::from(u32::try_from(it).unwrap_or(u32::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Histories of five steady runs each.
    pub(crate) fn outlook(
        seconds: &[Option<u32>],
        below: &[&[u32]],
        queues: &[u32],
        queue_of: impl Fn(usize) -> usize,
    ) -> Outlook {
        let name = |it: usize| format!("{it:03}");
        let history = |it: u32| {
            let millis = vec![(it * 1000).to_string(); 5].join(",");
            let text = format!("{{\"durations_ms\":[{millis}],\"runs\":5}}");
            serde_json::from_str(&text).expect("a history")
        };
        let known = seconds.iter().enumerate();
        let histories: Vec<_> =
            known.filter_map(|(at, it)| it.map(|it| (name(at), history(it)))).collect();
        let mut outline = Outline { queues: queues.to_vec(), ..Outline::default() };
        for (at, next) in below.iter().enumerate() {
            outline.names.push(name(at).into());
            outline.tolls.push(Some((queue_of(at), 1)));
            outline.below.extend(next.iter().map(|it| (*it, true)));
            outline.ends.push(outline.below.len());
            outline.order.push(u32::try_from(at).expect("few"));
        }
        outline.with(&histories)
    }

    fn secs(it: u64) -> Duration {
        Duration::from_secs(it)
    }

    #[track_caller]
    fn check(outlook: &Outlook, active: &[(usize, u64)], expected: u64) {
        let active: Vec<_> = active.iter().map(|(at, it)| (*at, secs(*it))).collect();
        let left = outlook.left(&active).expect("it is known");
        let middle = (left.least + left.most) / 2;
        assert!(middle.abs_diff(secs(expected)) < secs(1), "{left:?}, expected {expected}");
    }

    #[test]
    fn the_longest_path_counts_with_what_is_left_of_it() {
        // 0 and 1, then 2 after 0.
        let it = outlook(&[Some(10), Some(20), Some(30)], &[&[2], &[], &[]], &[8], |_| 0);
        check(&it, &[(0, 0), (1, 0)], 40);
        check(&it, &[(0, 4), (1, 4)], 36);
        check(&it, &[(1, 4)], 16);
        check(&it, &[(2, 0)], 30);
        assert_eq!(it.left(&[]), None);
        assert_eq!((it.usual(1), it.usual(9)), (Some(secs(20)), None));
    }

    #[test]
    fn the_tokens_of_each_queue_are_shared() {
        let all = |it: usize| vec![Some(10); it];
        let none = |it: usize| vec![&[][..]; it];
        let active: Vec<_> = (0..8).map(|it| (it, 0)).collect();
        check(&outlook(&all(8), &none(8), &[8], |_| 0), &active, 10);
        check(&outlook(&all(8), &none(8), &[2], |_| 0), &active, 40);
        check(&outlook(&all(8), &none(8), &[8, 1], |it| usize::from(it > 4)), &active, 30);
    }

    #[test]
    fn what_is_not_below_what_runs_is_not_going_to() {
        let it = outlook(&[Some(10), Some(20), Some(99)], &[&[1], &[], &[]], &[1], |_| 0);
        check(&it, &[(0, 0)], 30);
    }

    #[test]
    fn what_is_overdue_takes_some_more() {
        let it = outlook(&[Some(10)], &[&[]], &[1], |_| 0);
        check(&it, &[(0, 100)], 10);
    }

    #[test]
    fn little_known_is_a_wide_spread_and_less_is_no_estimate() {
        let estimate = |known: &[Option<u32>]| {
            let it = outlook(known, &[&[1], &[2], &[]], &[8], |_| 0);
            it.left(&[(0, Duration::ZERO)]).map(|it| it.most.abs_diff(it.least).as_secs())
        };
        let steady = estimate(&[Some(10); 3]).expect("all is known");
        let wide = estimate(&[Some(10), None, Some(10)]).expect("most is known");
        assert!(steady < 4 && wide > 15, "{steady} {wide}");
        assert_eq!(estimate(&[Some(10), None, None]), None);
        assert_eq!(estimate(&[None; 3]), None);
    }

    #[test]
    fn another_walk_than_expected_is_no_estimate() {
        let it = outlook(&[Some(10)], &[&[]], &[1], |_| 0);
        assert_eq!(it.left(&[(5, Duration::ZERO)]), None);
    }
}
