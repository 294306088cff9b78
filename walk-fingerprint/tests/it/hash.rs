//! F11: what makes two files or two directories the same, and what has no digest.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;
use walk_fingerprint::{
    Checksum, FileKind, FileStamp, FileState, hash_dir, hash_file, hash_files, observe,
};

/// What is done to a directory.
type Change = fn(&Path);

/// A directory with a bit of everything.
fn sample() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    fs::create_dir_all(path("a/b/empty")).unwrap();
    fs::write(path("a/file"), "content").unwrap();
    fs::write(path("a/b/program"), "#!/bin/sh").unwrap();
    fs::set_permissions(path("a/b/program"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("a/file", path("link")).unwrap();
    symlink(".", path("a/loop")).unwrap();
    root
}

#[test]
fn f11_equal_directories_are_equal_wherever_they_are() {
    assert_eq!(hash_dir(sample().path()).unwrap(), hash_dir(sample().path()).unwrap());
}

/// The digest itself is part of saved fingerprints: it must not change by accident.
#[test]
fn f11_golden_directory() {
    let expected = "a1f31a47989f7fcf34442ce228f6fab069d10c061972125a035adffdb7463916";
    assert_eq!(hash_dir(sample().path()).unwrap().to_string(), expected);
}

#[test]
fn f11_what_changes_the_digest_of_a_directory() {
    let changes: [(&str, Change); 10] = [
        ("content", |root| fs::write(root.join("a/file"), "Content").unwrap()),
        ("name", |root| fs::rename(root.join("a/file"), root.join("a/File")).unwrap()),
        ("new file", |root| fs::write(root.join("a/b/new"), "").unwrap()),
        ("file removed", |root| fs::remove_file(root.join("a/b/program")).unwrap()),
        ("new directory", |root| fs::create_dir(root.join("a/c")).unwrap()),
        ("directory removed", |root| fs::remove_dir(root.join("a/b/empty")).unwrap()),
        ("executable bit", |root| {
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(root.join("a/file"), mode).unwrap();
        }),
        ("link target", |root| {
            fs::remove_file(root.join("link")).unwrap();
            symlink("a/b/program", root.join("link")).unwrap();
        }),
        ("link replaced by what it leads to", |root| {
            fs::remove_file(root.join("link")).unwrap();
            fs::write(root.join("link"), "content").unwrap();
        }),
        ("moved into another directory", |root| {
            fs::rename(root.join("a/file"), root.join("a/b/file")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let root = sample();
        let before = hash_dir(root.path()).unwrap();
        change(root.path());
        assert_ne!(hash_dir(root.path()).unwrap(), before, "{what}");
    }
}

#[test]
fn f11_times_change_nothing() {
    let root = sample();
    let before = hash_dir(root.path()).unwrap();
    let file = OpenOptions::new().write(true).open(root.path().join("a/file")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(hash_dir(root.path()).unwrap(), before);
}

#[test]
fn many_files_are_hashed_in_the_order_given() {
    let root = sample();
    let paths = [root.path().join("a/file"), root.path().join("gone"), root.path().join("link")];
    let results = hash_files(&paths);
    assert_eq!(*results[0].as_ref().unwrap(), Checksum::of(b"content"));
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(*results[2].as_ref().unwrap(), Checksum::of(b"content"));
}

#[test]
fn a_file_of_many_blocks_is_hashed_whole() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file");
    for size in [0, 1, 65_535, 65_536, 65_537, 1_000_003] {
        let content: Vec<u8> = (0..size).map(|index| u8::try_from(index % 251).unwrap()).collect();
        fs::write(&path, &content).unwrap();
        assert_eq!(hash_file(&path).unwrap(), Checksum::of(&content), "{size}");
    }
}

#[test]
fn missing_is_a_state_and_not_an_error() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    for name in ["gone", "gone/below", "file/below", "dangling"] {
        let path = root.path().join(name);
        let observed = observe(&path).unwrap();
        assert_eq!((observed.state, observed.stamp), (FileState::Missing, None), "{name}");
        assert_eq!(observed.state.digest(), None);
        assert_eq!(FileStamp::of(&path).unwrap(), None);
    }
}

/// Reading any of these could wait for ever.
#[test]
fn what_has_no_content_is_an_error_that_names_it() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let _listener = UnixListener::bind(path("socket")).unwrap();
    symlink("fifo", path("link")).unwrap();
    for name in ["fifo", "socket", "link", "/dev/zero"] {
        let refused = |error: io::Error, path: &Path| {
            let what = "is neither a regular file nor a directory";
            assert_eq!(error.to_string(), format!("`{}` {what}", path.display()));
        };
        refused(observe(&path(name)).unwrap_err(), &path(name));
        refused(hash_file(path(name)).unwrap_err(), &path(name));
        assert_eq!(FileStamp::of(&path(name)).unwrap().unwrap().kind, FileKind::Other);
    }
    assert!(hash_dir(root.path()).unwrap_err().to_string().contains("neither"));
}

#[test]
fn errors_name_the_path() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("loop");
    symlink("loop", &path).unwrap();
    let text = path.display().to_string();
    assert!(observe(&path).unwrap_err().to_string().contains(&text));
    assert!(hash_file(&path).unwrap_err().to_string().contains(&text));
    assert!(hash_dir(&path).unwrap_err().to_string().contains(&text));
    let missing = root.path().join("gone");
    let error = hash_file(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), format!("cannot hash `{}`: no such file", missing.display()));
    let error = hash_file(root.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IsADirectory);
}

/// Whoever may read everything sees a file; everybody else an error with its name.
#[test]
fn an_unreadable_file_is_not_a_missing_one() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("secret");
    fs::write(&path, "secret").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    match observe(&path) {
        Ok(observed) => assert_eq!(observed.state, FileState::File(Checksum::of(b"secret"))),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert!(error.to_string().contains(path.to_str().unwrap()));
        }
    }
}

#[test]
fn a_deep_tree_needs_no_stack() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("d/".repeat(1_500));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("file"), "content").unwrap();
    assert!(hash_dir(root.path()).is_ok());
}

/// While a file grows, what is observed is a moment of it or nothing: never a mixture of two.
#[test]
fn f12_a_file_that_changes_while_it_is_read() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("growing");
    let block: Vec<u8> = (0..=255).collect();
    fs::write(&path, block.repeat(1 << 10)).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            let mut blocks = 0;
            while !done.load(Ordering::Relaxed) && blocks < 1 << 12 {
                file.write_all(&block).unwrap();
                blocks += 1;
            }
        });
        for _ in 0..20 {
            match observe(&path) {
                Ok(observed) => {
                    let size = usize::try_from(observed.stamp.unwrap().size).unwrap();
                    let content = block.repeat(size / block.len());
                    assert_eq!(observed.state, FileState::File(Checksum::of(&content)));
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
                    assert!(error.to_string().contains("keeps changing while it is read"));
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}
