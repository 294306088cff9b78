//! Arbitrary bytes as each kind of record of the store.
//!
//! In a store every record has a checksum, which a fuzzer seldom guesses; here the bytes are what
//! a good checksum was made of.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| walk_fingerprint::fuzzing::decode(bytes));
