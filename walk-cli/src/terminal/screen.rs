//! The live block: how far the run is, what runs, what waits, and how long it will take.
//!
//! A model and its picture, without a terminal or a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Palette;
use super::asking::Asking;
use super::eta::{Left, Outlook};
use super::taskbar::Mood;
use super::text::{between, brief, shorten, tame, whole, width};

/// How many lines those that run get.
const RUNNING_ROWS: usize = 3;

/// How many columns a name keeps where there is hardly any room.
const NARROWEST_NAME: usize = 4;

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
    outlook: Outlook,
    left: Option<Left>,
    asking: Asking,
    stopping: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Job {
    name: Arc<str>,
    queue: Arc<str>,
}

/// What runs: its vertex, what it is, and since when.
type Running<'a> = (usize, &'a Job, Instant);

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

    /// Sets what is expected of the walk; what was expected of another one is over.
    pub(crate) fn set_outlook(&mut self, outlook: Outlook) {
        self.outlook = outlook;
        self.left = None;
    }

    /// Estimates the time that is left, from now on.
    pub(crate) fn estimate(&mut self, now: Instant) {
        let running = self.running.iter();
        let running = running.map(|(id, it)| (*id, now.saturating_duration_since(it.1)));
        let waiting = self.waiting.keys().map(|it| (*it, Duration::ZERO));
        let active: Vec<_> = running.chain(waiting).collect();
        self.left = self.outlook.left(&active);
    }

    /// Sets where questions to a cache are counted.
    pub(crate) fn set_asking(&mut self, asking: Asking) {
        self.asking = asking;
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

    /// Returns how many actions run.
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// Returns how it goes, and how many of a hundred are done with.
    pub(crate) fn progress(&self) -> (Mood, usize) {
        let done = self.done + self.stayed + self.blocked;
        let mood = match (self.stopping, self.failed) {
            (Some(_), _) => Mood::Stopping,
            (None, 0) => Mood::Good,
            _ => Mood::Bad,
        };
        (mood, (done * 100).checked_div(self.total).unwrap_or(0))
    }

    /// Returns the lines of the block, at most `most` of them; none is wider than `columns`.
    pub(crate) fn rows(
        &self,
        now: Instant,
        (columns, most): (usize, usize),
        palette: Palette,
    ) -> Vec<String> {
        let mut rows = vec![self.head(now, columns, palette)];
        let most_running = most.saturating_sub(2).min(RUNNING_ROWS);
        rows.extend(self.running_rows(now, columns, most_running));
        rows.extend(self.waiting_row(columns, palette));
        rows.truncate(most.max(1));
        rows
    }

    /// Returns the line that stands for the block where nothing can be redrawn.
    pub(crate) fn heartbeat(&self, now: Instant) -> String {
        let running = self.longest_first(now);
        let names: Vec<String> = running.iter().take(10).map(|it| self.label(it, now)).collect();
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

    fn head(&self, now: Instant, columns: usize, palette: Palette) -> String {
        let mut parts: Vec<Part> = Vec::new();
        for (rank, text) in (0..).step_by(5).zip(self.counts()) {
            parts.push((text, false, rank));
        }
        if self.failed > 0 {
            parts.push((format!("{} failed", self.failed), true, 2));
        }
        if self.blocked > 0 {
            parts.push((format!("{} not run", self.blocked), false, 4));
        }
        let asking = self.asking.long(now);
        if let Some(how) = self.stopping {
            parts.push((how.into(), true, 1));
        } else if asking > 0 {
            parts.push((format!("{asking} waiting for the cache"), false, 3));
        } else if let Some(left) = self.left {
            parts.push((format!(" eta {}", between(left.least, left.most)), false, 3));
        }
        fit(parts, columns, palette)
    }

    fn longest_first(&self, now: Instant) -> Vec<Running<'_>> {
        let running = self.running.iter();
        let mut running: Vec<_> = running.map(|(id, (job, at))| (*id, job, *at)).collect();
        running.sort_by_key(|it| std::cmp::Reverse(now.saturating_duration_since(it.2)));
        running
    }

    fn running_rows(&self, now: Instant, columns: usize, most: usize) -> Vec<String> {
        let running = self.longest_first(now);
        let rest = |count: usize| format!("   +{count} more");
        let mut rows: Vec<String> = Vec::new();
        for (shown, job) in running.iter().enumerate() {
            // Who has the last place leaves some for the number of those that have none.
            let others = if shown + 1 < running.len() { width(&rest(running.len())) } else { 0 };
            let room = |row: usize| columns.saturating_sub(if row == most { others } else { 0 });
            let label = self.label(job, now);
            let used = rows.last().map_or(columns, |it| width(it));
            if used + 3 + width(&label) <= room(rows.len()) {
                let row = rows.last_mut().expect("its width was taken");
                row.push_str("   ");
                row.push_str(&label);
            } else if rows.len() < most {
                let room = room(rows.len() + 1).saturating_sub(2);
                rows.push(format!("  {}", self.short_label(job, now, room)));
            } else {
                let rest = rest(running.len() - shown);
                rows.last_mut().into_iter().for_each(|it| it.push_str(&rest));
                break;
            }
        }
        rows.iter().map(|it| shorten(it, columns).into_owned()).collect()
    }

    fn waiting_row(&self, columns: usize, palette: Palette) -> Option<String> {
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
        Some(palette.dim(&shorten(&tame(&row), columns)))
    }

    /// Returns `app (link) 6.1s of ~8s`.
    fn label(&self, running: &Running<'_>, now: Instant) -> String {
        let [name, time, usual] = self.label_parts(running, now);
        format!("{name}{time}{usual}")
    }

    /// Returns as much of the label as has room: the time rather than the end of the name.
    fn short_label(&self, running: &Running<'_>, now: Instant, room: usize) -> String {
        let [name, time, usual] = self.label_parts(running, now);
        let time = if width(&name) + width(&time) + width(&usual) > room {
            time
        } else {
            format!("{time}{usual}")
        };
        let left = room.saturating_sub(width(&time));
        if left < NARROWEST_NAME {
            return shorten(&name, room).into_owned();
        }
        format!("{}{time}", shorten(&name, left))
    }

    /// Returns the name, the time, and the usual time, if it is not usually over at once.
    fn label_parts(&self, (id, job, since): &Running<'_>, now: Instant) -> [String; 3] {
        let usual = self.outlook.usual(*id).filter(|it| *it >= Duration::from_secs(1));
        let name = match &*job.queue {
            "default" => tame(&job.name).into_owned(),
            queue => format!("{} ({})", tame(&job.name), tame(queue)),
        };
        let time = format!(" {}", brief(now.saturating_duration_since(*since)));
        [name, time, usual.map_or_else(String::new, |it| format!(" of ~{}", whole(it)))]
    }
}

