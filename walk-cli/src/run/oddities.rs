//! What is odd about actions that succeeded: they passed only on a retry, or took clearly longer
//! than usual.
//!
//! It is said in the line of each, and once more in the end, where nothing scrolls away. What
//! counts as odd is decided where the history is; here it is put into words.

use std::fmt::Write as _;
use std::time::Duration;

use walk_plan::{Conduct, Usual};

use crate::terminal::{Palette, seconds, tame};

/// How many of each kind are named in the end.
const MOST: usize = 5;

/// What was odd in a run.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    flaky: Vec<(String, (u32, u32))>,
    slow: Vec<(String, Duration, Usual)>,
    restored: usize,
}

impl Oddities {
    /// Takes in that a run of `name` is over, which took so long.
    pub(super) fn note(&mut self, name: &str, duration: Duration, conduct: &Conduct) {
        self.restored += usize::from(conduct.is_restored);
        if conduct.is_flaky {
            self.flaky.push((name.into(), conduct.history.recently_flaky()));
        }
        if let Some(usual) = conduct.exceeds {
            self.slow.push((name.into(), duration, usual));
        }
    }

    /// Returns how many actions were flaky.
    pub(super) fn flaky(&self) -> usize {
        self.flaky.len()
    }

    /// Returns how many results came from the cache.
    pub(super) fn restored(&self) -> usize {
        self.restored
    }

    /// Returns what is said in the end: a line for each kind.
    pub(super) fn describe(&self, palette: Palette) -> String {
        let flaky = self.flaky.iter().map(|(name, recent)| match habit(*recent) {
            Some(habit) => format!("{} ({habit})", tame(name)),
            None => tame(name).into_owned(),
        });
        let slow = self.slow.iter().map(|(name, duration, usual)| {
            format!("{} {}, usually {}", tame(name), seconds(*duration), seconds(usual.median))
        });
        let mut text = String::new();
        push(&mut text, &palette.warn("flaky"), flaky);
        push(&mut text, &palette.warn("slower than usual"), slow);
        text
    }
}

/// Returns what the line of an action says that was flaky: `passed on attempt 2 of 3; 4 of its
/// last 20 runs were`.
pub(super) fn describe_flaky(attempt: u32, attempts: u32, conduct: &Conduct) -> String {
    let passed = format!("passed on attempt {attempt} of {attempts}");
    match habit(conduct.history.recently_flaky()) {
        Some(habit) => format!("{passed}; {habit} were"),
        None => passed,
    }
}

/// Returns what the line of an action says that took longer.
pub(super) fn describe_slow(usual: Usual) -> String {
    format!("slower than usual ({})", seconds(usual.median))
}

/// Returns `4 of its last 20 runs`, if there were others.
pub(crate) fn habit((flaky, of): (u32, u32)) -> Option<String> {
    (of > 1).then(|| format!("{flaky} of its last {of} runs"))
}

/// Pushes the first of `all`, and how many more there are.
fn push(text: &mut String, what: &str, all: impl ExactSizeIterator<Item = String>) {
    let more = all.len().saturating_sub(MOST);
    let named: Vec<String> = all.take(MOST).collect();
    if named.is_empty() {
        return;
    }
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let _ = writeln!(text, " {what}: {}{more}", named.join("; "));
}
