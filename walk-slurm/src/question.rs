//! The thread that asks Slurm what became of the jobs: one call of `squeue` for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::books::{Books, Cancelling, Entry, Fate, Stage, State};
use crate::calls::Calls;
use crate::judge::{Opinion, is_over, judge};
use crate::slurm::{Line, queue};

/// How long `squeue` may fail before that is said.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the attempts of an array, by its comment.
pub(crate) type Tasks = Box<dyn Fn(&str) -> Vec<String> + Send>;

/// How the queue is asked for.
pub(crate) struct Question {
    pub(crate) books: Arc<Books>,
    pub(crate) calls: Calls,
    /// The name of all our jobs.
    pub(crate) name: String,
    /// The first pause between two questions; it grows while nothing changes.
    pub(crate) pause: Duration,
    /// Which attempt each task of an array is, by the array's comment.
    pub(crate) tasks: Tasks,
}

impl Question {
    /// Asks until the books are closed.
    pub(crate) fn ask(mut self) {
        let mut pause = self.pause;
        loop {
            let mut state = self.books.lock();
            let until = Instant::now() + pause;
            while !(state.is_closed || is_urgent(&state) || Instant::now() >= until) {
                let left = until.saturating_duration_since(Instant::now());
                state = self.books.wait(state, left.max(Duration::from_millis(1)));
            }
            let is_idle = !state.entries.values().any(Entry::is_open);
            let is_unsure = is_urgent(&state);
            if state.is_closed {
                return;
            }
            drop(state);
            // Somebody may still wonder about what has ended.
            if is_idle && !is_unsure {
                pause = self.pause;
                continue;
            }
            if is_unsure {
                // Slurm may still be writing down what it was just sent.
                let state = self.books.lock();
                drop(self.books.wait(state, self.pause.min(Duration::from_millis(500))));
            }
            let changed = match queue(&mut self.calls, &self.name) {
                Ok(lines) => self.enter(&lines),
                Err(error) => self.is_blind(&error),
            };
            self.books.tell();
            pause = if changed { self.pause } else { pause.mul_f64(1.5).min(self.pause * 15) };
        }
    }

    /// Enters what a good look saw; returns whether anything is different.
    fn enter(&self, lines: &[Line]) -> bool {
        let mut arrays = BTreeMap::new();
        let lines: Vec<(String, &Line)> =
            lines.iter().filter_map(|it| Some((self.attempt_of(it, &mut arrays)?, it))).collect();
        let mut state = self.books.lock();
        state.looks += 1;
        if state.blind_since.take().is_some_and(|it| it.elapsed() > PATIENCE) {
            log::info!(target: "walk", "squeue answers again");
        }
        let mut changed = false;
        let mut worries = Vec::new();
        let mut seen: BTreeMap<&str, &Line> = BTreeMap::new();
        for (id, line) in &lines {
            // A further submission of the same attempt is harmless; what lives counts.
            let known = seen.entry(id).or_insert(line);
            if is_over(&known.state) {
                *known = line;
            }
        }
        for (id, entry) in &mut state.entries {
            changed |= see(entry, seen.get(id.as_str()).copied(), &mut worries);
        }
        worries.retain(|it| !state.told.contains(it));
        state.told.extend(worries.iter().cloned());
        drop(state);
        for it in worries {
            log::warn!(target: "walk", "Slurm does not start a job: {it}");
        }
        changed
    }

    /// Returns the attempt that a line is about; `arrays` keeps what was read of arrays.
    fn attempt_of(
        &self,
        line: &Line,
        arrays: &mut BTreeMap<String, Vec<String>>,
    ) -> Option<String> {
        let Some((_, task)) = line.job.split_once('_') else { return Some(line.comment.clone()) };
        let task: usize = task.parse().ok()?;
        let batch = line.comment.clone();
        let tasks = arrays.entry(batch).or_insert_with_key(|batch| (self.tasks)(batch));
        tasks.get(task).cloned()
    }

    fn is_blind(&self, error: &str) -> bool {
        let mut state = self.books.lock();
        let since = *state.blind_since.get_or_insert_with(Instant::now);
        let text = format!("squeue fails: {error}");
        if since.elapsed() > PATIENCE && !state.told.contains(&text) {
            state.told.push(text.clone());
            drop(state);
            log::warn!(
                target: "walk",
                "{text}: nothing is known of jobs but what they write themselves; still waiting"
            );
        }
        false
    }
}

