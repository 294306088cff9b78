//! Reads `build` statements.
//!
//! A path may name a variable that is only bound below it. So from the first path with a `$` on,
//! those of a statement wait until its bindings are read; most have none, and become nodes at
//! once.

use super::model::{Edge, EdgeData, Graph, NONE, Node, Severity, number};
use super::names::{self, Name};
use super::read::{Cursor, Reader, Step, Stop};
use super::scope::Quoting;
use crate::syntax::{Raw, Token, Wrong};

/// What has been read of a statement.
struct Statement {
    /// Where it begins.
    at: usize,
    rule: u32,
    /// Where its nodes begin.
    nodes: usize,
    /// How many paths there are of each kind, as in [`EdgeData::counts`].
    counts: [u32; 6],
}

/// The kinds of paths behind the rule, and the words before them.
const INPUTS: [(usize, Token); 3] = [(3, Token::Pipe), (4, Token::PipePipe), (5, Token::PipeAt)];

impl Reader<'_> {
    pub(super) fn build(&mut self, cursor: &mut Cursor) -> Step {
        let statement = self.line(cursor)?;
        let bindings = self.bindings(cursor)?;
        self.add_pending(bindings, cursor.scope)?;
        let edge = Edge::at(self.graph.edges.len());
        self.graph.edges.push(EdgeData {
            at: number(statement.at),
            rule: statement.rule,
            scope: cursor.scope,
            bindings,
            nodes: number(statement.nodes),
            counts: statement.counts,
        });
        if self.set_producers(edge)? {
            self.ignore_itself(edge);
            self.find_pool(edge)?;
            self.find_dyndep(edge)?;
        } else {
            self.graph.nodes.truncate(statement.nodes);
            self.graph.edges.pop();
        }
        Ok(())
    }

    /// Reads the line that begins with `build`.
    fn line(&mut self, cursor: &mut Cursor) -> Result<Statement, Wrong> {
        let (at, nodes) = (cursor.scanner.word, self.graph.nodes.len());
        let mut counts = [0; 6];
        counts[0] = self.paths(cursor)?;
        if cursor.take_if(&self.graph.text, Token::Pipe) {
            counts[1] = self.paths(cursor)?;
        }
        if counts[0] + counts[1] == 0 {
            return Err(Wrong::new("expected path", cursor.scanner.at));
        }
        cursor.expect(&self.graph.text, Token::Colon)?;
        let rule = self.rule_of(cursor)?;
        counts[2] = self.paths(cursor)?;
        for (kind, token) in INPUTS {
            if cursor.take_if(&self.graph.text, token) {
                counts[kind] = self.paths(cursor)?;
            }
        }
        cursor.expect(&self.graph.text, Token::Newline)?;
        Ok(Statement { at, rule, nodes, counts })
    }

    fn rule_of(&self, cursor: &mut Cursor) -> Result<u32, Wrong> {
        let name = cursor.name(&self.graph.text, "expected build command name")?;
        let text = &self.graph.text.all()[name.clone()];
        let rule = self.graph.names.find(text);
        rule.and_then(|it| self.graph.rule_in(cursor.scope, it)).ok_or_else(|| {
            let message = format!("unknown build rule '{}'", String::from_utf8_lossy(text));
            Wrong::new(message, name.start)
        })
    }

    /// Reads paths up to the next word, and returns how many there are.
    fn paths(&mut self, cursor: &mut Cursor) -> Result<u32, Wrong> {
        let before = self.graph.nodes.len() + self.pending.len();
        loop {
            let raw = cursor.path(&self.graph.text)?;
            if raw.len == 0 {
                return Ok(number(self.graph.nodes.len() + self.pending.len() - before));
            }
            if raw.is_plain && self.pending.is_empty() {
                let node = self.graph.plain_node(raw)?;
                self.graph.nodes.push(node);
            } else {
                self.pending.push(raw);
            }
        }
    }

    /// Reads the variables of a statement, and returns where they are.
    fn bindings(&mut self, cursor: &mut Cursor) -> Result<(u32, u32), Wrong> {
        let first = self.graph.bindings.len();
        while cursor.take_if(&self.graph.text, Token::Indent) {
            let (name, raw) = cursor.binding(&mut self.graph)?;
            let value = self.value(cursor.scope, raw)?;
            self.graph.bindings.push((name, value));
        }
        self.graph.settle_bindings(first);
        Ok((number(first), number(self.graph.bindings.len())))
    }

    fn add_pending(&mut self, bindings: (u32, u32), scope: u32) -> Result<(), Wrong> {
        let mut pending = std::mem::take(&mut self.pending);
        for raw in pending.drain(..) {
            let node = self.node(bindings, scope, raw)?;
            self.graph.nodes.push(node);
        }
        self.pending = pending;
        Ok(())
    }

    /// Says who makes the outputs; false if nothing is left to make.
    fn set_producers(&mut self, edge: Edge) -> Result<bool, Wrong> {
        let mut outputs = self.graph.outputs(edge).iter();
        if outputs.all(|it| self.graph.producers[it.index()] == NONE) {
            for at in self.graph.output_range(edge) {
                // One edge may name an output twice.
                let node = self.graph.nodes[at];
                if std::mem::replace(&mut self.graph.producers[node.index()], edge.0) != NONE {
                    return self.resolve_duplicates(edge);
                }
            }
            return Ok(true);
        }
        self.resolve_duplicates(edge)
    }

    /// Refuses an edge that makes what is made already, or takes that away from it.
    fn resolve_duplicates(&mut self, edge: Edge) -> Result<bool, Wrong> {
        for at in self.graph.output_range(edge) {
            let producer = &mut self.graph.producers[self.graph.nodes[at].index()];
            if *producer == edge.0 {
                *producer = NONE;
            }
        }
        let severity = self.options.duplicate_outputs;
        let mut wrong = None;
        self.graph.retain(edge, |graph, kind, node| {
            let producer = graph.producers[node.index()];
            if kind > 1 || producer == NONE {
                if kind <= 1 {
                    graph.producers[node.index()] = edge.0;
                }
                return true;
            }
            let path = graph.shown(node);
            let message = if producer == edge.0 {
                format!("{path} is defined as an output multiple times")
            } else {
                format!("multiple rules generate {path}")
            };
            if severity == Severity::Warning {
                graph.warnings.push(format!(
                    "{message}. builds involving this target will not be correct; continuing anyway"
                ));
            } else {
                wrong.get_or_insert(message);
            }
            false
        });
        match wrong {
            Some(message) => Err(Wrong::new(message, self.graph.data(edge).at as usize)),
            None => Ok(!self.graph.outputs(edge).is_empty()),
        }
    }

    /// A `phony` that names itself is what old versions of `CMake` write.
    fn ignore_itself(&mut self, edge: Edge) {
        let [1, 0, _, 0, ..] = self.graph.data(edge).counts else { return };
        let node = self.graph.outputs(edge)[0];
        let is_ignored = self.options.phony_cycles == Severity::Warning;
        if self.graph.is_phony(edge) && is_ignored && self.graph.inputs(edge).contains(&node) {
            let path = self.graph.shown(node);
            self.graph.warnings.push(format!(
                "phony target '{path}' names itself as an input; ignoring [-w phonycycle=warn]"
            ));
            self.graph.retain(edge, |_, kind, it| !matches!(kind, 2 | 4) || it != node);
        }
    }

    /// The pool is that of now, even if the variables that name it change later.
    fn find_pool(&mut self, edge: Edge) -> Step {
        let name = self.asked(edge, names::POOL)?;
        if name.is_empty() {
            return Ok(());
        }
        let pool = self.graph.names.find(&name).filter(|it| self.graph.has_pool(*it));
        let Some(pool) = pool else {
            let message = format!("unknown pool name '{}'", String::from_utf8_lossy(&name));
            return Err(Wrong::new(message, self.graph.data(edge).at as usize).into());
        };
        self.graph.pool_of.insert(edge, pool);
        Ok(())
    }

    fn find_dyndep(&mut self, edge: Edge) -> Step {
        let path = self.asked(edge, names::DYNDEP)?;
        if path.is_empty() {
            return Ok(());
        }
        let node = self.graph.node(&path);
        let Some(node) = node.filter(|it| self.graph.inputs(edge).contains(it)) else {
            let message = format!("dyndep '{}' is not an input", String::from_utf8_lossy(&path));
            return Err(Wrong::new(message, self.graph.data(edge).at as usize).into());
        };
        self.graph.dyndeps.insert(edge, node);
        self.graph.dyndep_edges.entry(node).or_default().push(edge);
        Ok(())
    }

    /// Returns a variable of an edge; most have neither of those that are asked for.
    fn asked(&mut self, edge: Edge, name: Name) -> Step<Vec<u8>> {
        let mut value = Vec::new();
        let pushed = self.graph.push_variable(edge, name, Quoting::None, &mut value);
        pushed.map_err(Stop::There)?;
        Ok(value)
    }
}

