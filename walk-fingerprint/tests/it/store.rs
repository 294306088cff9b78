//! What every store promises, asked of both.

use std::path::PathBuf;

use walk_fingerprint::{
    Checksum, DigestRow, FileKind, FileStamp, Fingerprint, KnownDigest, MemoryStore, SqliteStore,
    Store,
};

/// Runs a test on every kind of store, before and after preloading.
fn check(test: impl Fn(&mut dyn Store)) {
    for preload in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(directory.path().join("store")).unwrap();
        let stores: [Box<dyn Store>; 2] = [Box::new(MemoryStore::new()), Box::new(sqlite)];
        for mut store in stores {
            if preload {
                store.preload().unwrap();
            }
            test(store.as_mut());
        }
    }
}

pub(crate) fn fingerprint(seed: usize) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("command", "cc").add("input", Checksum::of(&seed.to_le_bytes()));
    fingerprint.add(format!("file:{seed}"), seed.to_string());
    fingerprint
}

pub(crate) fn digest(path: &str, seed: u64) -> DigestRow {
    let time = 1_700_000_000_000_000_000;
    let stamp =
        FileStamp { size: seed, mtime_ns: time, ctime_ns: -1, inode: 7, kind: FileKind::File };
    let checksum = Checksum::of(&seed.to_le_bytes());
    let known = KnownDigest { stamp, checksum, hashed_at_ns: time + 1 };
    DigestRow { path: PathBuf::from(path), known: Some(known) }
}

#[test]
fn what_was_saved_is_loaded() {
    check(|store| {
        assert_eq!(store.load_fingerprint("a"), Ok(None));
        store.save_fingerprint("a", Some(&fingerprint(1))).unwrap();
        store.save_fingerprint("", Some(&Fingerprint::new())).unwrap();
        store.save_fingerprint("ü\0x", Some(&fingerprint(2))).unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(1))));
        assert_eq!(store.load_fingerprint(""), Ok(Some(Fingerprint::new())));
        assert_eq!(store.load_fingerprint("ü\0x"), Ok(Some(fingerprint(2))));

        store.save_fingerprint("a", Some(&fingerprint(3))).unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(3))));
        store.preload().unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(3))));
    });
}

#[test]
fn what_was_forgotten_is_missing() {
    check(|store| {
        store.save_fingerprint("never there", None).unwrap();
        store.save_fingerprint("a", Some(&fingerprint(1))).unwrap();
        store.save_note("a", Some(b"note")).unwrap();
        store.save_fingerprint("a", None).unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(None));
        assert_eq!(store.load_note("a"), Ok(Some(b"note".to_vec())));
        store.save_note("a", None).unwrap();
        assert_eq!(store.load_note("a"), Ok(None));
        assert_eq!(store.uids(), Ok(vec![]));
    });
}

#[test]
fn notes_are_opaque() {
    check(|store| {
        let large: Vec<u8> = (0..200_000_u32).map(|index| index.to_le_bytes()[1]).collect();
        for note in [b"".as_slice(), b"\0", &large] {
            store.save_note("a", Some(note)).unwrap();
            assert_eq!(store.load_note("a"), Ok(Some(note.to_vec())));
        }
        assert_eq!(store.load_fingerprint("a"), Ok(None));
    });
}

#[test]
fn uids_are_sorted() {
    check(|store| {
        store.save_note("b", Some(b"")).unwrap();
        store.save_fingerprint("c", Some(&fingerprint(1))).unwrap();
        store.save_fingerprint("a", Some(&fingerprint(1))).unwrap();
        store.save_note("a", Some(b"")).unwrap();
        assert_eq!(store.uids(), Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
    });
}

#[test]
fn digests_come_back() {
    check(|store| {
        let rows = [digest("a", 1), digest("b/c", u64::MAX)];
        store.save_digests(&rows).unwrap();
        assert_eq!(store.load_digests(), Ok(rows.to_vec()));
        store
            .save_digests(&[digest("a", 2), DigestRow { known: None, ..digest("b/c", 0) }])
            .unwrap();
        assert_eq!(store.load_digests(), Ok(vec![digest("a", 2)]));
        store.save_digests(&[]).unwrap();
    });
}

#[test]
fn a_run_has_a_beginning_and_an_end() {
    check(|store| {
        store.commit().unwrap();
        store.finish().unwrap();
        for round in 0..3 {
            store.begin().unwrap();
            store.begin().unwrap();
            store.save_fingerprint("a", Some(&fingerprint(round))).unwrap();
            store.commit().unwrap();
            store.finish().unwrap();
            assert_eq!(store.load_fingerprint("a"), Ok(Some(fingerprint(round))));
        }
        assert!(!store.was_unclean());
    });
}

/// One element more than a decoder of one mebibyte would take.
#[test]
fn an_action_of_many_inputs_is_remembered() {
    check(|store| {
        let large: Fingerprint = (0..40_000)
            .map(|index| (format!("file:{index:08}").into(), Checksum::of(&[1]).into()))
            .collect();
        store.save_fingerprint("a", Some(&large)).unwrap();
        assert_eq!(store.load_fingerprint("a"), Ok(Some(large)));
    });
}
