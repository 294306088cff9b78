//! How much is kept and for how long, and several who keep at the same time.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use walk_cache::{Cache, Settings};

use crate::kit::{Project, files};

fn limited(directory: &std::path::Path, size: u64, age: Duration) -> Cache {
    let mut settings = Settings::default();
    settings.local = Some(directory.into());
    (settings.max_size, settings.max_age) = (size, age);
    Cache::open(settings).expect("it is one")
}

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut project = Project::new();
    let mut keep = |name: &str, size: usize| {
        project.question.arguments = vec![name.into()];
        project.write("out", name.repeat(size));
        project.keep(&limited(directory.path(), 100_000, MONTH), &[]);
        let hour = Duration::from_secs(3600);
        // Each is older than the next.
        for path in [files(directory.path(), "cas"), files(directory.path(), "ac")].concat() {
            let file = File::open(&path).expect("ours");
            let used = file.metadata().and_then(|it| it.modified()).expect("it has one");
            file.set_modified(used - hour).expect("ours");
        }
    };
    for name in ["a", "b", "c"] {
        keep(name, 45_000);
    }
    let mut restores = |name: &str| {
        project.question.arguments = vec![name.into()];
        project.restore(&limited(directory.path(), 100_000, MONTH)).is_some()
    };
    assert!(!restores("a"), "the oldest went");
    assert!(restores("b") && restores("c"));
    let size: u64 = files(directory.path(), "cas")
        .iter()
        .map(|it| fs::metadata(it).expect("it is there").len())
        .sum();
    assert!(size <= 100_000, "{size} bytes");
}

#[test]
fn what_nobody_asks_for_in_time_goes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut project = Project::new();
    project.write("out", "old");
    project.keep(&limited(directory.path(), 100_000, MONTH), &[]);
    for path in [files(directory.path(), "cas"), files(directory.path(), "ac")].concat() {
        let file = File::open(&path).expect("ours");
        file.set_modified(SystemTime::now() - 2 * MONTH).expect("ours");
    }
    project.question.arguments = vec!["another".into()];
    project.write("out", "new".repeat(2_000));
    project.keep(&limited(directory.path(), 100_000, MONTH), &[]);
    assert!(project.restore(&limited(directory.path(), 100_000, MONTH)).is_some());
    project.question.arguments = ["make", "out"].map(String::from).into();
    assert!(project.restore(&limited(directory.path(), 100_000, MONTH)).is_none());
}

/// Keeps a large result, and a little when there is no more room for that; returns whether it is
/// there all the same.
fn keeps_too_much(directory: &std::path::Path, between: impl FnOnce()) -> bool {
    let mut project = Project::new();
    project.write("out", "large".repeat(400_000));
    project.keep(&limited(directory, 100_000_000, MONTH), &[]);
    between();
    project.question.arguments = vec!["another".into()];
    project.write("out", "a little");
    project.keep(&limited(directory, 1_500_000, MONTH), &[]);
    let size = |path: &std::path::PathBuf| fs::metadata(path).expect("it is there").len();
    files(directory, "cas").iter().map(size).sum::<u64>() > 1_500_000
}

/// It was never trimmed again.
#[test]
fn a_file_of_somebody_else_among_what_is_kept_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let other = directory.path().join("cas/.DS_Store");
    let between = || {
        fs::write(&other, "theirs").expect("ours");
        fs::remove_file(directory.path().join("trimmed")).expect("ours");
    };
    assert!(!keeps_too_much(directory.path(), between) && other.exists());
}

/// It was not trimmed until that time came, however much was added little by little.
#[test]
fn a_clock_that_was_wrong_when_it_was_trimmed_keeps_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let between = || {
        let mark = File::open(directory.path().join("trimmed")).expect("ours");
        mark.set_modified(SystemTime::now() + 12 * MONTH).expect("ours");
    };
    assert!(!keeps_too_much(directory.path(), between));
}

#[test]
fn two_that_keep_and_restore_at_the_same_time_disturb_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut project = Project::new();
                for round in 0..25 {
                    let cache = limited(directory.path(), 1_000_000, MONTH);
                    project.question.arguments = vec![round.to_string()];
                    project.write("out", format!("result {round}").repeat(100));
                    project.keep(&cache, &[]);
                    project.write("out", "something else");
                    assert!(project.restore(&cache).is_some(), "round {round}");
                    assert_eq!(project.read("out"), format!("result {round}").repeat(100));
                }
            });
        }
    });
}