impl Graph {
    /// Returns the node of a path in which there is no `$`.
    fn plain_node(&mut self, raw: Raw) -> Result<Node, Wrong> {
        let wrong = |message: String| Wrong::new(message, raw.range().start);
        let node = self.paths.of_plain(&mut self.text, raw).map_err(wrong)?;
        self.producers.resize(self.paths.len(), NONE);
        Ok(node)
    }

    fn output_range(&self, edge: Edge) -> std::ops::Range<usize> {
        let EdgeData { nodes, counts: [explicit, implicit, ..], .. } = *self.data(edge);
        nodes as usize..(nodes + explicit + implicit) as usize
    }

    /// Drops nodes of an edge, given with their kinds, that are not to be kept.
    fn retain(&mut self, edge: Edge, mut keep: impl FnMut(&mut Self, usize, Node) -> bool) {
        let EdgeData { nodes, counts, .. } = *self.data(edge);
        let (mut from, mut to) = (nodes as usize, nodes as usize);
        for (kind, count) in counts.into_iter().enumerate() {
            let start = to;
            for _ in 0..count {
                let node = self.nodes[from];
                from += 1;
                if keep(self, kind, node) {
                    self.nodes[to] = node;
                    to += 1;
                }
            }
            self.edges[edge.index()].counts[kind] = number(to - start);
        }
    }

    /// Returns the path of a node, for messages.
    pub(super) fn shown(&self, node: Node) -> String {
        String::from_utf8_lossy(self.path(node)).into_owned()
    }
}
