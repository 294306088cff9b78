//! Arbitrary bytes as a depfile.
//!
//! Compilers write depfiles, so that any text has to end in prerequisites or in an error. What is
//! found is not judged here beyond what holds for every text, and that no word is lost where
//! nothing is escaped; walk-plan's tests know what is right.

#![no_main]

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;

use libfuzzer_sys::fuzz_target;
use walk_plan::depfile;

fuzz_target!(|text: &[u8]| {
    check(text);
    check_plain(text);
});

fn check(text: &[u8]) {
    match depfile::parse(text) {
        Ok(found) => {
            let mut seen = HashSet::new();
            for path in &found {
                let name = path.as_os_str().as_bytes();
                assert!(!name.is_empty(), "a name of no bytes");
                assert!(!name.contains(&b'\n'), "a name of two lines: {}", path.display());
                assert!(!name.contains(&0), "a name that no file has: {}", path.display());
                assert!(seen.insert(name), "twice: {}", path.display());
            }
        }
        Err(error) => {
            let lines = text.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&error.line), "{error}: there are {lines} lines");
        }
    }
}

/// Without anything special in it, a text behind a target is a list of names.
fn check_plain(text: &[u8]) {
    if text.iter().any(|byte| b"\\$:#\0".contains(byte)) {
        return;
    }
    let is_blank = |byte: &u8| b" \t\r\n".contains(byte);
    let words: HashSet<&[u8]> = text.split(is_blank).filter(|it| !it.is_empty()).collect();
    let found = depfile::parse(&[b"o: ", text].concat()).expect("a rule");
    let found: HashSet<&[u8]> = found.iter().map(|it| it.as_os_str().as_bytes()).collect();
    assert_eq!(found, words);
}
