//! F9 and F10 for the store in a file: damage, versions, readers, bounded size.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use walk_fingerprint::{Fingerprint, SqliteStore, Store, StoreError};

use crate::logged;
use crate::store::{digest, fingerprint};

/// What is done to a store that is closed.
type Harm = fn(&Fixture);

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    /// A directory with a store of three actions that was closed in good order.
    fn new() -> Self {
        let fixture = Self { directory: tempfile::tempdir().unwrap() };
        let mut store = fixture.open();
        store.begin().unwrap();
        for (seed, uid) in ["a", "b", "c"].into_iter().enumerate() {
            store.save_fingerprint(uid, Some(&fingerprint(seed))).unwrap();
            store.save_note(uid, Some(uid.as_bytes())).unwrap();
        }
        store.save_digests(&[digest("a", 1), digest("b", 2)]).unwrap();
        store.finish().unwrap();
        fixture
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).unwrap()
    }

    fn read(&self) -> SqliteStore {
        SqliteStore::open_read_only(self.path()).unwrap().unwrap()
    }

    /// Changes the file behind the store's back.
    fn execute(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }

    fn query(&self, sql: &str) -> i64 {
        let connection = Connection::open(self.path()).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The files in the directory and what is in them; the index of the log, which lives in
    /// memory that readers share, only by its name.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), content_unless_index(&path)))
            .collect();
        files.sort();
        files
    }
}

fn content_unless_index(path: &Path) -> Vec<u8> {
    let is_index = path.to_str().is_some_and(|name| name.ends_with("-shm"));
    if is_index { Vec::new() } else { fs::read(path).unwrap() }
}

#[test]
fn values_survive_closing() {
    let fixture = Fixture::new();
    for preload in [false, true] {
        let mut store = fixture.open();
        if preload {
            store.preload().unwrap();
        }
        assert_eq!(store.load_fingerprint("b"), Ok(Some(fingerprint(1))));
        assert_eq!(store.load_note("b"), Ok(Some(b"b".to_vec())));
        assert_eq!(store.load_digests(), Ok(vec![digest("a", 1), digest("b", 2)]));
        assert_eq!(store.uids().unwrap().len(), 3);
    }
}

#[test]
fn what_was_not_committed_is_lost() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.save_fingerprint("a", None).unwrap();
    store.commit().unwrap();
    store.save_fingerprint("a", Some(&fingerprint(9))).unwrap();
    drop(store);
    assert_eq!(fixture.open().load_fingerprint("a"), Ok(None));
}

/// F10: looking writes nothing, not even the files that `SQLite` keeps beside the database.
#[test]
fn f10_a_reader_changes_nothing() {
    let fixture = Fixture::new();
    for log_exists in [true, false] {
        if !log_exists {
            fs::remove_file(fixture.directory.path().join("store-wal")).unwrap();
            fs::remove_file(fixture.directory.path().join("store-shm")).unwrap();
        }
        let before = fixture.files();
        let mut reader = fixture.read();
        assert_eq!(reader.load_fingerprint("a"), Ok(Some(fingerprint(0))));
        reader.preload().unwrap();
        assert_eq!(reader.load_fingerprint("c"), Ok(Some(fingerprint(2))));
        assert_eq!(reader.load_digests().unwrap().len(), 2);
        drop(reader);
        assert!(fixture.files() == before, "log exists: {log_exists}");
    }
}

#[test]
fn f10_a_writer_that_only_looks_changes_nothing() {
    let fixture = Fixture::new();
    let before = fixture.files();
    let mut store = fixture.open();
    store.preload().unwrap();
    store.load_fingerprint("a").unwrap();
    store.save_fingerprint("unknown", None).unwrap();
    store.save_digests(&[]).unwrap();
    store.commit().unwrap();
    store.finish().unwrap();
    drop(store);
    assert!(fixture.files() == before);
}

#[test]
fn a_reader_works_in_a_directory_that_may_not_be_written() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.directory.path().join("store-wal")).unwrap();
    fs::remove_file(fixture.directory.path().join("store-shm")).unwrap();
    let set = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(fixture.directory.path(), mode).unwrap();
    };
    set(0o555);
    let loaded = fixture.read().load_fingerprint("a");
    set(0o755);
    assert_eq!(loaded, Ok(Some(fingerprint(0))));
}

