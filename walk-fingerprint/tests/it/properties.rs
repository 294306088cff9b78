//! What holds for all fingerprints, and for any damage.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, OnceLock};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use walk_fingerprint::{Checksum, Diff, Fingerprint, SqliteStore, Store, Value};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[abc]{0,3}".prop_map(Value::from),
        any::<[u8; 32]>().prop_map(|bytes| Checksum::from_bytes(bytes).into()),
    ]
}

/// Few letters, so that names and values collide often.
fn elements() -> impl Strategy<Value = BTreeMap<String, Value>> {
    btree_map("[abc]{0,3}", value(), 0..8)
}

fn fingerprint(elements: &BTreeMap<String, Value>) -> Fingerprint {
    elements.iter().map(|(name, value)| (Arc::from(name.as_str()), value.clone())).collect()
}

fn apply(previous: &Fingerprint, diff: &Diff) -> Fingerprint {
    let mut new = previous.clone();
    for update in &diff.updated {
        assert_eq!(new.get(&update.name), Some(&update.previous));
        new.add(Arc::clone(&update.name), update.new.clone());
    }
    for (name, value) in &diff.new {
        new.add(Arc::clone(name), value.clone());
    }
    for (name, value) in &diff.obsolete {
        assert_eq!(new.remove(name).as_ref(), Some(value));
    }
    new
}

proptest! {
    /// F11.
    #[test]
    fn checksums_are_equal_exactly_if_fingerprints_are(left in elements(), right in elements()) {
        let (left, right) = (fingerprint(&left), fingerprint(&right));
        prop_assert_eq!(left.checksum() == right.checksum(), left == right);
    }

    /// F11: moving the border between a name and its value, or between elements, shows.
    #[test]
    fn no_border_can_be_moved(text in "[ab]{1,12}", first in 0..12_usize, second in 0..12_usize) {
        let split = |at: usize| {
            let (name, value) = text.split_at(at % (text.len() + 1));
            Fingerprint::from_iter([(name.into(), value.into())])
        };
        let (left, right) = (split(first), split(second));
        prop_assert_eq!(left.checksum() == right.checksum(), left == right);
    }

    /// F11.
    #[test]
    fn order_does_not_matter(elements in elements(), seed in any::<u64>()) {
        let reference = fingerprint(&elements);
        let mut shuffled: Vec<_> = elements.iter().collect();
        shuffled.sort_by_key(|(name, _)| Checksum::of(format!("{seed}{name}").as_bytes()));
        let mut added = Fingerprint::new();
        for (name, value) in shuffled {
            added.add(name.as_str(), value.clone());
        }
        prop_assert_eq!(added.checksum(), reference.checksum());
        prop_assert_eq!(added, reference);
    }

    #[test]
    fn a_diff_leads_from_the_old_to_the_new(old in elements(), new in elements()) {
        let (old, new) = (fingerprint(&old), fingerprint(&new));
        let diff = new.diff(&old);
        prop_assert_eq!(diff.is_empty(), old == new);
        prop_assert_eq!(apply(&old, &diff), new);
        let lists = [diff.new.iter().map(|new| &new.0).collect::<Vec<_>>(),
            diff.obsolete.iter().map(|gone| &gone.0).collect(),
            diff.updated.iter().map(|update| &update.name).collect()];
        prop_assert!(lists.iter().all(|names| names.is_sorted()));
    }

    #[test]
    fn bytes_come_back(elements in elements()) {
        let fingerprint = fingerprint(&elements);
        prop_assert_eq!(Fingerprint::from_bytes(&fingerprint.to_bytes()), Some(fingerprint));
    }

    /// F9.
    #[test]
    fn any_bytes_are_a_fingerprint_or_nothing(bytes in vec(any::<u8>(), 0..200)) {
        let framed = [b"walk-fp\n\x61".as_slice(), &bytes].concat();
        prop_assert_eq!(Fingerprint::from_bytes(&bytes), None);
        prop_assert_eq!(Fingerprint::from_bytes(&framed), None);
    }

    /// F9.
    #[test]
    fn damaged_bytes_are_nothing(elements in elements(), damage in damage()) {
        let bytes = fingerprint(&elements).to_bytes();
        let damaged = damage.apply(&bytes);
        prop_assert!(damaged == bytes || Fingerprint::from_bytes(&damaged).is_none());
    }
}

