//! Arbitrary bytes as a saved fingerprint, and as the payload of one.
//!
//! A checksum guards the payload, and no fuzzer guesses a checksum: bytes that do not begin like a
//! file are put into one whose checksum is right. What is read has to be written and read back as
//! the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use walk_fingerprint::Fingerprint;

/// How a file begins: a magic text, and the byte of the format.
const MAGIC: &[u8] = b"walk-fp\n";
const FORMAT_AT: usize = MAGIC.len();
const PAYLOAD_AT: usize = FORMAT_AT + 1 + size_of::<u32>();

fuzz_target!(init: assert_sealed(), |bytes: &[u8]| {
    if bytes.starts_with(MAGIC) {
        check(bytes);
    } else {
        check(&sealed(bytes));
    }
});

fn check(bytes: &[u8]) {
    if let Some(read) = Fingerprint::from_bytes(bytes) {
        let again = Fingerprint::from_bytes(&read.to_bytes());
        assert_eq!(again.as_ref(), Some(&read), "what is written is read back");
    }
}

/// Returns the file with this payload.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut file = Fingerprint::new().to_bytes();
    file.truncate(FORMAT_AT + 1);
    let crc = crc(payload);
    file.extend(crc.to_le_bytes());
    file.extend(payload);
    file
}

fn crc(payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(MAGIC.len() as u64).to_le_bytes());
    hasher.update(MAGIC);
    hasher.update(payload);
    hasher.finalize()
}

/// Refuses to fuzz in vain, once the format has changed.
fn assert_sealed() {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add("command", "cc -c a.c");
    let file = fingerprint.to_bytes();
    assert_eq!(sealed(&file[PAYLOAD_AT..]), file, "this target knows another format of the file");
}
