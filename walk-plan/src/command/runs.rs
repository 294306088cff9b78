//! The files in which runs are recorded: how they are numbered, and which are kept.
//!
//! A record is a file of lines, `runs/000042.jsonl` in the state directory. What stands in it is the
//! business of who writes it; here is known that the numbers go up, that the newest are worth
//! most, and that records are for their user alone, as they hold what commands wrote.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::StateDir;
use super::state_dir::{cannot, create_private, make_directory};
use crate::WalkError;

/// How many records are kept, and how many bytes of them, the newest aside.
const MOST: usize = 100;
const MOST_BYTES: u64 = 64 << 20;

/// Numbers have at least so many digits, so that names sort as numbers do.
const DIGITS: usize = 6;

/// A record of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// The number of the run, from 1.
    pub number: u64,
    /// The file.
    pub path: PathBuf,
}

impl StateDir {
    /// Makes the file for the record of a run that begins, and removes those that are too many; the
    /// caller holds the lock.
    ///
    /// # Errors
    ///
    /// Names the path that cannot be made.
    pub fn create_run_record(&self) -> Result<(RunRecord, File), WalkError> {
        let directory = self.runs();
        make_directory(&directory).map_err(cannot("create", &directory))?;
        let earlier = self.run_records();
        let number = earlier.last().map_or(1, |it| it.number.saturating_add(1));
        remove_old(&earlier);
        let path = directory.join(format!("{number:0DIGITS$}.jsonl"));
        let file = create_private(&path).map_err(cannot("create", &path))?;
        Ok((RunRecord { number, path }, file))
    }

    /// Returns the records that there are, the oldest first: needs no lock.
    #[must_use]
    pub fn run_records(&self) -> Vec<RunRecord> {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten();
        let mut records: Vec<RunRecord> = entries.filter_map(|it| record(it.path())).collect();
        records.sort_unstable_by_key(|it| it.number);
        records
    }

    fn runs(&self) -> PathBuf {
        self.path().join("runs")
    }
}

fn record(path: PathBuf) -> Option<RunRecord> {
    let name = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
    let number = name.parse().ok().filter(|it| *it > 0)?;
    Some(RunRecord { number, path })
}

/// Makes room for one more.
fn remove_old(records: &[RunRecord]) {
    let mut bytes = 0_u64;
    for (newer, record) in records.iter().rev().enumerate() {
        bytes = bytes.saturating_add(size(&record.path).unwrap_or(0));
        if newer + 1 >= MOST || bytes > MOST_BYTES {
            // One that stays is one too many, and nothing else.
            let _ = fs::remove_file(&record.path);
        }
    }
}

fn size(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|it| it.len())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn numbers(state: &StateDir) -> Vec<u64> {
        state.run_records().iter().map(|it| it.number).collect()
    }

    #[test]
    fn the_newest_hundred_are_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = StateDir::new(directory.path().join("state"));
        for _ in 0..MOST + 3 {
            state.create_run_record().expect("it can be made");
        }
        assert_eq!(numbers(&state), (4..=103).collect::<Vec<u64>>());
    }

    #[test]
    fn what_is_too_much_goes_from_the_oldest_on() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = StateDir::new(directory.path());
        for _ in 0..3 {
            let (_, file) = state.create_run_record().expect("it can be made");
            file.set_len(MOST_BYTES / 2).expect("a file without content");
        }
        let (last, mut file) = state.create_run_record().expect("it can be made");
        file.write_all(b"x").expect("it can be written");
        assert_eq!(numbers(&state), [2, 3, 4]);
        assert_eq!(last.number, 4);
    }

    #[test]
    fn other_files_are_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = StateDir::new(directory.path());
        state.create_run_record().expect("it can be made");
        for name in ["notes.txt", "x.jsonl", "000000.jsonl"] {
            fs::write(directory.path().join("runs").join(name), "").expect("it can be written");
        }
        assert_eq!(numbers(&state), [1]);
    }
}
