//! The live block: how far the run is, what runs, what waits, and how long it will take.
//!
//! A model and its picture, without a terminal or a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Palette;
use super::eta::{Durations, Standing};
use super::sink::Row;
use super::text::{brief, shorten, tame, whole, width};

/// How many lines those that run get.
const RUNNING_ROWS: usize = 3;

/// What the block is a picture of.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    total: usize,
    done: usize,
    failed: usize,
    stayed: usize,
    blocked: usize,
    waiting: BTreeMap<usize, Job>,
    running: BTreeMap<usize, (Job, Instant)>,
    durations: Durations,
    left: Option<Duration>,
    stopping: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Job {
    name: Arc<str>,
    queue: Arc<str>,
}

impl Screen {
    /// Sets how many actions there are.
    pub(crate) fn set_total(&mut self, total: usize) {
        self.total = total;
    }

    pub(crate) fn queued(&mut self, id: usize, name: Arc<str>, queue: Arc<str>) {
        self.waiting.insert(id, Job { name, queue });
    }

    pub(crate) fn started(&mut self, id: usize, now: Instant) {
        if let Some(job) = self.waiting.remove(&id) {
            self.running.insert(id, (job, now));
        }
    }

    /// Takes in that a job ended and its action is not done: it waits again.
    pub(crate) fn requeued(&mut self, id: usize) {
        if let Some((job, _)) = self.running.remove(&id) {
            self.waiting.insert(id, job);
        }
    }

    pub(crate) fn ended(&mut self, id: usize, has_failed: bool) {
        self.running.remove(&id);
        self.done += 1;
        self.failed += usize::from(has_failed);
    }

    /// Takes in that an action will not run, because of another that failed.
    pub(crate) fn blocked(&mut self) {
        self.blocked += 1;
    }

    /// Sets how many actions are up to date without a job.
    pub(crate) fn set_stayed(&mut self, stayed: usize) {
        self.stayed = stayed;
    }

    pub(crate) fn set_durations(&mut self, durations: Durations) {
        self.durations = durations;
    }

    /// Estimates the time that is left, from now on.
    pub(crate) fn estimate(&mut self, now: Instant) {
        self.left = self.durations.left(&self.standing(now));
    }

    pub(crate) fn set_stopping(&mut self, how: &'static str) {
        self.stopping = Some(how);
    }

    /// Leaves out a time during which everything stood still.
    pub(crate) fn skip(&mut self, pause: Duration) {
        for (_, since) in self.running.values_mut() {
            *since += pause;
        }
    }

    /// Returns whether anything runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Returns the lines of the block; none is wider than `columns`.
    pub(crate) fn rows(&self, now: Instant, columns: usize, palette: Palette) -> Vec<Row> {
        let mut rows = vec![self.head(columns, palette)];
        let running = self.running_rows(now, columns).into_iter();
        rows.extend(running.map(|it| {
            let width = width(&it);
            (it, width)
        }));
        rows.extend(self.waiting_row(columns, palette));
        rows
    }

    /// Returns the line that stands for the block where nothing can be redrawn.
    pub(crate) fn heartbeat(&self, now: Instant) -> String {
        let running = self.longest_first(now);
        let names: Vec<String> = running.iter().take(10).map(|it| label(it, now)).collect();
        let more = running.len().saturating_sub(10);
        let more = if more > 0 { format!(", +{more} more") } else { String::new() };
        format!("{}, running: {}{more}", self.counts().join("  "), names.join(", "))
    }

    fn counts(&self) -> Vec<String> {
        let mut counts = vec![format!("{}/{} done", self.done + self.stayed, self.total)];
        if self.stayed > 0 {
            counts.push(format!("{} up to date", self.stayed));
        }
        counts
    }

    fn head(&self, columns: usize, palette: Palette) -> Row {
        let mut parts: Vec<(String, bool)> =
            self.counts().into_iter().map(|it| (it, false)).collect();
        if self.failed > 0 {
            parts.push((format!("{} failed", self.failed), true));
        }
        if self.blocked > 0 {
            parts.push((format!("{} not run", self.blocked), false));
        }
        if let Some(how) = self.stopping {
            parts.push((how.into(), true));
        } else if let Some(left) = self.left {
            parts.push((format!(" eta {}", whole(left)), false));
        }
        fit(&parts, columns, palette)
    }

    fn standing(&self, now: Instant) -> Standing<'_> {
        let running: Vec<_> =
            self.running.values().map(|(job, since)| (&*job.name, now - *since)).collect();
        let had_to_run = self.done + running.len() + self.waiting.len();
        let decided = had_to_run + self.stayed + self.blocked;
        let waiting = self.waiting.values().map(|it| &*it.name).collect();
        let undecided = self.total.saturating_sub(decided);
        Standing { running, waiting, had_to_run, decided, undecided }
    }

    fn longest_first(&self, now: Instant) -> Vec<(&Job, Instant)> {
        let mut running: Vec<_> = self.running.values().map(|(job, at)| (job, *at)).collect();
        running.sort_by_key(|it| std::cmp::Reverse(now.saturating_duration_since(it.1)));
        running
    }

    fn running_rows(&self, now: Instant, columns: usize) -> Vec<String> {
        let running = self.longest_first(now);
        let mut rows: Vec<String> = Vec::new();
        for (shown, job) in running.iter().enumerate() {
            let label = label(job, now);
            let used = rows.last().map_or(columns, |it| width(it));
            if used + 3 + width(&label) <= columns {
                let row = rows.last_mut().expect("its width was taken");
                row.push_str("   ");
                row.push_str(&label);
            } else if rows.len() < RUNNING_ROWS {
                rows.push(format!("  {}", shorten(&label, columns.saturating_sub(2))));
            } else {
                push_rest(&mut rows, running.len() - shown, columns);
                break;
            }
        }
        rows
    }

    fn waiting_row(&self, columns: usize, palette: Palette) -> Option<Row> {
        let mut queues: BTreeMap<&str, usize> = BTreeMap::new();
        for job in self.waiting.values() {
            *queues.entry(&job.queue).or_default() += 1;
        }
        if queues.is_empty() {
            return None;
        }
        let counts: Vec<String> =
            queues.iter().map(|(name, n)| format!("{n} for {name}")).collect();
        let row = format!("  waiting: {}", counts.join(", "));
        let row = tame(&row);
        let row = shorten(&row, columns);
        Some((palette.dim(&row), width(&row)))
    }
}

