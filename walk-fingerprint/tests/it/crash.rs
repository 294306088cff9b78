//! A writer that is killed with SIGKILL: what was committed is there, nothing is wrong.
//!
//! The test starts itself again as the writer, which says on its standard output what it has
//! committed; the parent kills it at some point of the conversation and compares.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use walk_fingerprint::{SqliteStore, Store};

use crate::store::{digest, fingerprint};

const STORE: &str = "WALK_FINGERPRINT_CRASH_STORE";
const FIRST: &str = "WALK_FINGERPRINT_CRASH_FIRST";
const TRIALS: usize = 20;
const ACTIONS: usize = 10;

/// What the writer has said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    /// The values of this round are about to be made.
    Forgot(usize),
    /// The values of this round are committed.
    Saved(usize),
}

#[test]
fn what_was_committed_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut last = Said::Nothing;
    for trial in 0..TRIALS {
        let said = killed_after(&path, next_round(last), 1 + trial * 7 % 23);
        last = if said == Said::Nothing { last } else { said };
        let found = state(&path);
        assert!(possible(last).contains(&found), "{trial}: said {last:?}, found {found:?}");
        last = found.map_or(Said::Forgot(round(last)), Said::Saved);
    }
    assert!(round(last) > TRIALS, "{last:?}");
    assert!(!directory.path().join("store.damaged").exists());
}

/// The writer; does nothing unless it was started by the test above.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let first: usize = std::env::var(FIRST).unwrap().parse().unwrap();
    let mut store = SqliteStore::open(path).unwrap();
    for round in first..100_000 {
        store.begin().unwrap();
        for index in 0..ACTIONS {
            store.save_fingerprint(&uid(index), None).unwrap();
        }
        store.commit().unwrap();
        println!("\nforgot {round}");
        for index in 0..ACTIONS {
            store
                .save_fingerprint(&uid(index), Some(&fingerprint(round * ACTIONS + index)))
                .unwrap();
            store.save_note(&uid(index), Some(&round.to_le_bytes())).unwrap();
        }
        store.save_digests(&[digest("a", round as u64)]).unwrap();
        if round.is_multiple_of(5) {
            store.finish().unwrap();
        } else {
            store.commit().unwrap();
        }
        println!("\nsaved {round}");
    }
}

fn uid(index: usize) -> String {
    format!("action {index}")
}

fn round(said: Said) -> usize {
    match said {
        Said::Nothing => 0,
        Said::Forgot(round) | Said::Saved(round) => round,
    }
}

fn next_round(said: Said) -> usize {
    round(said) + 1
}

/// Which rounds may be in the store: the last one said, or the step after it.
fn possible(said: Said) -> Vec<Option<usize>> {
    match said {
        Said::Nothing => vec![None, Some(1)],
        Said::Forgot(round) => vec![None, Some(round)],
        Said::Saved(round) => vec![Some(round), None],
    }
}

/// Starts the writer, kills it after so many lines, and returns what it said last.
fn killed_after(path: &Path, first: usize, lines: usize) -> Said {
    let mut child = start(path, first);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    for _ in 0..lines {
        output.read_line(&mut text).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut text).unwrap();
    let whole_lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole_lines.filter_map(|line| parse(line.trim())).next_back().unwrap_or(Said::Nothing)
}

fn parse(line: &str) -> Option<Said> {
    let (what, round) = line.split_once(' ')?;
    match what {
        "forgot" => Some(Said::Forgot(round.parse().ok()?)),
        "saved" => Some(Said::Saved(round.parse().ok()?)),
        _ => None,
    }
}

fn start(path: &Path, first: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--nocapture", "--test-threads=1"])
        .env(STORE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Returns the round that all values are of, `None` if all are forgotten; anything else is wrong.
fn state(path: &Path) -> Option<usize> {
    let mut store = SqliteStore::open(path).unwrap();
    assert!(!store.was_unclean(), "the machine was not booted since");
    let round = store.load_note(&uid(0)).unwrap();
    let round = round.map_or(0, |bytes| usize::from_le_bytes(bytes.try_into().unwrap()));
    let found: Vec<_> =
        (0..ACTIONS).map(|index| store.load_fingerprint(&uid(index)).unwrap()).collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    for (index, found) in found.into_iter().enumerate() {
        assert_eq!(found, Some(fingerprint(round * ACTIONS + index)));
    }
    assert_eq!(store.load_digests(), Ok(vec![digest("a", round as u64)]));
    Some(round)
}
