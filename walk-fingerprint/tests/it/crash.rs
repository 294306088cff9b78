//! A writer that is killed with SIGKILL: what was committed is there, nothing is wrong.
//!
//! The test starts itself again as the writer. Either it kills itself, before or after a step
//! that is given, and each step has its turn; or it says on its standard output what it has
//! committed, and the parent kills it at some point of the conversation, most often in the middle
//! of a step.

use std::fmt::Debug;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use walk_fingerprint::{SqliteStore, Store, StoreError};

use crate::store::{digest, fingerprint};

const STORE: &str = "WALK_FINGERPRINT_CRASH_STORE";
const FIRST: &str = "WALK_FINGERPRINT_CRASH_FIRST";
const STEP: &str = "WALK_FINGERPRINT_CRASH_STEP";
const LAST: &str = "WALK_FINGERPRINT_CRASH_LAST";
const TRIALS: usize = 20;
const ACTIONS: usize = 6;
/// How many steps a round has until what it forgets is committed, and in all.
const FORGOTTEN_AFTER: usize = 1 + ACTIONS + 1;
const STEPS: usize = FORGOTTEN_AFTER + 2 * ACTIONS + 2;
const SIGKILL: i32 = 9;

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

/// F6: what was committed last is what is found, wherever the writer stops: nothing that was
/// forgotten is there, nothing that was saved is missing.
#[test]
fn f6_every_step_may_be_the_last() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    // A step, and whether it is done or only about to be.
    for death in 0..2 * STEPS {
        let (step, is_done) = (death / 2, death % 2 == 1);
        run_through(&path, &[(FIRST, 1), (LAST, 1)]);
        assert_eq!(state(&path), Some(1));
        let status = run_through(&path, &[(FIRST, 2), (LAST, 2), (STEP, death)]);
        assert_eq!(status.signal(), Some(SIGKILL), "{death}: {status}");
        let steps_done = step + usize::from(is_done);
        let expected = match steps_done {
            STEPS => Some(2),
            FORGOTTEN_AFTER..STEPS => None,
            _ => Some(1),
        };
        assert_eq!(state(&path), expected, "{steps_done} of {STEPS} steps");
    }
    run_through(&path, &[(FIRST, 3), (LAST, 3), (STEP, 2 * STEPS)]);
    assert_eq!(state(&path), Some(3), "there are no more steps");
    assert!(!directory.path().join("store.damaged").exists());
}

/// The writer; does nothing unless it was started by a test above.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse::<usize>().unwrap());
    let mut store = Writer {
        store: SqliteStore::open(path).unwrap(),
        steps: 0,
        death: number(STEP).unwrap_or(usize::MAX),
    };
    for round in number(FIRST).unwrap()..=number(LAST).unwrap_or(100_000) {
        store.round(round);
    }
}

/// A store that counts what is done to it, and dies in time.
struct Writer {
    store: SqliteStore,
    steps: usize,
    /// Twice the number of the step before which it dies, one more to die after it.
    death: usize,
}

impl Writer {
    /// Does one step: the first half of a round forgets, the second saves.
    fn step<T: Debug>(&mut self, work: impl FnOnce(&mut SqliteStore) -> Result<T, StoreError>) {
        self.die_at(2 * self.steps);
        work(&mut self.store).unwrap();
        self.die_at(2 * self.steps + 1);
        self.steps += 1;
    }

    fn die_at(&self, moment: usize) {
        if moment == self.death {
            let kill = format!("kill -9 {}", std::process::id());
            Command::new("sh").args(["-c", &kill]).status().unwrap();
            unreachable!("nobody survives that");
        }
    }

    fn round(&mut self, round: usize) {
        self.step(Store::begin);
        for index in 0..ACTIONS {
            self.step(|it| it.save_fingerprint(&uid(index), None));
        }
        self.step(Store::commit);
        println!("\nforgot {round}");
        for index in 0..ACTIONS {
            let fingerprint = fingerprint(round * ACTIONS + index);
            self.step(|it| it.save_fingerprint(&uid(index), Some(&fingerprint)));
            self.step(|it| it.save_note(&uid(index), Some(&round.to_le_bytes())));
        }
        self.step(|it| it.save_digests(&[digest("a", round as u64)]));
        self.step(if round.is_multiple_of(5) { Store::finish } else { Store::commit });
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
    command(path, &[(FIRST, first)]).stdout(Stdio::piped()).spawn().unwrap()
}

/// Lets the writer write until it ends.
fn run_through(path: &Path, settings: &[(&str, usize)]) -> ExitStatus {
    command(path, settings).stdout(Stdio::null()).status().unwrap()
}

fn command(path: &Path, settings: &[(&str, usize)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::writer", "--nocapture", "--test-threads=1"]).env(STORE, path);
    command.envs(settings.iter().map(|(name, value)| (name, value.to_string())));
    command.stderr(Stdio::null());
    command
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
