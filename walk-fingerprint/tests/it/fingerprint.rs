//! F11: the elements, their checksum and their differences.

use std::fs;
use std::sync::Arc;

use walk_fingerprint::{Checksum, Fingerprint, Value};

/// Names and values.
pub(crate) type Elements<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn fingerprint(elements: Elements<'_>) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    for (name, value) in elements {
        fingerprint.add(*name, *value);
    }
    fingerprint
}

/// F11: e3's checksum of these is the same.
#[test]
fn f11_elements_are_length_prefixed() {
    let pairs: [(Elements<'_>, Elements<'_>); 4] = [
        (&[("x", "yz")], &[("xy", "z")]),
        (&[("a", "b"), ("c", "d")], &[("a", "bcd")]),
        (&[("a", "")], &[("", "a")]),
        (&[], &[("", "")]),
    ];
    for (left, right) in pairs {
        assert_ne!(fingerprint(left).checksum(), fingerprint(right).checksum(), "{left:?}");
    }
}

#[test]
fn f11_a_digest_is_not_the_text_of_its_bytes() {
    let digest = Checksum::from_bytes([b'a'; 32]);
    let (mut text, mut binary) = (Fingerprint::new(), Fingerprint::new());
    text.add("x", "a".repeat(32));
    binary.add("x", digest);
    assert_ne!(text, binary);
    assert_ne!(text.checksum(), binary.checksum());
}

#[test]
fn the_last_of_equal_names_counts() {
    let element = |name: &str, value: &str| (Arc::from(name), Value::from(value));
    let elements = [element("b", "1"), element("a", "1"), element("b", "2"), element("b", "3")];
    let expected = fingerprint(&[("a", "1"), ("b", "3")]);
    assert_eq!(elements.iter().cloned().collect::<Fingerprint>(), expected);

    let mut extended = fingerprint(&[("b", "0")]);
    extended.extend(elements.clone());
    assert_eq!(extended, expected);

    let mut added = Fingerprint::with_capacity(4);
    for (name, value) in elements {
        added.add(name, value);
    }
    assert_eq!(added, expected);
}

#[test]
fn elements_are_found_and_removed_by_name() {
    let mut fingerprint = fingerprint(&[("b", "2"), ("a", "1")]);
    assert_eq!(fingerprint.get("a"), Some(&Value::from("1")));
    assert_eq!(fingerprint.get("c"), None);
    assert_eq!(fingerprint.remove("a"), Some(Value::from("1")));
    assert_eq!(fingerprint.remove("a"), None);
    assert_eq!((fingerprint.len(), fingerprint.is_empty()), (1, false));
}

#[test]
fn a_missing_file_has_the_empty_text() {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add_file("file", "/nowhere/at/all").unwrap();
    fingerprint.add_dir("dir", "/nowhere/at/all").unwrap();
    assert_eq!(fingerprint.to_string(), "dir: \nfile: ");
}

#[test]
fn a_file_is_no_directory_and_the_other_way_round() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let mut fingerprint = Fingerprint::new();
    let error = fingerprint.add_file("x", directory.path()).unwrap_err().to_string();
    assert_eq!(error, format!("`{}` is a directory, not a file", directory.path().display()));
    let error = fingerprint.add_dir("x", &file).unwrap_err().to_string();
    assert_eq!(error, format!("`{}` is a file, not a directory", file.display()));
}
