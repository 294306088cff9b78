//! Dyndep files: what is only known of an edge once something else was made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use rustc_hash::FxHashMap;

use super::model::{Edge, Graph, NONE, NOTHING, Node, number};
use super::names;
use super::read::{Cursor, version};
use crate::syntax::{Raw, ReadError, Scanner, Token, Wrong};

/// What a dyndep file says of one edge.
#[derive(Debug, Default)]
struct Found {
    outputs: Vec<Node>,
    inputs: Vec<Node>,
    is_restat: bool,
}

type AllFound = FxHashMap<Edge, Found>;

const NO_VERSION: &str = "expected 'ninja_dyndep_version = ...'";

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
        let mut cursor = Cursor { scanner, scope: NOTHING };
        let found = match self.read_dyndep(node, &mut cursor) {
            Ok(found) => found,
            Err(wrong) => return Err(self.text.error(&wrong)),
        };
        self.add_found(node, found)
    }

    fn read_dyndep(&mut self, file: Node, cursor: &mut Cursor) -> Result<AllFound, Wrong> {
        let mut found = AllFound::default();
        let mut has_version = false;
        loop {
            match cursor.next(&self.text) {
                Token::Newline => {}
                Token::Name if !has_version => {
                    self.check_dyndep_version(cursor)?;
                    has_version = true;
                }
                Token::Build | Token::End if !has_version => {
                    return Err(Wrong::new(NO_VERSION, cursor.scanner.word));
                }
                Token::Build => self.dyndep_statement(file, cursor, &mut found)?,
                Token::End => return Ok(found),
                Token::Unknown => return Err(cursor.scanner.complain(self.text.all())),
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
            return Err(Wrong::new(NO_VERSION, at));
        }
        let value = self.dyndep_text(raw)?;
        let value = String::from_utf8_lossy(&value);
        if version(&value) == (1, 0) {
            return Ok(());
        }
        let message = format!("unsupported 'ninja_dyndep_version = {value}'");
        Err(Wrong::new(message, raw.range().start))
    }

    fn dyndep_statement(
        &mut self,
        file: Node,
        cursor: &mut Cursor,
        all: &mut AllFound,
    ) -> Result<(), Wrong> {
        let output = cursor.path(&self.text)?;
        let at = output.range().start;
        if output.len == 0 {
            return Err(Wrong::new("expected path", at));
        }
        let edge = self.dyndep_edge(file, output)?;
        if all.contains_key(&edge) {
            let path = String::from_utf8_lossy(&self.text.all()[output.range()]).into_owned();
            return Err(Wrong::new(format!("multiple statements for '{path}'"), at));
        }
        let mut found = Found::default();
        self.refuse_path(cursor, "explicit outputs not supported")?;
        if cursor.take_if(&self.text, Token::Pipe) {
            found.outputs = self.dyndep_paths(cursor)?;
        }
        self.dyndep_inputs(cursor, &mut found)?;
        found.is_restat = self.dyndep_restat(cursor)?;
        all.insert(edge, found);
        Ok(())
    }

    /// Reads what stands behind the outputs.
    fn dyndep_inputs(&mut self, cursor: &mut Cursor, found: &mut Found) -> Result<(), Wrong> {
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
        cursor.expect(&self.text, Token::Newline)
    }

    fn dyndep_restat(&mut self, cursor: &mut Cursor) -> Result<bool, Wrong> {
        if !cursor.take_if(&self.text, Token::Indent) {
            return Ok(false);
        }
        let at = cursor.scanner.at;
        let (name, raw) = cursor.binding(self)?;
        if name != names::RESTAT {
            return Err(Wrong::new("binding is not 'restat'", at));
        }
        Ok(!self.dyndep_text(raw)?.is_empty())
    }

    /// Finds the edge that makes `output`, which has to name the file.
    fn dyndep_edge(&mut self, file: Node, output: Raw) -> Result<Edge, Wrong> {
        let path = self.dyndep_path(output)?;
        let text = String::from_utf8_lossy(&path);
        let wrong = |message| Wrong::new(message, output.range().start);
        let edge = self.node(&path).and_then(|it| self.producer(it));
        let edge = edge.ok_or_else(|| wrong(format!("no build statement exists for '{text}'")))?;
        if self.dyndeps.get(&edge) != Some(&file) {
            let file = self.shown(file);
            return Err(wrong(format!(
                "dyndep file '{file}' mentions output '{text}' whose build statement does not \
                 have a dyndep binding for the file"
            )));
        }
        Ok(edge)
    }

    /// Returns what a text means where no variable is known.
    fn dyndep_text(&mut self, raw: Raw) -> Result<Vec<u8>, Wrong> {
        let mut text = Vec::new();
        let evaluated = self.evaluate(NOTHING, raw, &mut text);
        evaluated.map_err(|it| Wrong::new(it, raw.range().start))?;
        Ok(text)
    }

    fn dyndep_path(&mut self, raw: Raw) -> Result<Vec<u8>, Wrong> {
        let path = self.dyndep_text(raw)?;
        if path.is_empty() {
            return Err(Wrong::new("empty path", raw.range().start));
        }
        Ok(path)
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
            let path = self.dyndep_path(raw)?;
            let node = self.paths.of_bytes(&mut self.text, &path);
            nodes.push(node.map_err(|it| Wrong::new(it, raw.range().start))?);
            self.producers.resize(self.paths.len(), NONE);
        }
    }

    fn add_found(&mut self, file: Node, mut found: AllFound) -> Result<(), ReadError> {
        for edge in self.dyndep_edges.remove(&file).unwrap_or_default() {
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