#[test]
fn a_reader_needs_no_path_of_letters_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(OsStr::from_bytes(b"a b?c#d%20\xffe\xcc\x88"));
    let mut store = SqliteStore::open(&path).unwrap();
    store.begin().unwrap();
    store.save_fingerprint("a", Some(&fingerprint(1))).unwrap();
    store.finish().unwrap();
    drop(store);
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.clone().into_os_string();
        beside.push(suffix);
        fs::remove_file(beside).unwrap();
    }
    let mut reader = SqliteStore::open_read_only(&path).unwrap().unwrap();
    assert_eq!(reader.load_fingerprint("a"), Ok(Some(fingerprint(1))));
}

#[test]
fn a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed() {
    let fixture = Fixture::new();
    let mut writer = fixture.open();
    writer.begin().unwrap();
    writer.save_fingerprint("a", Some(&fingerprint(10))).unwrap();
    writer.commit().unwrap();
    writer.save_fingerprint("b", Some(&fingerprint(11))).unwrap();

    let mut reader = fixture.read();
    assert_eq!(reader.load_fingerprint("a"), Ok(Some(fingerprint(10))));
    assert_eq!(reader.load_fingerprint("b"), Ok(Some(fingerprint(1))));
    reader.preload().unwrap();

    writer.commit().unwrap();
    writer.finish().unwrap();
    assert_eq!(reader.load_fingerprint("b"), Ok(Some(fingerprint(1))), "as of preloading");
    assert_eq!(fixture.read().load_fingerprint("b"), Ok(Some(fingerprint(11))));
}

#[test]
fn a_reader_saves_nothing() {
    let fixture = Fixture::new();
    let mut reader = fixture.read();
    let refused = Err(StoreError::ReadOnly { path: fixture.path() });
    assert_eq!(reader.save_fingerprint("a", None), refused);
    assert_eq!(reader.save_fingerprint("a", Some(&fingerprint(1))), refused);
    assert_eq!(reader.save_note("a", Some(b"")), refused);
    assert_eq!(reader.save_digests(&[digest("a", 1)]), refused);
    assert_eq!(reader.begin(), refused);
    assert_eq!(reader.commit(), Ok(()));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_missing_store_is_empty_for_a_reader() {
    let directory = tempfile::tempdir().unwrap();
    assert!(SqliteStore::open_read_only(directory.path().join("store")).unwrap().is_none());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/store");
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }));
    assert!(error.to_string().starts_with(&format!("cannot open `{}`: ", path.display())));
    let error = SqliteStore::open(directory.path()).unwrap_err();
    assert_eq!(error.path(), directory.path());
}

/// F9: whatever is in the file, the store opens, says so once and starts empty.
#[test]
fn f9_what_is_no_store_of_this_version_is_put_aside() {
    logged::start();
    let cases: [(&str, Harm); 7] = [
        ("file is not a database", |fixture| {
            fs::write(fixture.path(), "nonsense".repeat(1_000)).unwrap();
        }),
        ("it has version 2, this walk reads version 1", |fixture| {
            fixture.execute("PRAGMA user_version = 2");
        }),
        ("it was made by another program", |fixture| {
            fixture.execute("PRAGMA application_id = 1");
        }),
        ("no such table", |fixture| fixture.execute("DROP TABLE marker")),
        ("returned more than one row", |fixture| {
            fixture.execute("INSERT INTO action (uid, fingerprint) VALUES ('a', x'11')");
        }),
        ("malformed", |fixture| {
            let mut bytes = fs::read(fixture.path()).unwrap();
            bytes.truncate(bytes.len() / 2);
            bytes[100..200].fill(0xff);
            fs::write(fixture.path(), bytes).unwrap();
        }),
        ("", |fixture| {
            let mut bytes = fs::read(fixture.path()).unwrap();
            bytes[4096..].fill(0xa5);
            fs::write(fixture.path(), bytes).unwrap();
        }),
    ];
    for (reason, damage) in cases {
        let fixture = Fixture::new();
        damage(&fixture);
        let damaged = fs::read(fixture.path()).unwrap();

        let mut reader = SqliteStore::open_read_only(fixture.path()).unwrap();
        let seen = reader.as_mut().map_or(Ok(None), |reader| reader.load_fingerprint("a"));
        assert_eq!(seen, Ok(None), "{reason}");
        drop(reader);
        assert_eq!(fs::read(fixture.path()).unwrap(), damaged, "{reason}");

        let mut store = fixture.open();
        assert_eq!(store.load_fingerprint("a"), Ok(None), "{reason}");
        store.save_fingerprint("a", Some(&fingerprint(5))).unwrap();
        store.commit().unwrap();
        drop(store);
        assert_eq!(fixture.open().load_fingerprint("a"), Ok(Some(fingerprint(5))), "{reason}");
        let aside = fixture.directory.path().join("store.damaged");
        assert_eq!(fs::read(aside).unwrap(), damaged, "{reason}");

        let said = logged::lines(fixture.path().to_str().unwrap());
        let (ignored, kept) = (&said[0], &said[1]);
        assert_eq!(said.len(), 2, "once by the reader, once by the writer: {said:?}");
        assert!(ignored.contains(reason) && ignored.ends_with("ignored"), "{ignored}");
        assert!(kept.contains(reason) && kept.ends_with("starting empty"), "{kept}");
    }
}

