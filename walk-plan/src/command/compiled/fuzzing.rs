//! Reads arbitrary bytes as a graph and as what is in one.

use super::graph::Graph;
use super::record::{Head, Record};

/// Reads `bytes` as the index of a graph, as a command, and as what holds for all.
///
/// # Panics
///
/// When a reader is wrong.
pub fn graph(bytes: &[u8]) {
    let _ = (Record::take(&mut &*bytes), Head::take(&mut &*bytes));
    let file = tempfile::tempfile().expect("a file");
    let Some(graph) = Graph::parse(bytes, walk_core::fingerprint::crc32(bytes), 8, (file, 0))
    else {
        return;
    };
    let cone =
        graph.cone(&[true, false, true, false, false, false, false, false], &vec![3; graph.len()]);
    assert_eq!(cone.len(), graph.len());
    assert_eq!(graph.shared(&cone, 8).len(), 8);
    assert!(graph.makers(&[true; 8]).len() <= graph.len());
    let _ = graph.head();
    for action in 0..graph.len() {
        assert!(graph.record(action).is_none());
    }
}
