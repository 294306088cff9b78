//! Reads the statements of a manifest, and of the files that it includes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::model::{Graph, NONE, Node, ReadOptions, TOP, number};
use super::names::{self, Name};
use super::scope::{Rule, Scope};
use super::text::{MOST, Span, TOO_MUCH, Text};
use crate::syntax::{Raw, ReadError, Scanner, Token, Wrong, file_error, in_words};

/// How deep files may include others.
const DEEPEST: usize = 200;

/// How many files may be read. Files that each include two others twice would never end.
const MOST_FILES: usize = 1 << 17;

/// The version of the language that is read.
const VERSION: (u64, u64) = (1, 13);

/// Asks for the content of an included file.
pub(super) type Load<'l> = dyn FnMut(&Path) -> io::Result<Vec<u8>> + 'l;

impl Graph {
    /// Reads a manifest and all that it includes; paths are relative to `root`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or a statement is wrong: then with file, line and the place.
    pub fn read(root: &Path, manifest: &Path, options: &ReadOptions) -> Result<Self, ReadError> {
        let mut load = |path: &Path| content(&root.join(path));
        let text = load(manifest).map_err(|it| file_error(manifest, it))?;
        Self::parse(manifest, text, &mut load, options)
    }

    /// Reads a manifest from memory; `load` is asked for each included file by the path that
    /// names it.
    ///
    /// # Errors
    ///
    /// As of [`read`](Self::read).
    pub fn parse(
        name: &Path,
        text: Vec<u8>,
        load: &mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut graph = Self::empty();
        let phony = graph.names.number(b"phony");
        graph.scopes[0].rules.insert(phony, 0);
        let mut reader = Reader {
            graph,
            load,
            options,
            open: Vec::new(),
            scratch: Vec::new(),
            pending: Vec::new(),
        };
        reader.file(name.into(), text, TOP)?;
        let mut graph = reader.graph;
        graph.manifests = graph.text.paths().len();
        graph.declared = graph.paths.len();
        Ok(graph)
    }
}

/// Reads a file, but not one without end.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, TOO_MUCH);
    let size = usize::try_from(file.metadata()?.len()).ok().filter(|it| *it < MOST);
    let mut content = Vec::new();
    content.try_reserve_exact(size.ok_or_else(too_large)? + 1)?;
    file.take(MOST as u64).read_to_end(&mut content)?;
    if content.len() < MOST { Ok(content) } else { Err(too_large()) }
}

/// What reads a manifest.
pub(super) struct Reader<'r> {
    pub(super) graph: Graph,
    load: &'r mut Load<'r>,
    pub(super) options: &'r ReadOptions,
    /// The files that are being read, innermost last.
    open: Vec<PathBuf>,
    pub(super) scratch: Vec<u8>,
    /// Paths of the statement that is being read, which wait for its bindings.
    pub(super) pending: Vec<Raw>,
}

/// One file that is being read.
pub(super) struct Cursor {
    pub(super) scanner: Scanner,
    pub(super) scope: u32,
}

impl Cursor {
    pub(super) fn next(&mut self, text: &Text) -> Token {
        self.scanner.next(text.all())
    }

    pub(super) fn take_if(&mut self, text: &Text, token: Token) -> bool {
        self.scanner.take_if(text.all(), token)
    }

    pub(super) fn expect(&mut self, text: &Text, token: Token) -> Result<(), Wrong> {
        let found = self.next(text);
        if found == token {
            return Ok(());
        }
        if found == Token::Unknown && self.scanner.is_at_other_blank(text.all()) {
            return Err(self.scanner.complain(text.all()));
        }
        let (wanted, hint) = (token.describe(), token.hint());
        let message = format!("expected {wanted}, got {}{hint}", found.describe());
        Err(Wrong::new(message, self.scanner.word))
    }

    pub(super) fn path(&mut self, text: &Text) -> Result<Raw, Wrong> {
        self.scanner.path(text.all())
    }

    pub(super) fn name(
        &mut self,
        text: &Text,
        what: &str,
    ) -> Result<std::ops::Range<usize>, Wrong> {
        let name = self.scanner.name(text.all());
        name.ok_or_else(|| Wrong::new(what, self.scanner.word))
    }

    /// Reads `name = value`.
    pub(super) fn binding(&mut self, graph: &mut Graph) -> Result<(Name, Raw), Wrong> {
        let name = self.name(&graph.text, "expected variable name")?;
        let name = graph.names.number(&graph.text.all()[name]);
        self.expect(&graph.text, Token::Equals)?;
        Ok((name, self.scanner.value(graph.text.all())?))
    }
}

/// Either what is wrong with this file, or what is wrong with another one.
pub(super) enum Stop {
    Here(Wrong),
    There(ReadError),
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self::Here(wrong)
    }
}

pub(super) type Step<T = ()> = Result<T, Stop>;

