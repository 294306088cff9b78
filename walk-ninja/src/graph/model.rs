//! The graph: small fixed structs over flat arrays.
//!
//! An edge is a range of nodes, a range of bindings, a rule and a scope. Nothing is allocated
//! for one edge alone.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{Name, Names};
use super::paths::Paths;
use super::scope::{Rule, Scope};
use super::text::{Span, Text};

/// A file of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub(super) u32);

/// A `build` statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge(pub(super) u32);

impl Node {
    pub(super) fn at(index: usize) -> Self {
        Self(number(index))
    }

    /// Returns the position: dense, in the order of first mention.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Edge {
    pub(super) fn at(index: usize) -> Self {
        Self(number(index))
    }

    /// Returns the position: dense, in the order of the manifest.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What to do with a mistake that need not be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The manifest is refused.
    Error,
    /// It is said, and the statement is mended.
    Warning,
}

/// What to do where ninja lets, or let, the user choose (`-w`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Two edges that make one file; an error by default.
    pub duplicate_outputs: Severity,
    /// A `phony` that names itself as an input: by default a warning, and the input is dropped.
    /// Else it stays, and is a cycle for who needs the file, as in ninja.
    pub phony_cycles: Severity,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { duplicate_outputs: Severity::Error, phony_cycles: Severity::Warning }
    }
}

/// Where in the flat arrays an edge has what.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgeData {
    /// The byte at which the statement begins.
    pub(super) at: u32,
    pub(super) rule: u32,
    pub(super) scope: u32,
    pub(super) bindings: (u32, u32),
    /// Where its nodes begin.
    pub(super) nodes: u32,
    /// How many there are, in this order: explicit and implicit outputs, explicit, implicit
    /// and order-only inputs, validations.
    pub(super) counts: [u32; 6],
}

/// A manifest of ninja, with all that it includes.
///
/// ```
/// use std::path::Path;
/// use walk_ninja::{Graph, ReadOptions};
///
/// let text = b"rule cc\n  command = cc -c $in -o $out\nbuild a.o: cc a.c | a.h\n";
/// let mut none = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
/// let graph = Graph::parse("build.ninja".as_ref(), text.to_vec(), &mut none, &ReadOptions::default())?;
/// let edge = graph.edges().next().expect("there is one");
/// assert_eq!(&*graph.binding(edge, "command")?, b"cc -c a.c -o a.o");
/// assert_eq!(graph.path(graph.implicit_inputs(edge)[0]), b"a.h");
/// # Ok::<(), walk_ninja::ReadError>(())
/// ```
#[derive(Debug)]
pub struct Graph {
    pub(super) text: Text,
    pub(super) names: Names,
    pub(super) paths: Paths,
    pub(super) scopes: Vec<Scope>,
    pub(super) rules: Vec<Rule>,
    pub(super) edges: Vec<EdgeData>,
    pub(super) bindings: Vec<(Name, Span)>,
    /// What the edges name, one after the other.
    pub(super) nodes: Vec<Node>,
    /// By node; `NONE` for a source.
    pub(super) producers: Vec<u32>,
    pub(super) pools: Vec<(Name, u32)>,
    pub(super) declared_pools: FxHashSet<Name>,
    /// The pools of edges; most have none.
    pub(super) pool_of: FxHashMap<Edge, Name>,
    pub(super) defaults: Vec<Node>,
    pub(super) warnings: Vec<String>,
    /// The dyndep files of edges that were not loaded yet.
    pub(super) dyndeps: FxHashMap<Edge, Node>,
    /// The edges that name such a file.
    pub(super) dyndep_edges: FxHashMap<Node, Vec<Edge>>,
    /// How many files were read before any dyndep file.
    pub(super) manifests: usize,
    /// How many nodes were known before any dyndep file.
    pub(super) declared: usize,
    /// Edges that are `restat` because a dyndep file says so.
    pub(super) restat: FxHashSet<Edge>,
}

/// Everything is counted in 32 bits: there is less of anything than bytes of text, and those
/// are counted when they are added.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer of anything than bytes")
}

/// The scope of the manifest itself, and one in which nothing is known: that of dyndep files.
pub(super) const TOP: u32 = 0;
pub(super) const NOTHING: u32 = 1;

/// No edge.
pub(super) const NONE: u32 = u32::MAX;

impl Graph {
    pub(super) fn empty() -> Self {
        Self {
            text: Text::default(),
            names: Names::new(),
            paths: Paths::default(),
            scopes: vec![Scope::default(), Scope::default()],
            rules: vec![Rule::default()],
            edges: Vec::new(),
            bindings: Vec::new(),
            nodes: Vec::new(),
            producers: Vec::new(),
            pools: Vec::new(),
            declared_pools: FxHashSet::default(),
            pool_of: FxHashMap::default(),
            defaults: Vec::new(),
            warnings: Vec::new(),
            dyndeps: FxHashMap::default(),
            dyndep_edges: FxHashMap::default(),
            manifests: 0,
            declared: 0,
            restat: FxHashSet::default(),
        }
    }

    pub(super) fn data(&self, edge: Edge) -> &EdgeData {
        &self.edges[edge.index()]
    }

    /// Returns the nodes of an edge that are counted from the `first` kind to before the `last`.
    pub(super) fn part(&self, edge: Edge, first: usize, last: usize) -> &[Node] {
        let data = self.data(edge);
        let sum = |to: usize| data.counts[..to].iter().sum::<u32>() as usize;
        let start = data.nodes as usize;
        &self.nodes[start + sum(first)..start + sum(last)]
    }

    /// Returns the files that were read, in the order of reading: manifests, then dyndep files.
    pub(crate) fn files_read(&self) -> impl Iterator<Item = &PathBuf> {
        self.text.paths()
    }

    pub(super) fn file_paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.text.paths().take(self.manifests)
    }
}