#[derive(Clone, Debug)]
struct Damage {
    /// Where, as a part of the length, and what to change there.
    flips: Vec<(f64, u8)>,
    /// How much of the file is left.
    keep: Option<f64>,
}

fn damage() -> impl Strategy<Value = Damage> {
    let flips = vec((0.0..1.0, 1..=u8::MAX), 0..6);
    let keep = prop_oneof![5 => Just(None), 1 => (0.0..1.0).prop_map(Some)];
    (flips, keep).prop_map(|(flips, keep)| Damage { flips, keep })
}

impl Damage {
    fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        for &(place, change) in &self.flips {
            damaged[part(place, bytes.len())] ^= change;
        }
        if let Some(keep) = self.keep {
            damaged.truncate(part(keep, bytes.len()));
        }
        damaged
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a part of a small length"
)]
fn part(of_one: f64, length: usize) -> usize {
    (of_one * length as f64) as usize
}

const ACTIONS: usize = 120;

fn uid(index: usize) -> String {
    format!("compile:src/{index}.c")
}

fn saved(index: usize, round: usize) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("command", "cc -O2");
    fingerprint.add("input", Checksum::of(format!("{index} {round}").as_bytes()));
    fingerprint.add(format!("file:src/{index}.c"), format!("round {round}"));
    fingerprint
}

fn note(index: usize, round: usize) -> Vec<u8> {
    format!("note of {index} in round {round}").into_bytes()
}

/// The bytes of a closed store that has seen older values too.
fn store_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut store = SqliteStore::open(&path).unwrap();
        for round in 0..=LAST {
            store.begin().unwrap();
            for index in 0..ACTIONS {
                store.save_fingerprint(&uid(index), None).unwrap();
                store.commit().unwrap();
                store.save_fingerprint(&uid(index), Some(&saved(index, round))).unwrap();
                store.save_note(&uid(index), Some(&note(index, round))).unwrap();
            }
            store.finish().unwrap();
        }
        drop(store);
        fs::read(path).unwrap()
    })
}

const LAST: usize = 12;

/// Every answer is the right one or none.
fn verify(store: &mut SqliteStore) {
    for index in 0..ACTIONS {
        let fingerprint = store.load_fingerprint(&uid(index)).unwrap();
        assert!(fingerprint.is_none_or(|found| found == saved(index, LAST)), "{index}");
        let loaded = store.load_note(&uid(index)).unwrap();
        assert!(loaded.is_none_or(|found| found == note(index, LAST)), "{index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// F9.
    #[test]
    fn a_damaged_store_never_gives_a_wrong_value(damage in damage()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        fs::write(&path, damage.apply(store_bytes())).unwrap();

        if let Some(mut reader) = SqliteStore::open_read_only(&path).unwrap() {
            verify(&mut reader);
            reader.preload().unwrap();
            verify(&mut reader);
            reader.load_digests().unwrap();
        }
        let mut store = SqliteStore::open(&path).unwrap();
        verify(&mut store);
        store.preload().unwrap();
        verify(&mut store);
        store.begin().unwrap();
        for index in 0..ACTIONS {
            store.save_fingerprint(&uid(index), Some(&saved(index, LAST + 1))).unwrap();
        }
        store.finish().unwrap();
        drop(store);

        let mut store = SqliteStore::open(&path).unwrap();
        for index in 0..ACTIONS {
            let found = store.load_fingerprint(&uid(index)).unwrap();
            assert!(found.is_none_or(|found| found == saved(index, LAST + 1)));
        }
    }
}
