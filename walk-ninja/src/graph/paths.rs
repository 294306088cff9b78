//! Paths as numbers.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::model::{Node, number};
use super::text::{Span, Text};
use crate::syntax::{Raw, canonical, is_canonical};

/// The paths of a graph, in the order of first mention.
#[derive(Debug, Default)]
pub(super) struct Paths {
    spans: Vec<Span>,
    table: HashTable<u32>,
}

impl Paths {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn get<'t>(&self, text: &'t Text, node: Node) -> &'t [u8] {
        text.get(self.spans[node.index()])
    }

    /// Returns the node of a path in any spelling, if it has one.
    pub(super) fn find(&self, text: &Text, path: &[u8]) -> Option<Node> {
        self.find_canonical(text, &canonical(path))
    }

    fn find_canonical(&self, text: &Text, path: &[u8]) -> Option<Node> {
        let is_it = |it: &u32| text.get(self.spans[*it as usize]) == path;
        self.table.find(hash(path), is_it).map(|it| Node(*it))
    }

    /// Returns the node of a path that is written in the text as it is.
    pub(super) fn of_plain(&mut self, text: &mut Text, raw: Raw) -> Result<Node, String> {
        let span = Span::from(raw);
        if is_canonical(text.get(span)) {
            return Ok(self.intern(text, span));
        }
        let path = text.get(span).to_vec();
        self.of_bytes(text, &path)
    }

    /// Returns the node of a path that is not in the text.
    pub(super) fn of_bytes(&mut self, text: &mut Text, path: &[u8]) -> Result<Node, String> {
        let path = canonical(path);
        if let Some(node) = self.find_canonical(text, &path) {
            return Ok(node);
        }
        let span = text.add(&path)?;
        Ok(self.intern(text, span))
    }

    fn intern(&mut self, text: &Text, span: Span) -> Node {
        let path = text.get(span);
        let spans = &self.spans;
        let is_it = |it: &u32| text.get(spans[*it as usize]) == path;
        let rehash = |it: &u32| hash(text.get(spans[*it as usize]));
        let entry = self.table.entry(hash(path), is_it, rehash);
        let next = number(self.spans.len());
        let node = *entry.or_insert(next).get();
        if node == next {
            self.spans.push(span);
        }
        Node(node)
    }
}

pub(super) fn hash(path: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(path);
    hasher.finish()
}
