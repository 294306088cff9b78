//! Whatever is wrong with what is kept is a miss, and never a wrong file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::kit::{Project, files, local, remote};

/// Damages every file of a cache in turn, in a way of its own each time.
fn check(kind: &str, damage: impl Fn(&Path)) {
    let directory = tempfile::tempdir().expect("a directory");
    let project = Project::new();
    project.write("out", "the result of the action");
    project.keep(&local(directory.path()), &[]);
    let count = files(directory.path(), kind).len();
    assert!(count > 0);
    for at in 0..count {
        let mut all = files(directory.path(), kind);
        all.sort();
        fs::set_permissions(&all[at], fs::Permissions::from_mode(0o644)).expect("ours");
        damage(&all[at]);
        project.write("out", "before");
        match project.restore(&local(directory.path())) {
            Some(_) => assert_eq!(project.read("out"), "the result of the action"),
            None => assert_eq!(project.read("out"), "before", "an output was touched by a miss"),
        }
        assert!(project.restore(&local(directory.path())).is_none(), "{kind} {at}: it was damaged");
        project.write("out", "the result of the action");
        project.keep(&local(directory.path()), &[]);
        assert!(project.restore(&local(directory.path())).is_some(), "it heals");
    }
}

#[test]
fn flipped_bits_are_a_miss() {
    for kind in ["cas", "ac"] {
        check(kind, |path| {
            let mut bytes = fs::read(path).expect("it is there");
            bytes[0] ^= 1;
            fs::write(path, bytes).expect("ours");
        });
    }
}

#[test]
fn what_was_cut_off_is_a_miss() {
    for kind in ["cas", "ac"] {
        check(kind, |path| {
            let bytes = fs::read(path).expect("it is there");
            fs::write(path, &bytes[..bytes.len() - 1]).expect("ours");
        });
        check(kind, |path| fs::write(path, []).expect("ours"));
    }
}

#[test]
fn what_is_missing_is_a_miss() {
    for kind in ["cas", "ac"] {
        check(kind, |path| fs::remove_file(path).expect("ours"));
    }
}

/// A shared directory of which many results are damaged is no server that fails.
#[test]
fn however_much_is_wrong_it_heals_in_one_walk() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("file://{}", directory.path().display());
    let mut project = Project::new();
    project.write("out", "the result of the action");
    let mut walk = |expected: bool| {
        let cache = remote(&url);
        for at in 0..20 {
            project.question.arguments = vec![at.to_string()];
            assert_eq!(project.restore(&cache).is_some(), expected, "{at}");
            if !expected {
                let kept = cache.describe(&project.question, project.root(), &[], b"");
                cache.keep(kept.expect("it can be described"));
            }
        }
        cache.close(|| false);
        cache.numbers().errors
    };
    assert_eq!(walk(false), 0);
    for path in files(directory.path(), "ac") {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        fs::write(&path, "nonsense").expect("ours");
    }
    assert_eq!(walk(false), 20);
    assert_eq!(walk(true), 0);
}

/// It was read as long as there was memory.
#[test]
fn a_result_without_end_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let project = Project::new();
    project.write("out", "result");
    project.keep(&local(directory.path()), &[]);
    let path = &files(directory.path(), "ac")[0];
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("ours");
    let file = fs::File::options().write(true).open(path).expect("it is there");
    file.set_len(1 << 42).expect("it has holes");
    assert_eq!(project.restore(&local(directory.path())), None);
    assert!(!path.exists(), "it was removed");
}

/// It was waited for until somebody wrote to it.
#[test]
fn a_pipe_in_place_of_a_file_is_a_miss() {
    for kind in ["cas", "ac"] {
        check(kind, |path| {
            fs::remove_file(path).expect("ours");
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.expect("it runs").success());
        });
    }
}

/// A cache that nothing can be written to: the walk goes on without it.
#[test]
fn a_place_that_is_no_directory_is_a_miss() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("file");
    fs::write(&place, "not a directory").expect("ours");
    let project = Project::new();
    project.write("out", "result");
    project.keep(&local(&place), &[]);
    assert_eq!(project.restore(&local(&place)), None);
}
