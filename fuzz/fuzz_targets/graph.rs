//! Arbitrary bytes as the graph of a plan: its lists, and its commands.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| walk_plan::fuzzing::graph(bytes));