impl Reader<'_> {
    fn file(&mut self, path: PathBuf, content: Vec<u8>, scope: u32) -> Result<(), ReadError> {
        let file = self.graph.text.add_file(path.clone(), content)?;
        self.open.push(path);
        let text = self.graph.text.all();
        let mut cursor = Cursor { scanner: Scanner::new(text, self.graph.text.range(file)), scope };
        while let Some(result) = self.statement(&mut cursor).transpose() {
            match result {
                Ok(()) => {}
                Err(Stop::Here(wrong)) => return Err(self.graph.text.error(&wrong)),
                Err(Stop::There(error)) => return Err(error),
            }
        }
        self.open.pop();
        Ok(())
    }

    /// Reads a statement; `None` at the end of the file.
    fn statement(&mut self, cursor: &mut Cursor) -> Step<Option<()>> {
        match cursor.next(&self.graph.text) {
            Token::Build => self.build(cursor)?,
            Token::Rule => self.rule(cursor)?,
            Token::Pool => self.pool(cursor)?,
            Token::Default => self.default(cursor)?,
            Token::Include => self.include(cursor, false)?,
            Token::Subninja => self.include(cursor, true)?,
            Token::Name => {
                cursor.scanner.at = cursor.scanner.word;
                self.variable(cursor)?;
            }
            Token::Newline => {}
            Token::End => return Ok(None),
            Token::Unknown => return Err(cursor.scanner.complain(self.graph.text.all()).into()),
            other => {
                let message = format!("unexpected {}", other.describe());
                return Err(Wrong::new(message, cursor.scanner.word).into());
            }
        }
        Ok(Some(()))
    }

    fn variable(&mut self, cursor: &mut Cursor) -> Step {
        let at = cursor.scanner.word;
        let (name, raw) = cursor.binding(&mut self.graph)?;
        let value = self.value(cursor.scope, raw)?;
        if name == names::REQUIRED_VERSION {
            self.check_version(value, at)?;
        }
        self.graph.scopes[cursor.scope as usize].variables.insert(name, value);
        Ok(())
    }

    /// Returns what a text means in a file's scope.
    pub(super) fn value(&mut self, scope: u32, raw: Raw) -> Result<Span, Wrong> {
        if raw.is_plain {
            return Ok(raw.into());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let value = self.graph.evaluate(scope, raw, &mut scratch);
        let value = value.and_then(|()| self.graph.text.count(&scratch));
        let value = value.and_then(|()| self.graph.text.add(&scratch));
        self.scratch = scratch;
        value.map_err(|it| Wrong::new(it, raw.range().start))
    }

    fn check_version(&mut self, value: Span, at: usize) -> Result<(), Wrong> {
        let text = String::from_utf8_lossy(self.graph.text.get(value)).into_owned();
        let wanted = version(&text);
        if wanted > VERSION {
            let own = format!("{}.{}", VERSION.0, VERSION.1);
            return Err(Wrong::new(
                format!(
                    "ninja version ({own}) incompatible with build file ninja_required_version \
                     version ({text})."
                ),
                at,
            ));
        }
        if wanted.0 < VERSION.0 {
            self.graph.warnings.push(format!(
                "ninja executable version ({}.{}) greater than build file ninja_required_version \
                 ({text}); versions may be incompatible.",
                VERSION.0, VERSION.1
            ));
        }
        Ok(())
    }

    fn rule(&mut self, cursor: &mut Cursor) -> Step {
        let statement = cursor.scanner.word;
        let range = cursor.name(&self.graph.text, "expected rule name")?;
        cursor.expect(&self.graph.text, Token::Newline)?;
        let name = self.graph.names.number(&self.graph.text.all()[range.clone()]);
        let scope = &self.graph.scopes[cursor.scope as usize];
        if scope.rules.contains_key(&name) {
            let text = String::from_utf8_lossy(self.graph.names.text(name));
            return Err(Wrong::new(format!("duplicate rule '{text}'"), range.start).into());
        }
        let mut rule = Rule { name: Text::span(range), bindings: Vec::new() };
        while cursor.take_if(&self.graph.text, Token::Indent) {
            let at = cursor.scanner.at;
            let (name, raw) = cursor.binding(&mut self.graph)?;
            if !names::OF_RULES.contains(&name) {
                return Err(unexpected(&self.graph, name, at).into());
            }
            rule.set(name, raw);
        }
        let has = |it| rule.get(it).is_some_and(|it| it.len > 0);
        if has(names::RSPFILE) != has(names::RSPFILE_CONTENT) {
            let message = "rspfile and rspfile_content need to be both specified";
            return Err(Wrong::new(message, statement).into());
        }
        if !has(names::COMMAND) {
            cursor.scanner.refuse_other_blank(self.graph.text.all())?;
            return Err(Wrong::new("expected 'command =' line", statement).into());
        }
        let number = number(self.graph.rules.len());
        self.graph.rules.push(rule);
        self.graph.scopes[cursor.scope as usize].rules.insert(name, number);
        Ok(())
    }

    fn pool(&mut self, cursor: &mut Cursor) -> Step {
        let statement = cursor.scanner.word;
        let range = cursor.name(&self.graph.text, "expected pool name")?;
        cursor.expect(&self.graph.text, Token::Newline)?;
        let pool = self.graph.names.number(&self.graph.text.all()[range.clone()]);
        if self.graph.has_pool(pool) {
            let text = String::from_utf8_lossy(self.graph.names.text(pool));
            let message = format!("duplicate pool '{text}'");
            return Err(Wrong::new(message, range.start).into());
        }
        let mut depth = None;
        while cursor.take_if(&self.graph.text, Token::Indent) {
            let at = cursor.scanner.at;
            let (name, raw) = cursor.binding(&mut self.graph)?;
            if name != names::DEPTH {
                return Err(unexpected(&self.graph, name, at).into());
            }
            let value = self.value(cursor.scope, raw)?;
            let value = pool_depth(self.graph.text.get(value));
            depth = Some(value.ok_or_else(|| Wrong::new("invalid pool depth", at))?);
        }
        let Some(depth) = depth else {
            cursor.scanner.refuse_other_blank(self.graph.text.all())?;
            return Err(Wrong::new("expected 'depth =' line", statement).into());
        };
        self.graph.pools.push((pool, depth));
        self.graph.declared_pools.insert(pool);
        Ok(())
    }

    fn default(&mut self, cursor: &mut Cursor) -> Step {
        let mut is_first = true;
        loop {
            let raw = cursor.path(&self.graph.text)?;
            let at = raw.range().start;
            match raw.len {
                0 if is_first => return Err(Wrong::new("expected target name", at).into()),
                0 => break,
                _ => is_first = false,
            }
            let value = self.value(cursor.scope, raw)?;
            let path = self.graph.text.get(value);
            if path.is_empty() {
                return Err(Wrong::new("empty path", at).into());
            }
            let Some(node) = self.graph.node(path) else {
                let message = format!("unknown target '{}'", String::from_utf8_lossy(path));
                return Err(Wrong::new(message, at).into());
            };
            self.graph.defaults.push(node);
        }
        Ok(cursor.expect(&self.graph.text, Token::Newline)?)
    }

    fn include(&mut self, cursor: &mut Cursor, is_scoped: bool) -> Step {
        let raw = cursor.path(&self.graph.text)?;
        let at = raw.range().end;
        let wrong = |message: String| Stop::Here(Wrong::new(message, at));
        let value = self.value(cursor.scope, raw)?;
        let path = PathBuf::from(OsStr::from_bytes(self.graph.text.get(value)));
        if path.as_os_str().is_empty() {
            return Err(wrong("expected path".into()));
        }
        if self.open.contains(&path) {
            return Err(wrong(format!("'{}' includes itself", path.display())));
        }
        if self.open.len() >= DEEPEST {
            return Err(wrong(format!("files are included more than {DEEPEST} deep")));
        }
        if self.graph.text.paths().len() >= MOST_FILES {
            return Err(wrong(format!("more than {MOST_FILES} files are included")));
        }
        let content = (self.load)(&path).map_err(|error| {
            wrong(format!("loading '{}': {}", path.display(), in_words(&error)))
        })?;
        if !self.graph.text.has_room(content.len()) {
            return Err(wrong(format!("loading '{}': {TOO_MUCH}", path.display())));
        }
        let mut scope = cursor.scope;
        if is_scoped {
            scope = number(self.graph.scopes.len());
            let parent = Some(cursor.scope);
            self.graph.scopes.push(Scope { parent, ..Scope::default() });
        }
        self.file(path, content, scope).map_err(Stop::There)?;
        Ok(cursor.expect(&self.graph.text, Token::Newline)?)
    }

    /// Returns the node of a path, evaluated with the bindings of a statement.
    pub(super) fn node(
        &mut self,
        bindings: (u32, u32),
        scope: u32,
        raw: Raw,
    ) -> Result<Node, Wrong> {
        let wrong = |message: String| Wrong::new(message, raw.range().start);
        let graph = &mut self.graph;
        let node = if raw.is_plain {
            graph.paths.of_plain(&mut graph.text, raw).map_err(wrong)?
        } else {
            self.scratch.clear();
            let path = &mut self.scratch;
            graph.evaluate_with(bindings, scope, raw, path).map_err(wrong)?;
            graph.text.count(path).map_err(wrong)?;
            if path.is_empty() {
                return Err(wrong("empty path".into()));
            }
            graph.paths.of_bytes(&mut graph.text, path).map_err(wrong)?
        };
        graph.producers.resize(graph.paths.len(), NONE);
        Ok(node)
    }
}

pub(super) fn unexpected(graph: &Graph, name: Name, at: usize) -> Wrong {
    let name = String::from_utf8_lossy(graph.names.text(name));
    Wrong::new(format!("unexpected variable '{name}'"), at)
}

/// Reads a number as far as there are digits, like ninja; without any it is 0, which is no limit.
fn pool_depth(text: &[u8]) -> Option<u32> {
    let (is_negative, digits) = match text.trim_ascii_start() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let digits = digits.iter().take_while(|it| it.is_ascii_digit());
    let number = digits
        .fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    (number == 0 || !is_negative).then_some(number)
}

/// Returns the first two numbers of a version.
pub(super) fn version(text: &str) -> (u64, u64) {
    let mut parts = text.split('.').map(leading_number);
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

fn leading_number(text: &str) -> u64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().unwrap_or(if digits == 0 { 0 } else { u64::MAX })
}