/// Puts the number of those that found no place at the end of the last row.
fn push_rest(rows: &mut [String], count: usize, columns: usize) {
    let rest = format!("   +{count} more");
    if let Some(row) = rows.last_mut() {
        *row = shorten(row, columns.saturating_sub(width(&rest))).into_owned() + &rest;
    }
}

fn label((job, since): &(&Job, Instant), now: Instant) -> String {
    let time = brief(now.saturating_duration_since(*since));
    match &*job.queue {
        "default" => format!("{} {time}", tame(&job.name)),
        queue => format!("{} ({}) {time}", tame(&job.name), tame(queue)),
    }
}

/// Joins as many of the parts as fit; the others are left out, from the end.
fn fit(parts: &[(String, bool)], columns: usize, palette: Palette) -> Row {
    let mut row = String::new();
    let mut left = columns;
    for (text, is_bad) in parts {
        let gap = if row.is_empty() { "" } else { "  " };
        if width(text) + gap.len() > left {
            break;
        }
        left -= width(text) + gap.len();
        row.push_str(gap);
        row.push_str(&if *is_bad { palette.fail(text) } else { palette.bold(text) });
    }
    (row, columns - left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the sample of the contract, and more that runs and waits.
    fn busy(start: Instant) -> Screen {
        let mut screen = Screen::default();
        screen.set_total(260);
        let names = [
            ("app", "link", 0),
            ("test:suite=json,db=pg", "default", 39),
            ("compile:src/a.c", "default", 50),
            ("compile:src/b.c", "default", 51),
            ("compile:src/some/deeper/path/to/a/file.c", "default", 52),
            ("compile:src/d.c", "default", 53),
        ];
        for (id, (name, queue, after)) in names.into_iter().enumerate() {
            screen.queued(id, name.into(), queue.into());
            screen.started(id, start + Duration::from_millis(after * 100));
        }
        for (id, queue) in [(10, "default"), (11, "default"), (12, "link")] {
            screen.queued(id, format!("w{id}").into(), queue.into());
        }
        for id in 100..276 {
            screen.ended(id, id == 100);
        }
        screen.set_stayed(38);
        screen
    }

    fn picture(screen: &Screen, now: Instant, columns: usize) -> String {
        let rows = screen.rows(now, columns, Palette::default());
        assert!(rows.iter().all(|it| it.1 == width(&it.0) && it.1 <= columns), "{rows:?}");
        rows.into_iter().map(|it| it.0 + "\n").collect()
    }

    #[test]
    fn the_block_shows_counts_what_runs_and_what_waits() {
        let start = Instant::now();
        let now = start + Duration::from_millis(6_100);
        let mut screen = busy(start);
        screen.set_durations([("app".to_owned(), Duration::from_secs(8))].into_iter().collect());
        screen.estimate(now);
        let wide = picture(&screen, now, 79);
        let narrow = picture(&screen, now, 39);
        let tiny = picture(&screen, now, 12);
        insta::assert_snapshot!(format!("{wide}---\n{narrow}---\n{tiny}"));
    }

    #[test]
    fn while_stopping_there_is_no_estimate() {
        let start = Instant::now();
        let mut screen = busy(start);
        screen.set_stopping("stopping");
        let head = picture(&screen, start + Duration::from_secs(6), 79);
        assert_eq!(head.lines().next(), Some("214/260 done  38 up to date  1 failed  stopping"));
    }

    /// What does not run because of a failure was once counted as up to date.
    #[test]
    fn what_cannot_run_is_neither_done_nor_up_to_date() {
        let start = Instant::now();
        let mut screen = busy(start);
        screen.blocked();
        screen.blocked();
        let head = picture(&screen, start, 79);
        let expected = "214/260 done  38 up to date  1 failed  2 not run";
        assert_eq!(head.lines().next(), Some(expected));
    }

    #[test]
    fn a_requeued_job_waits_and_a_pause_does_not_count() {
        let start = Instant::now();
        let mut screen = Screen::default();
        screen.set_total(2);
        screen.queued(0, "a".into(), "default".into());
        screen.started(0, start);
        screen.queued(1, "b".into(), "net".into());
        screen.started(1, start);
        screen.requeued(1);
        screen.skip(Duration::from_secs(60));
        let now = start + Duration::from_secs(62);
        assert_eq!(picture(&screen, now, 79), "0/2 done\n  a 2.0s\n  waiting: 1 for net\n");
        assert_eq!(screen.heartbeat(now), "0/2 done, running: a 2.0s");
    }
}
