//! F9: the file of a single fingerprint, byte by byte.

use std::fs;

use walk_fingerprint::{Checksum, Fingerprint, StoreError};

use crate::logged;

fn sample() -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("a", "text").add("b", Checksum::from_bytes([7; 32]));
    fingerprint
}

/// A change of these bytes needs another format byte.
#[test]
fn f9_golden_bytes() {
    let mut golden = b"walk-fp\n".to_vec();
    golden.push(0x61);
    golden.extend(GOLDEN_CRC);
    golden.push(2);
    golden.extend(b"\x01a\x00\x04text");
    golden.extend(b"\x01b\x01");
    golden.extend([7; 32]);
    assert_eq!(sample().to_bytes(), golden);
    assert_eq!(Fingerprint::from_bytes(&golden), Some(sample()));
}

/// `zlib.crc32` over the length of the key in eight bytes, the key and the payload.
const GOLDEN_CRC: [u8; 4] = [19, 21, 69, 1];

#[test]
fn f9_another_version_is_missing() {
    let mut bytes = sample().to_bytes();
    bytes[8] += 1;
    assert_eq!(Fingerprint::from_bytes(&bytes), None);
}

#[test]
fn f9_every_truncation_and_any_byte_too_many_is_missing() {
    let bytes = sample().to_bytes();
    for length in 0..bytes.len() {
        assert_eq!(Fingerprint::from_bytes(&bytes[..length]), None, "{length}");
    }
    assert_eq!(Fingerprint::from_bytes(&[bytes, vec![0]].concat()), None);
}

#[test]
fn f9_every_flipped_bit_is_missing() {
    let bytes = sample().to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Fingerprint::from_bytes(&damaged), None, "bit {bit}");
    }
}

#[test]
fn f9_damage_is_said_once_in_the_log() {
    logged::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("saved");
    assert_eq!(Fingerprint::load(&path), Ok(None));
    assert_eq!(logged::lines(path.to_str().unwrap()), [""; 0]);

    fs::write(&path, "not ours").unwrap();
    assert_eq!(Fingerprint::load(&path), Ok(None));
    let expected =
        format!("WARN `{}` is not a fingerprint of this version: ignored", path.display());
    assert_eq!(logged::lines(path.to_str().unwrap()), [expected]);
}

#[test]
fn saving_replaces_in_one_step_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("saved");
    fs::write(&path, "something else").unwrap();
    sample().save(&path).unwrap();
    assert_eq!(Fingerprint::load(&path), Ok(Some(sample())));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/saved");
    let error = sample().save(&path).unwrap_err();
    assert!(matches!(error, StoreError::Write { .. }));
    assert_eq!(error.path(), path);
    let error = Fingerprint::load(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::Read { .. }));
    assert!(error.to_string().contains(directory.path().to_str().unwrap()));
}

/// An archive of 100,000 objects is legal.
#[test]
fn a_large_fingerprint_survives() {
    let large: Fingerprint = (0..100_000)
        .map(|index| {
            let name = format!("file:build/objects/of/a/long/path/{index}.o");
            (name.into(), Checksum::of(&[1]).into())
        })
        .collect();
    assert_eq!(Fingerprint::from_bytes(&large.to_bytes()), Some(large));
}
