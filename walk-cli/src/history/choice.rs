//! Which of the recorded runs is meant.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use walk_plan::{RunRecord, StateDir};

use super::RecordedRun;
use crate::error::{CliError, Result};

/// A run, as people name it: `42`, `last`, or `-2` for the one before the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    Number(u64),
    #[default]
    Last,
    /// So many runs before the last.
    Before(u64),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |it: &str| it.parse().ok().filter(|it: &u64| *it > 0);
        let choice = match text.strip_prefix('-') {
            None if text == "last" => Some(Self::Last),
            Some(back) => number(back).map(|it| Self::Before(it - 1)),
            None => number(text).map(Self::Number),
        };
        choice
            .ok_or_else(|| "a run is a number, `last`, or `-2` for the one before the last".into())
    }
}

/// The records of a state directory.
#[derive(Debug)]
pub(crate) struct Recorded {
    records: Vec<RunRecord>,
    directory: PathBuf,
}

impl Recorded {
    pub(crate) fn of(state: &StateDir) -> Self {
        Self { records: state.run_records(), directory: state.path().to_owned() }
    }

    /// Returns the records, the oldest first.
    pub(crate) fn records(&self) -> &[RunRecord] {
        &self.records
    }

    /// Reads the newest run, if that is soon read.
    pub(crate) fn newest_if_small(&self) -> Option<RecordedRun> {
        const SMALL: u64 = 1 << 20;
        let newest = self.records.last()?;
        let is_small = fs::metadata(&newest.path).is_ok_and(|it| it.len() <= SMALL);
        is_small.then(|| RecordedRun::read(&newest.path).ok()).flatten()
    }

    /// Reads the run that is meant.
    pub(crate) fn read(&self, choice: Choice) -> Result<RecordedRun> {
        RecordedRun::read(&self.path(choice)?)
    }

    /// Returns the record of the run that is meant.
    pub(crate) fn path(&self, choice: Choice) -> Result<PathBuf> {
        let found = self.records.iter().find(|it| self.means(choice, it));
        found.map(|it| it.path.clone()).ok_or_else(|| self.unknown(choice))
    }

    fn means(&self, choice: Choice, record: &RunRecord) -> bool {
        let back = match choice {
            Choice::Number(number) => return number == record.number,
            Choice::Last => 0,
            Choice::Before(back) => back,
        };
        let newer = self.records.iter().filter(|it| it.number > record.number).count();
        u64::try_from(newer) == Ok(back)
    }

    fn unknown(&self, choice: Choice) -> CliError {
        let meant = match choice {
            Choice::Number(number) => format!("run {number}"),
            Choice::Last => "run".to_owned(),
            Choice::Before(back) => format!("run -{}", back + 1),
        };
        let valid = match &*self.records {
            [] => "nothing has run yet".to_owned(),
            [only] => format!("the only one is {}", only.number),
            [first, .., last] => format!("there are {} to {}", first.number, last.number),
        };
        let directory = self.directory.display();
        CliError::Usage(format!("no {meant} is recorded in `{directory}`: {valid}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_number_or_from_the_end() {
        let check =
            |text: &str, expected| assert_eq!(text.parse::<Choice>().ok(), expected, "{text}");
        check("42", Some(Choice::Number(42)));
        check("last", Some(Choice::Last));
        check("-1", Some(Choice::Before(0)));
        check("-3", Some(Choice::Before(2)));
        for wrong in ["0", "-0", "", "-", "first", "1.5", "--1"] {
            check(wrong, None);
        }
    }
}