fn is_urgent(state: &State) -> bool {
    let unsure = |it: &Entry| matches!(it.stage, Stage::Unsure { .. }) && it.is_open();
    state.looks < state.curious || state.entries.values().any(unsure)
}

/// Enters what was seen of one attempt; returns whether it is news.
fn see(entry: &mut Entry, line: Option<&Line>, worries: &mut Vec<String>) -> bool {
    let is_news = entry.line.as_ref() != line;
    entry.line = line.cloned();
    // What lives is no less alive for a controller that has forgotten it.
    entry.absent = if line.is_some() || entry.is_heard() { 0 } else { entry.absent + 1 };
    let over = line.is_some_and(|it| is_over(&it.state));
    entry.over_since = over.then(|| entry.over_since.unwrap_or_else(Instant::now));
    if let Some(line) = line.filter(|_| !over) {
        if entry.job.as_ref().is_some_and(|it| *it != line.job) {
            // What was cancelled was not it.
            entry.cancelling = Cancelling::Not;
        }
        entry.job = Some(line.job.clone());
    }
    if let Stage::Unsure { pause } = entry.stage {
        // One that is over and left no result may be what a refused submission leaves.
        entry.stage = match line {
            Some(_) if !over => Stage::Sent,
            _ => Stage::Waiting(Instant::now() + pause),
        };
        if line.is_none() {
            entry.job = None;
        }
        return true;
    }
    if entry.is_revoked {
        if over || (line.is_none() && entry.cancelling != Cancelling::Not) {
            entry.cancelling = Cancelling::Done;
        }
        return is_news;
    }
    if entry.fate.is_none() && matches!(entry.stage, Stage::Sent) {
        entry.fate = match judge(line, entry.looks()) {
            Opinion::Wait => None,
            Opinion::Worry(text) => {
                worries.push(text);
                None
            }
            Opinion::Lost(text) => Some(Fate::Lost(text)),
            Opinion::Failed(text) if over => Some(Fate::Failed(text)),
            Opinion::Failed(text) => {
                Some(Fate::Failed(format!("{text} (asked for {})", entry.demands.join(" "))))
            }
            Opinion::TimedOut => Some(Fate::TimedOut),
        };
    }
    is_news || entry.fate.is_some()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::attempt::Attempt;
    use crate::books::Disowned;

    /// It was stopped, and run again from its beginning.
    #[test]
    fn a_job_that_slurm_forgot_runs_on_while_its_runner_is_heard() {
        let now = Instant::now();
        let ago = |seconds| now.checked_sub(Duration::from_secs(seconds));
        let ago = |seconds| ago(seconds).expect("the machine runs for longer");
        let is_lost_if_heard = |seconds| {
            let lease = Duration::from_secs(60);
            let mut entry = Entry::new(Attempt::at("/nowhere/a.1"), Vec::new(), lease);
            (entry.stage, entry.submitted) = (Stage::Sent, ago(100));
            entry.beat = Some(("90".into(), ago(seconds)));
            for _ in 0..10 {
                see(&mut entry, None, &mut Vec::new());
            }
            matches!(entry.fate, Some(Fate::Lost(_)))
        };
        assert!(!is_lost_if_heard(1));
        assert!(is_lost_if_heard(61));
    }

    /// The number that was read of it is that of another one, or of none.
    #[test]
    fn a_job_is_cancelled_although_another_number_was_before() {
        let check = |before: &str, expected: Cancelling| {
            let mut entry = Entry::new(Attempt::at("/nowhere/a.1"), Vec::new(), Duration::ZERO);
            (entry.stage, entry.job) = (Stage::Sent, Some(before.into()));
            entry.revoke(Disowned::default());
            entry.cancelling = Cancelling::Done;
            let (job, state) = ("100".into(), "RUNNING".into());
            let line = Line {
                job,
                comment: "a.1".into(),
                state,
                reason: String::new(),
                node: "n1".into(),
            };
            see(&mut entry, Some(&line), &mut Vec::new());
            assert_eq!((entry.cancelling, entry.job.as_deref()), (expected, Some("100")));
        };
        check("9999999999999999999999", Cancelling::Not);
        check("100", Cancelling::Done);
    }
}
