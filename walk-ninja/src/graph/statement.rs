//! Reads `build` statements.

use super::model::{Edge, EdgeData, Node, Severity, number};
use super::names::{self, Name};
use super::read::{Cursor, Reader, Step};
use super::scope::Quoting;
use super::text::Span;
use crate::syntax::{Raw, Token, Wrong};

/// The paths of a statement as they are written, kind by kind as in [`EdgeData::counts`].
#[derive(Debug, Default)]
struct Paths {
    raw: Vec<Raw>,
    counts: [u32; 6],
}

impl Paths {
    /// Reads paths up to the next word.
    fn read(&mut self, kind: usize, cursor: &mut Cursor, reader: &Reader<'_>) -> Result<(), Wrong> {
        loop {
            let raw = cursor.path(&reader.graph.text)?;
            if raw.len == 0 {
                return Ok(());
            }
            self.raw.push(raw);
            self.counts[kind] += 1;
        }
    }
}

impl Reader<'_> {
    pub(super) fn build(&mut self, cursor: &mut Cursor) -> Step {
        let at = cursor.scanner.word;
        let mut paths = Paths::default();
        let rule = self.line(&mut paths, cursor)?;
        let first = self.graph.bindings.len();
        while cursor.take_if(&self.graph.text, Token::Indent) {
            let (name, raw) = cursor.binding(&mut self.graph)?;
            let value = self.value(cursor.scope, raw)?;
            self.graph.bindings.push((name, value));
        }
        let nodes = self.graph.nodes.len();
        self.add_nodes(&paths, first, cursor.scope)?;
        let edge = Edge::at(self.graph.edges.len());
        self.graph.edges.push(EdgeData {
            at: number(at),
            rule,
            scope: cursor.scope,
            bindings: (number(first), number(self.graph.bindings.len())),
            nodes: number(nodes),
            counts: paths.counts,
        });
        if self.set_producers(edge)? {
            self.ignore_itself(edge, at)?;
            self.check_pool(edge, cursor)?;
            self.find_dyndep(edge, cursor)?;
        } else {
            self.graph.edges.pop();
        }
        Ok(())
    }

    /// Reads the line that begins with `build`, and returns the rule.
    fn line(&mut self, paths: &mut Paths, cursor: &mut Cursor) -> Result<u32, Wrong> {
        paths.read(0, cursor, self)?;
        if cursor.take_if(&self.graph.text, Token::Pipe) {
            paths.read(1, cursor, self)?;
        }
        if paths.raw.is_empty() {
            return Err(Wrong::new("expected path", cursor.scanner.at));
        }
        cursor.expect(&self.graph.text, Token::Colon)?;
        let name = cursor.name(&self.graph.text, "expected build command name")?;
        let text = &self.graph.text.all()[name.clone()];
        let rule = self.graph.names.find(text);
        let Some(rule) = rule.and_then(|it| self.graph.rule_in(cursor.scope, it)) else {
            let message = format!("unknown build rule '{}'", String::from_utf8_lossy(text));
            return Err(Wrong::new(message, name.start));
        };
        paths.read(2, cursor, self)?;
        for (kind, token) in [(3, Token::Pipe), (4, Token::PipePipe), (5, Token::PipeAt)] {
            if cursor.take_if(&self.graph.text, token) {
                paths.read(kind, cursor, self)?;
            }
        }
        cursor.expect(&self.graph.text, Token::Newline)?;
        Ok(rule)
    }

    fn add_nodes(&mut self, paths: &Paths, first: usize, scope: u32) -> Result<(), Wrong> {
        // Few statements have both bindings and paths that name them.
        let needs_bindings = paths.raw.iter().any(|it| !it.is_plain);
        let bindings: Vec<(Name, Span)> =
            if needs_bindings { self.graph.bindings[first..].to_vec() } else { Vec::new() };
        for &raw in &paths.raw {
            let node = self.node(&bindings, scope, raw)?;
            self.graph.nodes.push(node);
        }
        Ok(())
    }

    /// Says who makes the outputs; false if nothing is left to make.
    fn set_producers(&mut self, edge: Edge) -> Result<bool, Wrong> {
        let graph = &mut self.graph;
        let data = graph.edges[edge.index()];
        let start = data.nodes as usize;
        let count = (data.counts[0] + data.counts[1]) as usize;
        let mut taken = Vec::new();
        for at in 0..count {
            let node = graph.nodes[start + at];
            let producer = &mut graph.producers[node.index()];
            if *producer == super::model::NONE {
                *producer = edge.0;
                continue;
            }
            let path = String::from_utf8_lossy(graph.paths.get(&graph.text, node)).into_owned();
            let message = if *producer == edge.0 {
                format!("{path} is defined as an output multiple times")
            } else {
                format!("multiple rules generate {path}")
            };
            if self.options.duplicate_outputs == Severity::Error {
                return Err(Wrong::new(message, data.at as usize));
            }
            graph.warnings.push(format!(
                "{message}. builds involving this target will not be correct; continuing anyway"
            ));
            taken.push(at);
        }
        for at in taken.iter().rev() {
            let kind = usize::from(*at >= graph.edges[edge.index()].counts[0] as usize);
            graph.nodes.remove(start + at);
            graph.edges[edge.index()].counts[kind] -= 1;
        }
        Ok(taken.len() < count)
    }

    /// A `phony` that names itself is what old versions of `CMake` write.
    fn ignore_itself(&mut self, edge: Edge, at: usize) -> Result<(), Wrong> {
        let graph = &mut self.graph;
        let data = graph.edges[edge.index()];
        let is_alone = data.counts[0] == 1 && data.counts[1] == 0 && data.counts[3] == 0;
        if data.rule != 0 || !is_alone {
            return Ok(());
        }
        let first = data.nodes as usize;
        let node = graph.nodes[first];
        let inputs = first + 1..first + 1 + data.counts[2] as usize;
        let Some(itself) = inputs.clone().find(|it| graph.nodes[*it] == node) else {
            return Ok(());
        };
        let path = String::from_utf8_lossy(graph.paths.get(&graph.text, node)).into_owned();
        if self.options.phony_cycles == Severity::Error {
            let message = format!("phony target '{path}' names itself as an input");
            return Err(Wrong::new(message, at));
        }
        graph.warnings.push(format!(
            "phony target '{path}' names itself as an input; ignoring [-w phonycycle=warn]"
        ));
        graph.nodes.remove(itself);
        graph.edges[edge.index()].counts[2] -= 1;
        Ok(())
    }

    fn check_pool(&mut self, edge: Edge, cursor: &Cursor) -> Step {
        let name = self.asked(edge, names::POOL)?;
        if name.is_empty() || name == b"console" || self.graph.find_pool(&name).is_some() {
            return Ok(());
        }
        let message = format!("unknown pool name '{}'", String::from_utf8_lossy(&name));
        Err(Wrong::new(message, cursor.scanner.word).into())
    }

    fn find_dyndep(&mut self, edge: Edge, cursor: &Cursor) -> Step {
        let path = self.asked(edge, names::DYNDEP)?;
        if path.is_empty() {
            return Ok(());
        }
        let node = self.graph.node(&path);
        let Some(node) = node.filter(|it| self.graph.inputs(edge).contains(it)) else {
            let path = String::from_utf8_lossy(&path);
            let message = format!("dyndep '{path}' is not an input");
            return Err(Wrong::new(message, cursor.scanner.word).into());
        };
        self.graph.dyndeps.insert(edge, node);
        Ok(())
    }

    /// Returns a variable of an edge; most have neither of those that are asked for.
    fn asked(&mut self, edge: Edge, name: Name) -> Step<Vec<u8>> {
        let mut value = Vec::new();
        let pushed = self.graph.push_variable(edge, name, Quoting::None, &mut value);
        pushed.map_err(super::read::Stop::There)?;
        Ok(value)
    }
}

/// Returns the paths of nodes, for messages.
pub(super) fn shown(graph: &super::Graph, node: Node) -> String {
    String::from_utf8_lossy(graph.path(node)).into_owned()
}
