//! Dyndep files: what is only known of an edge once something else was made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use rustc_hash::FxHashMap;

use super::model::{Edge, Graph, NONE, Node, number};
use super::names;
use super::read::Cursor;
use crate::syntax::{Raw, ReadError, Scanner, Token, Wrong};

/// What a dyndep file says of one edge.
#[derive(Debug, Default)]
struct Found {
    outputs: Vec<Node>,
    inputs: Vec<Node>,
    is_restat: bool,
}

impl Graph {
    /// Adds what the dyndep file `node`, whose content is `text`, says of the edges that name it.
    ///
    /// # Errors
    ///
    /// If the text is no dyndep file, or does not fit the graph.
    pub fn load_dyndep(&mut self, node: Node, text: &[u8]) -> Result<(), ReadError> {
        let path = OsStr::from_bytes(self.path(node)).to_owned().into();
        let file = self.text.add_file(path, text.to_vec())?;
        let scanner = Scanner::new(self.text.all(), self.text.range(file));
        let mut cursor = Cursor { scanner, scope: 0 };
        let found = match self.read_dyndep(node, &mut cursor) {
            Ok(found) => found,
            Err(wrong) => return Err(self.text.error(&wrong)),
        };
        self.add_found(node, found)
    }

    fn read_dyndep(
        &mut self,
        file: Node,
        cursor: &mut Cursor,
    ) -> Result<FxHashMap<Edge, Found>, Wrong> {
        let mut found = FxHashMap::default();
        let mut has_version = false;
        loop {
            match cursor.next(&self.text) {
                Token::Newline => {}
                Token::Name if !has_version => {
                    self.check_dyndep_version(cursor)?;
                    has_version = true;
                }
                Token::End if has_version => return Ok(found),
                Token::Build if has_version => {
                    let (edge, more) = self.dyndep_statement(file, cursor)?;
                    if found.insert(edge, more).is_some() {
                        let path = self.shown(self.outputs(edge)[0]);
                        let message = format!("multiple statements for '{path}'");
                        return Err(Wrong::new(message, cursor.scanner.word));
                    }
                }
                Token::Unknown => return Err(cursor.scanner.complain(self.text.all())),
                _ if !has_version => {
                    let message = "expected 'ninja_dyndep_version = ...'";
                    return Err(Wrong::new(message, cursor.scanner.word));
                }
                other => {
                    let message = format!("unexpected {}", other.describe());
                    return Err(Wrong::new(message, cursor.scanner.word));
                }
            }
        }
    }

    fn check_dyndep_version(&mut self, cursor: &mut Cursor) -> Result<(), Wrong> {
        cursor.scanner.at = cursor.scanner.word;
        let at = cursor.scanner.word;
        let (name, raw) = cursor.binding(self)?;
        if name != names::DYNDEP_VERSION {
            return Err(Wrong::new("expected 'ninja_dyndep_version = ...'", at));
        }
        let value = String::from_utf8_lossy(&self.text.all()[raw.range()]);
        let digits = |it: &str| it.split('-').next().map(str::to_owned).unwrap_or_default();
        match &*digits(&value) {
            "1" | "1.0" => Ok(()),
            _ => {
                let message = format!("unsupported 'ninja_dyndep_version = {value}'");
                Err(Wrong::new(message, at))
            }
        }
    }

    fn dyndep_statement(
        &mut self,
        file: Node,
        cursor: &mut Cursor,
    ) -> Result<(Edge, Found), Wrong> {
        let output = cursor.path(&self.text)?;
        if output.len == 0 {
            return Err(Wrong::new("expected path", output.range().start));
        }
        let edge = self.dyndep_edge(file, output)?;
        let mut found = Found::default();
        self.refuse_path(cursor, "explicit outputs not supported")?;
        if cursor.take_if(&self.text, Token::Pipe) {
            found.outputs = self.dyndep_paths(cursor)?;
        }
        cursor.expect(&self.text, Token::Colon)?;
        let wrong = "expected build command name 'dyndep'";
        let name = cursor.name(&self.text, wrong)?;
        if &self.text.all()[name.clone()] != b"dyndep" {
            return Err(Wrong::new(wrong, name.start));
        }
        self.refuse_path(cursor, "explicit inputs not supported")?;
        if cursor.take_if(&self.text, Token::Pipe) {
            found.inputs = self.dyndep_paths(cursor)?;
        }
        if cursor.take_if(&self.text, Token::PipePipe) {
            return Err(Wrong::new("order-only inputs not supported", cursor.scanner.word));
        }
        cursor.expect(&self.text, Token::Newline)?;
        if cursor.take_if(&self.text, Token::Indent) {
            let at = cursor.scanner.at;
            let (name, raw) = cursor.binding(self)?;
            if name != names::RESTAT {
                return Err(Wrong::new("binding is not 'restat'", at));
            }
            found.is_restat = raw.len > 0;
        }
        Ok((edge, found))
    }

