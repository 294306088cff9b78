//! The six cases of e3's `fingerprint_test.py`, under their names.

use std::fs;
use std::sync::Arc;

use walk_fingerprint::{Checksum, Diff, Fingerprint};

use crate::fingerprint::fingerprint;

fn names<T>(elements: &[T], name: impl Fn(&T) -> &Arc<str>) -> Vec<String> {
    elements.iter().map(|element| name(element).to_string()).collect()
}

/// Updated, new, obsolete.
fn summary(diff: &Diff) -> [Vec<String>; 3] {
    [
        names(&diff.updated, |update| &update.name),
        names(&diff.new, |(name, _)| name),
        names(&diff.obsolete, |(name, _)| name),
    ]
}

#[test]
fn test_fingerprint() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "content").unwrap();

    let f1 = fingerprint(&[("foo", "2")]);
    let f2 = fingerprint(&[("foo", "4")]);
    assert_eq!(summary(&f1.diff(&f2)), [vec!["foo".to_owned()], vec![], vec![]]);

    let mut f3 = Fingerprint::new();
    f3.add_file("file", &file).unwrap();
    let expected = [vec![], vec!["foo".to_owned()], vec!["file".to_owned()]];
    assert_eq!(summary(&f2.diff(&f3)), expected);
    assert_ne!(f1.checksum(), f2.checksum());
    assert_ne!(f2.checksum(), f3.checksum());
    assert_eq!(f3.to_string(), format!("file: {}", Checksum::of(b"content")));

    let mut f4 = Fingerprint::new();
    f4.add_file("file", &file).unwrap();
    assert_eq!(f4, f3);
    assert_eq!(fingerprint(&[("unicode", "6")]).checksum().to_string().len(), 64);
}

#[test]
fn test_add_order_not_important() {
    let elements = [("foo", "1"), ("bar", "2"), ("baz", "3")];
    let reference = fingerprint(&elements);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let other = fingerprint(&order.map(|index| elements[index]));
        assert_eq!(other, reference);
        assert!(other.diff(&reference).is_empty() && reference.diff(&other).is_empty());
        assert_eq!(other.to_string(), reference.to_string());
        assert_eq!(other.checksum(), reference.checksum());
    }
}

/// The version of the format is part of the checksum: a change of this value needs a new version.
#[test]
fn test_fingerprint_version() {
    let mut fingerprint = fingerprint(&[("x", "yz")]);
    fingerprint.add("y", Checksum::of(b""));
    assert_eq!(
        fingerprint.checksum().to_string(),
        "e5510da052955100c4f251788b0225ebd9526cc6c7a3a32e7dc39ea7e9e6559e"
    );
}

/// e3 refuses values that are no strings when it runs; here they do not compile. What remains are
/// texts that stand for something else.
#[test]
fn test_invalid_fingerprint() {
    let long = "0".repeat(65);
    for text in ["", "0", "zz", &long, &"g".repeat(64), &"é".repeat(32)] {
        let error = text.parse::<Checksum>().unwrap_err().to_string();
        assert_eq!(error, format!("`{text}` is not a checksum: expected 64 hexadecimal digits"));
    }
}

#[test]
fn test_fingerprint_eq() {
    let f1 = fingerprint(&[("1", "1")]);
    let f2 = fingerprint(&[("1", "1"), ("2", "2")]);
    assert_ne!(f1, f2);
    assert_ne!(f1.checksum(), f2.checksum());
    assert_eq!(f1.diff(&f1), Diff::default());
}

#[test]
fn test_fingerprint_save_and_load() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("saved");
    for saved in [Fingerprint::new(), fingerprint(&[("job1", "job1sha1"), ("job2", "sha1job2")])] {
        saved.save(&path).unwrap();
        let loaded = Fingerprint::load(&path).unwrap().unwrap();
        assert_eq!(loaded, saved);
        assert_eq!(loaded.to_string(), saved.to_string());
        assert_eq!(loaded.checksum(), saved.checksum());
    }
    for invalid in ["yello{", "[1, 2, 3]", r#"{"elements": {}}"#, r#"{"fingerprint_version": 1}"#] {
        fs::write(&path, invalid).unwrap();
        assert_eq!(Fingerprint::load(&path), Ok(None));
    }
    assert_eq!(Fingerprint::load(directory.path().join("missing")), Ok(None));
}
