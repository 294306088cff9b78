//! `-t clean` and `-t cleandead`: removes what was built.
//!
//! As in ninja only files are removed, never a directory, and what a generator made stays
//! unless it is asked for.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::options::{has, read, switch};
use super::{Result, ToolContext, ToolError, commands};
use crate::graph::Edge;
use crate::plan::path_of;

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
        if !cx.quiet {
            cx.out.write_all(if cx.verbose { b"Cleaning...\n" } else { b"Cleaning... " })?;
        }
        Ok(Self { cx, seen: FxHashSet::default(), count: 0, code: 0 })
    }

    fn all(&mut self, with_generators: bool) -> Result<()> {
        for edge in self.cx.graph.edges() {
            if with_generators || !self.cx.graph.has_flag(edge, "generator")? {
                self.edge(edge)?;
            }
        }
        Ok(())
    }

    fn rules(&mut self, rules: &[Vec<u8>]) -> Result<()> {
        for rule in rules {
            let mut edges = self.cx.graph.edges().filter(|it| self.cx.graph.rule(*it) == &rule[..]);
            let edges: Vec<Edge> = edges.by_ref().collect();
            let is_known = self.cx.graph.rules().any(|it| it.0 == &rule[..]) || !edges.is_empty();
            if !is_known {
                self.complain(&format!("unknown rule '{}'", String::from_utf8_lossy(rule)))?;
            }
            edges.into_iter().try_for_each(|it| self.edge(it))?;
        }
        Ok(())
    }

    fn targets(&mut self, targets: &[Vec<u8>]) -> Result<()> {
        for target in targets {
            match self.cx.graph.node(target) {
                Some(node) => {
                    let edges = commands::below(self.cx.graph, &[node]);
                    edges.into_iter().rev().try_for_each(|it| self.edge(it))?;
                }
                None => {
                    self.complain(&format!(
                        "unknown target '{}'",
                        String::from_utf8_lossy(target)
                    ))?;
                }
            }
        }
        Ok(())
    }

    fn edge(&mut self, edge: Edge) -> Result<()> {
        let graph = self.cx.graph;
        if graph.is_phony(edge) {
            return Ok(());
        }
        for output in graph.outputs(edge) {
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
        let is_file = fs::symlink_metadata(&full).is_ok_and(|it| !it.is_dir());
        let removed = match (is_file, self.cx.dry_run) {
            (true, false) => fs::remove_file(&full),
            (true, true) => Ok(()),
            (false, _) => Err(io::ErrorKind::NotFound.into()),
        };
        match removed {
            Ok(()) => self.report(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = crate::syntax::in_words(&error);
                self.complain(&format!("remove({}): {why}", path.display()))?;
            }
        }
        self.seen.insert(path);
        Ok(())
    }

    fn report(&mut self, path: &std::path::Path) -> Result<()> {
        self.count += 1;
        if self.cx.verbose && !self.cx.quiet {
            self.cx.out.write_all(b"Remove ")?;
            self.cx.out.write_all(path.as_os_str().as_bytes())?;
            self.cx.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn complain(&mut self, what: &str) -> Result<()> {
        self.code = 1;
        self.cx.out.flush()?;
        Ok(writeln!(self.cx.err, "ninja: error: {what}")?)
    }

    fn end(self) -> Result<u8> {
        if !self.cx.quiet {
            writeln!(self.cx.out, "{} files.", self.count)?;
        }
        Ok(self.code)
    }
}
