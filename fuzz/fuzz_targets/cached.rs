//! Arbitrary bytes as a result of a cache, and as the directory that it names.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| walk_cache::fuzzing::restore(bytes));
