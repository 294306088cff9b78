//! Arbitrary bytes as a snapshot of files, behind a good checksum.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| walk_fingerprint::fuzzing::snapshot(bytes));
