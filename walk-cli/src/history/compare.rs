//! In what two runs differ.

use std::time::Duration;

use super::{RecordedAction, RecordedRun};

/// Two durations differ if by more than this, and by more than a fifth of the first.
const NOISE: Duration = Duration::from_millis(100);

/// In what one run differs from an earlier one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison<'a> {
    /// What ran, or was to run, in one of them only.
    pub(crate) only_before: Vec<&'a RecordedAction>,
    pub(crate) only_after: Vec<&'a RecordedAction>,
    /// What ended well in one of them only.
    pub(crate) broken: Vec<Change<'a>>,
    pub(crate) mended: Vec<Change<'a>>,
    /// What took another time, the greatest difference first.
    pub(crate) slower: Vec<Change<'a>>,
    pub(crate) faster: Vec<Change<'a>>,
}

/// One action in both of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) before: &'a RecordedAction,
    pub(crate) after: &'a RecordedAction,
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(before: &'a RecordedRun, after: &'a RecordedRun) -> Self {
        let mut all = Self {
            only_before: missing_in(after, before),
            only_after: missing_in(before, after),
            ..Self::default()
        };
        for after in &after.actions {
            if let Some(before) = before.action(&after.name) {
                all.add(Change { before, after });
            }
        }
        all.slower.sort_by_key(|it| std::cmp::Reverse(it.difference()));
        all.faster.sort_by_key(|it| std::cmp::Reverse(it.difference()));
        all
    }

    fn add(&mut self, change: Change<'a>) {
        let [before, after] = [change.before, change.after].map(is_good);
        match (before, after) {
            (Some(true), Some(false)) => self.broken.push(change),
            (Some(false), Some(true)) => self.mended.push(change),
            (Some(true), Some(true)) if change.is_notable() => {
                let is_slower = change.after.duration() > change.before.duration();
                if is_slower { &mut self.slower } else { &mut self.faster }.push(change);
            }
            _ => {}
        }
    }
}

impl Change<'_> {
    /// Returns by how much its durations differ.
    pub(crate) fn difference(&self) -> Duration {
        self.after.duration().abs_diff(self.before.duration())
    }

    fn is_notable(&self) -> bool {
        let difference = self.difference();
        difference > NOISE && difference * 5 > self.before.duration()
    }
}

/// Returns whether it ended well; `None` if it was not begun.
fn is_good(action: &RecordedAction) -> Option<bool> {
    match action.status() {
        Some(status) => Some(status.is_success()),
        None => action.last().map(|_| false),
    }
}

fn missing_in<'a>(other: &RecordedRun, run: &'a RecordedRun) -> Vec<&'a RecordedAction> {
    run.actions.iter().filter(|it| other.action(&it.name).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::recorded;
    use super::*;

    fn run(ends: &[(&str, &str, u64)]) -> RecordedRun {
        let mut lines = vec![r#""event":"run-started""#.to_owned()];
        for (name, status, millis) in ends {
            lines.push(format!(r#""event":"started","action":"{name}","slot":0"#));
            if status.is_empty() {
                continue;
            }
            lines.push(format!(
                r#""event":"finished","action":"{name}","status":"{status}","duration_ms":{millis}"#
            ));
        }
        recorded(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn what_differs_is_found() {
        let before = run(&[
            ("gone", "success", 10),
            ("same", "success", 1_000),
            ("slow", "success", 1_000),
            ("fast", "success", 1_000),
            ("little", "success", 10),
            ("broke", "success", 10),
            ("mended", "failure", 10),
            ("new", "", 0),
        ]);
        let after = run(&[
            ("same", "success", 1_150),
            ("slow", "success", 1_300),
            ("fast", "unchanged", 100),
            ("little", "success", 90),
            ("broke", "failure", 10),
            ("mended", "success", 10),
            ("new", "success", 10),
        ]);
        let found = Comparison::new(&before, &after);
        let names =
            |it: &[Change<'_>]| it.iter().map(|it| it.after.name.clone()).collect::<Vec<_>>();
        assert_eq!(found.only_before[0].name, "gone");
        assert_eq!(names(&found.slower), ["slow"]);
        assert_eq!(names(&found.faster), ["fast"]);
        assert_eq!(names(&found.broken), ["broke"]);
        assert_eq!(names(&found.mended), ["mended", "new"]);
        assert_eq!(names(&Comparison::new(&after, &before).broken), ["mended", "new"]);
    }
}