#[test]
fn f9_an_empty_file_is_an_empty_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    fs::write(&path, "").unwrap();
    assert!(SqliteStore::open_read_only(&path).unwrap().is_none());
    assert_eq!(SqliteStore::open(&path).unwrap().uids(), Ok(vec![]));
    assert!(!directory.path().join("store.damaged").exists());
}

/// F9: one bad value is one missing value, said once; its neighbours are whole.
#[test]
fn f9_a_damaged_value_is_a_missing_one() {
    logged::start();
    let flip = "substr(X, 1, 6) || x'ff' || substr(X, 8)";
    let cases = [
        format!(
            "UPDATE action SET fingerprint = {} WHERE uid = 'a'",
            flip.replace('X', "fingerprint")
        ),
        "UPDATE action SET fingerprint = x'' WHERE uid = 'a'".to_owned(),
        "UPDATE action SET fingerprint = 'text' WHERE uid = 'a'".to_owned(),
        "UPDATE action SET fingerprint = note WHERE uid = 'a'".to_owned(),
        "UPDATE action SET fingerprint = (SELECT fingerprint FROM action WHERE uid = 'b')
         WHERE uid = 'a'"
            .to_owned(),
        format!("UPDATE pair SET record = {} WHERE id IN (1, 2)", flip.replace('X', "record")),
        "DELETE FROM pair WHERE id = 1".to_owned(),
    ];
    for sql in cases {
        let fixture = Fixture::new();
        fixture.execute(&sql);
        for preload in [false, true] {
            let mut store = fixture.open();
            if preload {
                store.preload().unwrap();
            }
            assert_eq!(store.load_fingerprint("a"), Ok(None), "{sql}");
            assert_eq!(store.load_fingerprint("b"), Ok(Some(fingerprint(1))), "{sql}");
            assert_eq!(store.load_note("a"), Ok(Some(b"a".to_vec())), "{sql}");
            drop(store);
            fixture.open().save_fingerprint("a", Some(&fingerprint(0))).unwrap();
        }
        let mut store = fixture.open();
        store.save_fingerprint("a", Some(&fingerprint(0))).unwrap();
        store.commit().unwrap();
        assert_eq!(fixture.open().load_fingerprint("a"), Ok(Some(fingerprint(0))), "{sql}");
    }
}

#[test]
fn f9_a_damaged_digest_or_note_is_a_missing_one() {
    let fixture = Fixture::new();
    fixture.execute(
        "UPDATE digest SET record = x'4100000000' WHERE path = x'61';
         UPDATE action SET note = x'2100000000' WHERE uid = 'a'",
    );
    let mut store = fixture.open();
    assert_eq!(store.load_digests(), Ok(vec![digest("b", 2)]));
    assert_eq!(store.load_note("a"), Ok(None));
    assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(0))));
}

/// An id is used again after collection: a list that still means the old pair is damaged.
#[test]
fn f9_an_id_that_means_another_pair_is_noticed() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    let id = fixture.query("SELECT max(id) FROM pair");
    fixture.execute(&format!("DELETE FROM pair WHERE id = {id}"));
    store.save_fingerprint("d", Some(&fingerprint(77))).unwrap();
    store.commit().unwrap();
    assert_eq!(fixture.query(&format!("SELECT count(*) FROM pair WHERE id = {id}")), 1);
    for preload in [false, true] {
        let mut store = fixture.open();
        if preload {
            store.preload().unwrap();
        }
        assert_eq!(store.load_fingerprint("c"), Ok(None));
        assert_eq!(store.load_fingerprint("d"), Ok(Some(fingerprint(77))));
    }
}