    /// Finds the edge that makes `output`, which has to name the file.
    fn dyndep_edge(&self, file: Node, output: Raw) -> Result<Edge, Wrong> {
        let at = output.range().start;
        let mut path = Vec::new();
        self.evaluate(0, output, &mut path).map_err(|it| Wrong::new(it, at))?;
        let text = String::from_utf8_lossy(&path).into_owned();
        let edge = self.node(&path).and_then(|it| self.producer(it));
        let missing = || Wrong::new(format!("no build statement exists for '{text}'"), at);
        let edge = edge.ok_or_else(missing)?;
        if self.dyndeps.get(&edge) != Some(&file) {
            let file = self.shown(file);
            let message = format!(
                "dyndep file '{file}' mentions output '{text}' whose build statement does not \
                 have a dyndep binding for the file"
            );
            return Err(Wrong::new(message, at));
        }
        Ok(edge)
    }

    fn refuse_path(&self, cursor: &mut Cursor, what: &str) -> Result<(), Wrong> {
        let raw = cursor.path(&self.text)?;
        if raw.len == 0 { Ok(()) } else { Err(Wrong::new(what, raw.range().start)) }
    }

    fn dyndep_paths(&mut self, cursor: &mut Cursor) -> Result<Vec<Node>, Wrong> {
        let mut nodes = Vec::new();
        loop {
            let raw = cursor.path(&self.text)?;
            if raw.len == 0 {
                return Ok(nodes);
            }
            let wrong = |it| Wrong::new(it, raw.range().start);
            let mut path = Vec::new();
            self.evaluate(0, raw, &mut path).map_err(wrong)?;
            if path.is_empty() {
                return Err(wrong("empty path".into()));
            }
            nodes.push(self.paths.of_bytes(&mut self.text, &path).map_err(wrong)?);
            self.producers.resize(self.paths.len(), NONE);
        }
    }

    fn add_found(
        &mut self,
        file: Node,
        mut found: FxHashMap<Edge, Found>,
    ) -> Result<(), ReadError> {
        let mut edges: Vec<Edge> =
            self.dyndeps.iter().filter(|it| *it.1 == file).map(|it| *it.0).collect();
        edges.sort_unstable();
        for edge in edges {
            let Some(more) = found.remove(&edge) else {
                let (path, file) = (self.shown(self.outputs(edge)[0]), self.shown(file));
                let message = format!("'{path}' not mentioned in its dyndep file '{file}'");
                return Err(ReadError::Syntax { place: self.place(edge), message, excerpt: None });
            };
            self.add_to_edge(edge, &more)?;
            self.dyndeps.remove(&edge);
        }
        Ok(())
    }

    fn add_to_edge(&mut self, edge: Edge, more: &Found) -> Result<(), ReadError> {
        for node in &more.outputs {
            if self.producers[node.index()] != NONE {
                let message = format!("multiple rules generate {}", self.shown(*node));
                return Err(ReadError::Syntax { place: self.place(edge), message, excerpt: None });
            }
            self.producers[node.index()] = edge.0;
        }
        if more.is_restat {
            self.restat.insert(edge);
        }
        let start = self.nodes.len();
        let added: [&[Node]; 6] = [&[], &more.outputs, &[], &more.inputs, &[], &[]];
        for (kind, added) in added.iter().enumerate() {
            let before = self.part(edge, kind, kind + 1).to_vec();
            self.nodes.extend(before);
            self.nodes.extend_from_slice(added);
        }
        let data = &mut self.edges[edge.index()];
        data.nodes = number(start);
        data.counts[1] += number(more.outputs.len());
        data.counts[3] += number(more.inputs.len());
        Ok(())
    }
}
