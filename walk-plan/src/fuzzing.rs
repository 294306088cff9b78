//! What only fuzzers see: decoders that nothing else can reach without a good checksum.

pub use crate::command::fuzz_graph as graph;
