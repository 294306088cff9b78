//! What a graph answers.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;

use super::model::{Edge, Graph, NONE, Node};
use super::names::{self, Name};
use super::scope::Quoting;
use crate::syntax::{Place, ReadError};

/// Which edges need a node.
#[derive(Debug)]
pub struct Consumers {
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl Consumers {
    /// Returns the edges that have the node among their inputs, in order.
    ///
    /// # Panics
    ///
    /// If the node is of another graph and out of range here.
    #[must_use]
    pub fn of(&self, node: Node) -> &[Edge] {
        let index = node.index();
        &self.edges[self.starts[index] as usize..self.starts[index + 1] as usize]
    }
}

/// Questions about nodes and edges; each panics if they are of another graph and out of range.
impl Graph {
    /// Returns what was mended, in ninja's words.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the manifest and every included file, in the order of reading.
    pub fn files(&self) -> impl Iterator<Item = &[u8]> {
        self.file_paths().map(|it| it.as_os_str().as_bytes())
    }

    /// Returns the edges, in the order of the manifest.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = Edge> + use<> {
        (0..self.edges.len()).map(Edge::at)
    }

    /// Returns the nodes, in the order of first mention.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node> + use<> {
        (0..self.paths.len()).map(Node::at)
    }

    /// Returns the canonical path of a node.
    #[must_use]
    pub fn path(&self, node: Node) -> &[u8] {
        self.paths.get(&self.text, node)
    }

    /// Returns the node of a path in any spelling.
    #[must_use]
    pub fn node(&self, path: &[u8]) -> Option<Node> {
        self.paths.find(&self.text, path)
    }

    /// Returns the edge that makes a node; none makes a source.
    #[must_use]
    pub fn producer(&self, node: Node) -> Option<Edge> {
        let producer = self.producers.get(node.index()).copied().unwrap_or(NONE);
        (producer != NONE).then_some(Edge(producer))
    }

    /// Returns whether the manifest itself names a node, and not only a dyndep file.
    #[must_use]
    pub fn is_declared(&self, node: Node) -> bool {
        node.index() < self.declared
    }

    /// Finds out which edges need which nodes, order-only inputs included.
    #[must_use]
    pub fn consumers(&self) -> Consumers {
        let mut starts = vec![0_u32; self.paths.len() + 1];
        for node in self.edges().flat_map(|it| self.inputs(it)) {
            starts[node.index() + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut free = starts.clone();
        let mut edges = vec![Edge(NONE); starts.last().copied().unwrap_or(0) as usize];
        for edge in self.edges() {
            for node in self.inputs(edge) {
                edges[free[node.index()] as usize] = edge;
                free[node.index()] += 1;
            }
        }
        Consumers { starts, edges }
    }

    /// Returns the outputs of an edge: explicit, then implicit.
    #[must_use]
    pub fn outputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 0, 2)
    }

    /// Returns the outputs that `$out` names.
    #[must_use]
    pub fn explicit_outputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 0, 1)
    }

    /// Returns the inputs of an edge: explicit, implicit, order-only.
    #[must_use]
    pub fn inputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 2, 5)
    }

    /// Returns the inputs that `$in` names.
    #[must_use]
    pub fn explicit_inputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 2, 3)
    }

    /// Returns the inputs after `|`.
    #[must_use]
    pub fn implicit_inputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 3, 4)
    }

    /// Returns the inputs after `||`, which only have to come first.
    #[must_use]
    pub fn order_only_inputs(&self, edge: Edge) -> &[Node] {
        self.part(edge, 4, 5)
    }

    /// Returns the nodes after `|@`, which are built whenever the edge is.
    #[must_use]
    pub fn validations(&self, edge: Edge) -> &[Node] {
        self.part(edge, 5, 6)
    }

    /// Returns the name of an edge's rule.
    #[must_use]
    pub fn rule(&self, edge: Edge) -> &[u8] {
        match self.data(edge).rule {
            0 => b"phony",
            rule => self.text.get(self.rules[rule as usize].name),
        }
    }

    /// Returns whether an edge is only a name for its inputs.
    #[must_use]
    pub fn is_phony(&self, edge: Edge) -> bool {
        self.data(edge).rule == 0
    }

    /// Returns the rules of the manifest itself, by name, with their descriptions as written.
    pub fn rules(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let rules = self.scopes[0].rules.iter();
        let description = |rule: u32| {
            let raw = self.rules[rule as usize].get(names::DESCRIPTION)?;
            Some(&self.text.all()[raw.range()])
        };
        let mut rules: Vec<(&[u8], Option<&[u8]>)> =
            rules.map(|(name, rule)| (self.names.text(*name), description(*rule))).collect();
        rules.sort_unstable();
        rules.into_iter()
    }

    /// Returns a variable as an edge sees it: of its own, of its rule, of its file, of those
    /// around. Empty if it is not set. `$in` and `$out` are quoted for a shell.
    ///
    /// # Errors
    ///
    /// If variables of the rule name each other in a cycle, or the text gets too long.
    pub fn binding(&self, edge: Edge, name: &str) -> Result<Cow<'_, [u8]>, ReadError> {
        self.asked(edge, name, Quoting::Shell)
    }

    /// Returns a variable as [`binding`](Self::binding) does, with `$in` and `$out` as they are:
    /// for paths like `depfile`.
    ///
    /// # Errors
    ///
    /// As of [`binding`](Self::binding).
    pub fn unescaped_binding(&self, edge: Edge, name: &str) -> Result<Cow<'_, [u8]>, ReadError> {
        self.asked(edge, name, Quoting::None)
    }

    fn asked(&self, edge: Edge, name: &str, how: Quoting) -> Result<Cow<'_, [u8]>, ReadError> {
        let mut value = Vec::new();
        if let Some(name) = self.names.find(name.as_bytes()) {
            self.push_variable(edge, name, how, &mut value)?;
        }
        Ok(Cow::Owned(value))
    }

    /// Returns whether a switch like `restat` is set, to anything.
    ///
    /// # Errors
    ///
    /// As of [`binding`](Self::binding).
    pub fn has_flag(&self, edge: Edge, name: &str) -> Result<bool, ReadError> {
        let is_added = name == "restat" && self.restat.contains(&edge);
        Ok(is_added || !self.binding(edge, name)?.is_empty())
    }

    /// Appends the command of an edge.
    ///
    /// # Errors
    ///
    /// As of [`binding`](Self::binding).
    pub fn push_command(&self, edge: Edge, to: &mut Vec<u8>) -> Result<(), ReadError> {
        self.push_variable(edge, names::COMMAND, Quoting::Shell, to)
    }

    /// Returns the pool of an edge; `None` if it is in none.
    ///
    /// # Errors
    ///
    /// As of [`binding`](Self::binding).
    pub fn pool(&self, edge: Edge) -> Result<Option<&[u8]>, ReadError> {
        Ok(self.pool_of.get(&edge).map(|it| self.names.text(*it)))
    }

    pub(super) fn has_pool(&self, pool: Name) -> bool {
        pool == names::CONSOLE || self.declared_pools.contains(&pool)
    }

    /// Returns the pools that are declared, and their depths; a depth of zero is no limit.
    pub fn pools(&self) -> impl Iterator<Item = (&[u8], u32)> {
        self.pools.iter().map(|(name, depth)| (self.names.text(*name), *depth))
    }

    /// Returns what `default` statements name.
    #[must_use]
    pub fn defaults(&self) -> &[Node] {
        &self.defaults
    }

    /// Returns the outputs that no edge needs, in the order of the manifest.
    #[must_use]
    pub fn roots(&self) -> Vec<Node> {
        let mut is_needed = vec![false; self.paths.len()];
        for node in self.edges().flat_map(|it| self.inputs(it)) {
            is_needed[node.index()] = true;
        }
        let outputs = self.edges().flat_map(|it| self.outputs(it).iter().copied());
        outputs.filter(|it| !is_needed[it.index()]).collect()
    }

    /// Returns the final value of a variable of the manifest itself.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        let name: Name = self.names.find(name.as_bytes())?;
        self.variable_in(0, name).map(|it| self.text.get(it))
    }

    /// Returns where an edge is declared.
    #[must_use]
    pub fn place(&self, edge: Edge) -> Place {
        self.text.place(self.data(edge).at as usize)
    }

    /// Returns the file that will say what else an edge needs, unless it was loaded.
    #[must_use]
    pub fn dyndep(&self, edge: Edge) -> Option<Node> {
        self.dyndeps.get(&edge).copied()
    }
}