/// Two rows got the same id by one flipped bit: both updates went to one of them, and the other
/// kept its old value with a good checksum.
#[test]
fn f9_an_update_that_misses_its_row_leaves_no_old_value() {
    let fixture = Fixture::new();
    let page = fixture.query("SELECT rootpage FROM sqlite_schema WHERE name = 'action'");
    let bytes = fs::read(fixture.path()).unwrap();
    let start = (usize::try_from(page).unwrap() - 1) * 4096;
    for offset in (start..start + 4096).filter(|&offset| bytes[offset] != 0) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut damaged = bytes.clone();
        damaged[offset] ^= 1;
        fs::write(&path, damaged).unwrap();
        let mut store = SqliteStore::open(&path).unwrap();
        for (seed, uid) in (10..).zip(["a", "b", "c"]) {
            store.save_fingerprint(uid, Some(&fingerprint(seed))).unwrap();
        }
        store.commit().unwrap();
        drop(store);
        let mut store = SqliteStore::open(&path).unwrap();
        for (seed, uid) in (10..).zip(["a", "b", "c"]) {
            let found = store.load_fingerprint(uid).unwrap();
            assert!(found.is_none_or(|found| found == fingerprint(seed)), "{uid} at {offset}");
        }
    }
}

#[test]
fn damage_that_shows_in_the_middle_of_a_run_loses_nothing_new() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.begin().unwrap();
    store.save_fingerprint("a", Some(&fingerprint(5))).unwrap();
    store.commit().unwrap();
    fixture.execute("DROP TABLE action");
    store.save_fingerprint("b", Some(&fingerprint(6))).unwrap();
    assert_eq!(store.load_fingerprint("c"), Ok(None));
    store.finish().unwrap();
    drop(store);
    let mut store = fixture.open();
    assert_eq!(store.load_fingerprint("b"), Ok(Some(fingerprint(6))));
    assert_eq!(store.uids(), Ok(vec!["b".to_owned()]));
}

#[test]
fn pairs_are_stored_once() {
    let fixture = Fixture::new();
    // `command` is shared; `input` and `file:N` are not.
    assert_eq!(fixture.query("SELECT count(*) FROM pair"), 1 + 2 * 3);
    let mut store = fixture.open();
    store.save_fingerprint("d", Some(&fingerprint(0))).unwrap();
    store.commit().unwrap();
    assert_eq!(fixture.query("SELECT count(*) FROM pair"), 1 + 2 * 3);
}

#[test]
fn unused_pairs_are_collected_and_the_file_stays_bounded() {
    let fixture = Fixture::new();
    let mut sizes = Vec::new();
    for round in 0..12 {
        let mut store = fixture.open();
        store.begin().unwrap();
        for step in 0..500 {
            let fingerprint = fingerprint(1_000 + round * 500 + step);
            store.save_fingerprint("a", Some(&fingerprint)).unwrap();
        }
        store.save_fingerprint(&format!("gone{round}"), Some(&Fingerprint::new())).unwrap();
        store.save_fingerprint(&format!("gone{round}"), None).unwrap();
        store.finish().unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(1_499 + round * 500))));
        assert_eq!(store.load_fingerprint("b"), Ok(Some(fingerprint(1))));
        sizes.push(fs::metadata(fixture.path()).unwrap().len());
    }
    assert_eq!(fs::metadata(fixture.directory.path().join("store-wal")).unwrap().len(), 0);
    assert!(fixture.query("SELECT count(*) FROM pair") < 2_100);
    assert!(fixture.query("SELECT count(*) FROM action") < 8);
    assert_eq!(sizes[5], sizes[11], "{sizes:?}");
}

/// F7: what is fresh is not written; what is known to be absent is not deleted.
#[test]
fn f7_forgetting_what_is_absent_starts_no_transaction() {
    let fixture = Fixture::new();
    let mut store = fixture.open();
    store.preload().unwrap();
    store.save_fingerprint("new", None).unwrap();
    // Another writer would have to wait if this one had started a transaction.
    let other = Connection::open(fixture.path()).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").unwrap();
}

#[test]
fn another_program_reads_the_journal_mode_back() {
    let fixture = Fixture::new();
    let connection = Connection::open(fixture.path()).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}
