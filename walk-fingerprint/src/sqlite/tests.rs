//! What needs a look inside: another boot, a file system without shared memory.

use super::open;
use super::store::SqliteStore;
use super::tables;
use crate::cache::{DigestRow, KnownDigest};
use crate::checksum::Checksum;
use crate::codec::Marker;
use crate::fingerprint::Fingerprint;
use crate::os;
use crate::stamp::{FileKind, FileStamp};
use crate::store::Store;

fn row(path: &str) -> DigestRow {
    let stamp = FileStamp { size: 1, mtime_ns: 2, ctime_ns: 3, inode: 4, kind: FileKind::File };
    let known = KnownDigest { stamp, checksum: Checksum::of(b""), hashed_at_ns: 5 };
    DigestRow { path: path.into(), known: Some(known) }
}

/// A digest of a file that had been left alone for long.
fn old_row(path: &str) -> DigestRow {
    let mut row = row(path);
    row.known.as_mut().unwrap().hashed_at_ns = 3600 * 1_000_000_000;
    row
}

/// Leaves a store whose last run stands as `marker` says, with two digests.
fn after(marker: Option<&Marker>) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut store = SqliteStore::open(&path).unwrap();
    store.save_digests(&[row("a"), old_row("old")]).unwrap();
    store.commit().unwrap();
    drop(store);
    if let Some(marker) = marker {
        let connection = open::for_writing(&path, None).unwrap();
        tables::save_marker(&connection, marker).unwrap();
    }
    (directory, path)
}

fn marker(boot_id: &str, clean: bool) -> Marker {
    Marker { boot_id: boot_id.into(), clean, ..Marker::default() }
}

#[test]
fn only_an_unfinished_run_of_another_boot_was_unclean() {
    let here = os::boot_id().unwrap_or_default();
    for (last, unclean, believed) in [
        (None, false, 2),
        (Some(marker(&here, true)), false, 2),
        (Some(marker("another", true)), false, 1),
        (Some(marker(&here, false)), false, 2),
        (Some(marker("another", false)), true, 0),
    ] {
        let (_directory, path) = after(last.as_ref());
        let mut store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.was_unclean(), unclean, "{last:?}");
        let digests = store.load_digests().unwrap();
        assert_eq!(digests.len(), believed, "{last:?}");
        let mut reader = SqliteStore::open_read_only(&path).unwrap().unwrap();
        assert_eq!(reader.was_unclean(), unclean, "{last:?}");
        assert_eq!(reader.load_digests(), Ok(digests), "{last:?}");
    }
}

/// The next run may be killed too: what it did not verify must not be believed by the one after.
#[test]
fn digests_from_before_a_power_failure_never_come_back() {
    let writes: [fn(&mut SqliteStore); 3] = [
        |store| store.begin().unwrap(),
        |store| {
            store.save_digests(&[row("b")]).unwrap();
            store.commit().unwrap();
        },
        |store| {
            store.save_note("a", Some(b"")).unwrap();
            store.commit().unwrap();
        },
    ];
    for (clean, left) in [(false, vec![]), (true, vec![old_row("old")])] {
        for (index, write) in writes.into_iter().enumerate() {
            let (_directory, path) = after(Some(&marker("another", clean)));
            let mut store = SqliteStore::open(&path).unwrap();
            write(&mut store);
            assert_eq!(store.was_unclean(), !clean);
            drop(store);
            let mut store = SqliteStore::open(&path).unwrap();
            assert!(!store.was_unclean(), "{index}");
            let mut expected = if index == 1 { vec![row("b")] } else { vec![] };
            expected.extend(left.clone());
            assert_eq!(store.load_digests(), Ok(expected), "{index}");
        }
    }
}

#[test]
fn a_damaged_marker_is_taken_for_an_unfinished_run() {
    let (_directory, path) = after(Some(&marker("another", true)));
    let connection = open::for_writing(&path, None).unwrap();
    connection.execute("UPDATE marker SET record = x'51'", []).unwrap();
    drop(connection);
    assert!(SqliteStore::open(&path).unwrap().was_unclean());
}

/// As on a network file system: no shared memory, so no write-ahead log.
#[test]
fn without_a_write_ahead_log_there_is_a_rollback_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let connection = open::for_writing(&path, Some("unix-dotfile")).unwrap();
    let mode: String = connection.pragma_query_one(None, "journal_mode").unwrap();
    assert_eq!(mode, "truncate");
    let mut store = SqliteStore::writing(&path, connection).unwrap();
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("a", "b");
    store.begin().unwrap();
    store.save_fingerprint("a", Some(&fingerprint)).unwrap();
    store.finish().unwrap();
    drop(store);
    let mut reader = SqliteStore::open_read_only(&path).unwrap().unwrap();
    assert_eq!(reader.load_fingerprint("a"), Ok(Some(fingerprint)));
}

/// As where a directory of another machine is mounted: a write-ahead log cannot even be read.
#[test]
fn a_log_that_needs_shared_memory_becomes_a_rollback_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("a", "b");
    let save = |mut store: SqliteStore, name: &str| {
        store.begin().unwrap();
        store.save_fingerprint(name, Some(&fingerprint)).unwrap();
        store.commit().unwrap();
    };
    save(SqliteStore::open(&path).unwrap(), "in the log");
    let connection = open::try_writing(&path, None, open::Log::Rollback).unwrap().unwrap();
    let mode: String = connection.pragma_query_one(None, "journal_mode").unwrap();
    assert_eq!(mode, "truncate");
    assert!(!directory.path().join("store-wal").exists());
    save(SqliteStore::writing(&path, connection).unwrap(), "in the file");
    let mut reader = SqliteStore::open_read_only(&path).unwrap().unwrap();
    for name in ["in the log", "in the file"] {
        assert_eq!(reader.load_fingerprint(name), Ok(Some(fingerprint.clone())), "{name}");
    }
}

/// A log that is not emptied would hold old pages, which a flipped bit could bring back.
#[test]
fn the_log_is_empty_after_a_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut store = SqliteStore::open(&path).unwrap();
    let length = || std::fs::metadata(directory.path().join("store-wal")).unwrap().len();
    store.begin().unwrap();
    store.save_note("a", Some(b"")).unwrap();
    store.commit().unwrap();
    assert!(length() > 0);
    store.finish().unwrap();
    assert_eq!(length(), 0);
}
