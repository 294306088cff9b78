//! Damage to the file of a store: it is opened, read, written, and read again.
//!
//! Bytes that begin like a database of `SQLite` are the whole file. All others are damage to a
//! good one, four bytes each time: where, in two bytes, in which of its two files and how, and the
//! new byte. What is read has to be what was saved last, or nothing; what is written then has to
//! be read back.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use walk_fingerprint::{Checksum, Fingerprint, SqliteStore, Store};

const MAGIC: &[u8] = b"SQLite format 3\0";
const ACTIONS: [&str; 4] = ["a", "b", "c", "some/other action"];

/// The directory of the file; better one in memory, as `SQLite` waits for the disk.
static PLACE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));

/// A good store: its file, and its log with what was saved last.
static GOOD: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let path = clear();
    let mut store = SqliteStore::open(&path).expect("it is new");
    for round in 0..3 {
        store.begin().expect("it can be written");
        for action in ACTIONS {
            let saved = fingerprint(action, round);
            store.save_fingerprint(action, Some(&saved)).expect("it can be written");
            store.save_note(action, Some(&[round])).expect("it can be written");
        }
        let end = if round == 2 { Store::commit } else { Store::finish };
        end(&mut store).expect("it can be written");
    }
    [&path, &log_of(&path)].map(|it| fs::read(it).expect("it is there"))
});

fuzz_target!(init: LazyLock::force(&GOOD), |bytes: &[u8]| {
    let path = clear();
    let is_ours = !bytes.starts_with(MAGIC);
    let [mut file, mut log] = if is_ours { GOOD.clone() } else { [bytes.to_vec(), Vec::new()] };
    if is_ours {
        bytes.chunks_exact(4).for_each(|it| damage([&mut file, &mut log], it));
    }
    fs::write(&path, file).expect("it can be written");
    fs::write(log_of(&path), log).expect("it can be written");
    if let Ok(Some(mut reader)) = SqliteStore::open_read_only(&path) {
        read(&mut reader, is_ours, 2);
    }
    let Ok(mut store) = SqliteStore::open(&path) else { return };
    read(&mut store, is_ours, 2);
    write(&mut store);
    drop(store);
    let mut store = SqliteStore::open(&path).expect("it was opened before");
    read(&mut store, true, 9);
});

/// Does what four bytes say: changes a byte, or ends the file there.
fn damage(files: [&mut Vec<u8>; 2], how: &[u8]) {
    let [high, low, what, byte] = *how else { return };
    let place = usize::from(what >> 2) << 16 | usize::from(high) << 8 | usize::from(low);
    let [file, log] = files;
    let file = if what & 1 == 0 { file } else { log };
    if what & 2 != 0 {
        file.truncate(place);
    } else if let Some(at) = file.get_mut(place) {
        *at = byte;
    }
}

/// Reads everything. Nothing that was saved before `round` may be there.
fn read(store: &mut SqliteStore, is_ours: bool, round: u8) {
    for action in ACTIONS {
        let found = store.load_fingerprint(action);
        if let Ok(Some(found)) = found
            && is_ours
        {
            // A log that lost its end is the store as it was at an earlier commit.
            let rounds = if round == 2 { 0..=2 } else { round..=round };
            let is_known = rounds.into_iter().any(|it| found == fingerprint(action, it));
            assert!(is_known, "{action}: {found:?}");
        }
        let _ = store.load_note(action);
    }
    let _ = (store.preload(), store.uids(), store.load_digests(), store.was_unclean());
}

/// Saves everything anew.
fn write(store: &mut SqliteStore) {
    store.begin().expect("damage is put aside");
    for action in ACTIONS {
        store.save_fingerprint(action, None).expect("damage is put aside");
    }
    store.commit().expect("damage is put aside");
    for action in ACTIONS {
        let saved = fingerprint(action, 9);
        store.save_fingerprint(action, Some(&saved)).expect("damage is put aside");
    }
    store.finish().expect("damage is put aside");
}

fn fingerprint(action: &str, round: u8) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("command", "cc").add(format!("input {action}"), Checksum::of(&[round]));
    fingerprint
}

/// Makes the directory empty; returns where the store goes.
fn clear() -> PathBuf {
    for entry in fs::read_dir(PLACE.path()).expect("it is there") {
        fs::remove_file(entry.expect("an entry").path()).expect("it can be removed");
    }
    PLACE.path().join("store")
}

fn log_of(path: &Path) -> PathBuf {
    path.with_file_name("store-wal")
}