/// A part of the first line: the text, whether it is bad, and its rank: the lowest comes first if
/// there is little room.
type Part = (String, bool, u8);

/// Joins as many of the parts as fit.
fn fit(mut parts: Vec<Part>, columns: usize, palette: Palette) -> String {
    let wide = |parts: &[Part]| {
        let widths = parts.iter().map(|it| width(&it.0) + 2);
        widths.sum::<usize>().saturating_sub(2)
    };
    while wide(&parts) > columns {
        let last = (0..parts.len()).max_by_key(|it| parts[*it].2);
        if let Some(last) = last {
            parts.remove(last);
        }
    }
    let paint = |(text, is_bad, _): &Part| {
        if *is_bad { palette.fail(text) } else { palette.bold(text) }
    };
    parts.iter().map(paint).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::eta::tests::outlook;

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
        let rows = screen.rows(now, (columns, 24), Palette::default());
        assert!(rows.iter().all(|it| width(it) <= columns), "{rows:?}");
        rows.into_iter().map(|it| it + "\n").collect()
    }

    #[test]
    fn the_block_shows_counts_what_runs_and_what_waits() {
        let start = Instant::now();
        let now = start + Duration::from_millis(6_100);
        let mut screen = busy(start);
        let seconds = [Some(8), Some(2), None, Some(40), Some(0), Some(3)];
        screen.set_outlook(outlook(&seconds, &[&[][..]; 6], &[2], |_| 0));
        screen.estimate(now);
        let wide = picture(&screen, now, 79);
        let narrow = picture(&screen, now, 39);
        let tiny = picture(&screen, now, 12);
        insta::assert_snapshot!(format!("{wide}---\n{narrow}---\n{tiny}"));
    }

    /// The time that is left said 0 s then, and nothing else.
    #[test]
    fn a_question_to_the_cache_that_takes_long_is_shown() {
        let start = Instant::now();
        let (mut screen, asking) = (busy(start), Asking::default());
        screen.set_asking(asking.clone());
        let seen = |after| {
            let picture = picture(&screen, Instant::now() + Duration::from_secs(after), 79);
            picture.contains("  1 waiting for the cache")
        };
        assert!(!asking.ask(|| seen(0)), "it may be answered soon");
        assert!(asking.ask(|| seen(2)));
        assert!(!seen(2), "it was answered");
    }

    /// Each row fits, whatever is in the names, and none does anything to the terminal.
    #[test]
    fn names_of_every_kind_fit_into_every_width() {
        let start = Instant::now();
        let mut screen = Screen::default();
        screen.set_total(7);
        let names = ["compile:源代码/解析器.c", "test:👩‍🔬🧪", "e\u{301}te\u{301}", "a\x1b[2J\nb\tc"];
        for (id, name) in names.into_iter().enumerate() {
            screen.queued(id, name.into(), "链接".into());
            screen.started(id, start);
        }
        screen.queued(9, "w".into(), "l\x07".into());
        let now = start + Duration::from_millis(1_500);
        for columns in 0..90 {
            assert!(!picture(&screen, now, columns).contains('\x1b'));
        }
        let pictures = [79, 37, 17].map(|it| picture(&screen, now, it));
        insta::assert_snapshot!(pictures.join("---\n"));
    }

    #[test]
    fn a_low_terminal_gets_a_low_block() {
        let start = Instant::now();
        let screen = busy(start);
        for most in 0..6 {
            let rows = screen.rows(start, (39, most), Palette::default());
            assert_eq!(rows.len(), most.clamp(1, 5), "of {most}");
            assert!(rows[0].starts_with("214/260 done"));
        }
    }

    #[test]
    fn the_head_shows_the_time_that_is_left_with_its_spread() {
        let start = Instant::now();
        let mut screen = busy(start);
        let head = |screen: &mut Screen, now| {
            screen.estimate(now);
            let picture = picture(screen, now, 79);
            picture.lines().next().and_then(|it| it.split_once("eta ")).map(|it| it.1.to_owned())
        };
        assert_eq!(head(&mut screen, start), None);
        screen.set_outlook(outlook(&[Some(60); 6], &[&[][..]; 6], &[6], |_| 0));
        assert_eq!(head(&mut screen, start).as_deref(), Some("1m00s"));
        let unsure = [Some(60), Some(60), Some(60), None, None, None];
        screen.set_outlook(outlook(&unsure, &[&[][..]; 6], &[1], |_| 0));
        assert_eq!(head(&mut screen, start).as_deref(), Some("4m16s-7m44s"));
    }

    #[test]
    fn while_stopping_there_is_no_estimate() {
        let start = Instant::now();
        let mut screen = busy(start);
        screen.set_stopping("stopping");
        let head = picture(&screen, start + Duration::from_secs(6), 79);
        assert_eq!(head.lines().next(), Some("214/260 done  38 up to date  1 failed  stopping"));
    }

    #[test]
    fn progress_counts_all_that_is_over_and_tells_of_failures() {
        let mut screen = Screen::default();
        assert_eq!(screen.progress(), (Mood::Good, 0));
        screen.set_total(8);
        screen.set_stayed(2);
        screen.ended(0, false);
        assert_eq!(screen.progress(), (Mood::Good, 37));
        screen.ended(1, true);
        screen.blocked();
        assert_eq!(screen.progress(), (Mood::Bad, 62));
        screen.set_stopping("stopping");
        assert_eq!(screen.progress(), (Mood::Stopping, 62));
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
