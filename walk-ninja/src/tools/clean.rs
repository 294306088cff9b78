//! `-t clean` and `-t cleandead`: removes what was built.
//!
//! As in ninja only files are removed, never a directory, and what a generator made stays
//! unless it is asked for.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::options::{has, read, switch};
use super::query::push;
use super::{Result, ToolContext, ToolError};
use crate::graph::{Edge, Node};
use crate::plan::path_of;
use crate::syntax::canonical;

const USAGE: &str = "\
usage: ninja -t clean [-g] [TARGET...]
       ninja -t clean [-g] -r RULE...

  -g  remove also what a generator made
  -r  remove what these rules made
";

/// Removes what all edges made, or those that targets need, or those of rules.
pub(super) fn clean(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let (given, words) = read("clean", USAGE, &[switch('g', ""), switch('r', "")], arguments)?;
    if has(&given, 'r') && words.is_empty() {
        return Err(ToolError::Wrong("expected a rule to clean".into()));
    }
    let mut cleaner = Cleaner::begin(cx)?;
    if has(&given, 'r') {
        cleaner.rules(&words)?;
    } else if words.is_empty() {
        cleaner.all(has(&given, 'g'))?;
    } else {
        cleaner.targets(&words)?;
    }
    cleaner.end()
}

/// Removes what earlier builds made and the manifest no longer names.
pub(super) fn dead(_: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let gone = cx.memory.gone(cx.graph).map_err(ToolError::Wrong)?;
    let mut cleaner = Cleaner::begin(cx)?;
    gone.into_iter().try_for_each(|it| cleaner.remove(it))?;
    cleaner.end()
}

struct Cleaner<'a, 'b> {
    cx: &'a mut ToolContext<'b>,
    seen: FxHashSet<PathBuf>,
    count: usize,
    code: u8,
}

impl<'a, 'b> Cleaner<'a, 'b> {
    fn begin(cx: &'a mut ToolContext<'b>) -> Result<Self> {
        cx.out.write_all(if cx.verbose { b"Cleaning...\n" } else { b"Cleaning... " })?;
        Ok(Self { cx, seen: FxHashSet::default(), count: 0, code: 0 })
    }

    fn all(&mut self, with_generators: bool) -> Result<()> {
        for edge in self.cx.graph.edges() {
            if with_generators || !self.cx.graph.has_flag(edge, "generator")? {
                self.outputs(edge, self.cx.graph.outputs(edge))?;
            }
        }
        Ok(())
    }

    /// Only rules of the manifest itself have a name for a user. A `phony` makes nothing, even
    /// if there is a file of its name.
    fn rules(&mut self, rules: &[Vec<u8>]) -> Result<()> {
        let graph = self.cx.graph;
        for rule in rules {
            if !graph.rules().any(|it| it.0 == &rule[..]) {
                self.complain(&format!("unknown rule '{}'", String::from_utf8_lossy(rule)))?;
                continue;
            }
            self.tell("Rule ", rule)?;
            for edge in graph.edges().filter(|it| graph.rule(*it) == &rule[..]) {
                graph.outputs(edge).iter().try_for_each(|it| self.outputs(edge, &[*it]))?;
            }
        }
        Ok(())
    }

    fn targets(&mut self, targets: &[Vec<u8>]) -> Result<()> {
        let mut seen = vec![false; self.cx.graph.nodes().len()];
        for target in targets {
            match self.cx.graph.node(target) {
                Some(node) => {
                    self.tell("Target ", self.cx.graph.path(node))?;
                    self.below(node, &mut seen)?;
                }
                None => self.complain(&unknown_target(target))?,
            }
        }
        Ok(())
    }

    /// Removes a file and what it is made of; not what else the same edges make, as in ninja.
    fn below(&mut self, target: Node, seen: &mut [bool]) -> Result<()> {
        let graph = self.cx.graph;
        let mut todo = vec![target];
        while let Some(node) = todo.pop() {
            if mem::replace(&mut seen[node.index()], true) {
                continue;
            }
            if let Some(edge) = graph.producer(node) {
                self.outputs(edge, &[node])?;
                todo.extend(graph.inputs(edge).iter().rev());
            }
        }
        Ok(())
    }

    /// Removes some of what an edge makes, and what it leaves beside that.
    fn outputs(&mut self, edge: Edge, outputs: &[Node]) -> Result<()> {
        let graph = self.cx.graph;
        if graph.is_phony(edge) {
            return Ok(());
        }
        for output in outputs {
            self.remove(path_of(graph.path(*output)).into())?;
        }
        for name in ["depfile", "rspfile"] {
            let path = graph.unescaped_binding(edge, name)?;
            if !path.is_empty() {
                self.remove(path_of(&path).into())?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: PathBuf) -> Result<()> {
        if self.seen.contains(&path) {
            return Ok(());
        }
        let full = self.cx.root.join(&path);
        let removed = match fs::symlink_metadata(&full) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::NotFound.into()),
            Ok(_) if !self.cx.dry_run => fs::remove_file(&full),
            found => found.map(drop),
        };
        match removed {
            Ok(()) => {
                self.count += 1;
                self.tell("Remove ", path.as_os_str().as_bytes())?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = crate::syntax::in_words(&error);
                self.complain(&format!("remove({}): {why}", path.display()))?;
            }
        }
        self.seen.insert(path);
        Ok(())
    }

    /// Says in a verbose run what is done.
    fn tell(&mut self, what: &str, whom: &[u8]) -> Result<()> {
        if self.cx.verbose {
            let mut line = Vec::new();
            push(&mut line, what, whom, "\n");
            self.cx.out.write_all(&line)?;
        }
        Ok(())
    }

    fn complain(&mut self, what: &str) -> Result<()> {
        self.code = 1;
        self.cx.out.flush()?;
        Ok(writeln!(self.cx.err, "ninja: error: {what}")?)
    }

    fn end(self) -> Result<u8> {
        writeln!(self.cx.out, "{} files.", self.count)?;
        Ok(self.code)
    }
}

fn unknown_target(target: &[u8]) -> String {
    match target {
        [] => "failed to canonicalize '': empty path".into(),
        _ => format!("unknown target '{}'", String::from_utf8_lossy(&canonical(target))),
    }
}
