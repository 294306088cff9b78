//! ninja's tools: questions about a graph, and files to remove (`-t`).
//!
//! Each is a function over a [`Graph`] that writes what ninja 1.13 would write, for it is
//! programs that read it. What ninja keeps in its logs is asked of a [`Memory`]. Nothing here
//! runs a command.

mod clean;
mod commands;
mod compdb;
mod deps;
mod graphviz;
mod inputs;
mod listing;
mod missing;
mod options;
mod query;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::graph::{Graph, Node};
use crate::{BuildError, ReadError};

/// What walk remembers of earlier builds, where ninja would look into its logs.
///
/// Its errors are in words.
pub trait Memory {
    /// Returns the files that the depfile of the edge with this first output named last.
    ///
    /// # Errors
    ///
    /// If what is remembered cannot be read.
    fn discovered(&mut self, output: &[u8]) -> Result<Option<Vec<PathBuf>>, String>;

    /// Returns the files that earlier builds made, that the graph does not name any more, and
    /// that nobody changed since.
    ///
    /// # Errors
    ///
    /// If what is remembered cannot be read.
    fn gone(&mut self, graph: &Graph) -> Result<Vec<PathBuf>, String>;

    /// Makes what is remembered as small as it can be.
    ///
    /// # Errors
    ///
    /// If it cannot be read or written.
    fn recompact(&mut self) -> Result<(), String>;
}

/// What a tool works with.
pub struct ToolContext<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The directory that paths are relative to.
    pub root: &'a Path,
    /// What is remembered of earlier builds.
    pub memory: &'a mut dyn Memory,
    /// Where the answer goes.
    pub out: &'a mut dyn Write,
    /// Where complaints go that do not end the tool.
    pub err: &'a mut dyn Write,
    /// Whether nothing is to be removed.
    pub dry_run: bool,
    /// Whether to name each file that is removed.
    pub verbose: bool,
}

/// Why a tool has no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ToolError {
    /// What was asked makes no sense; ninja's words.
    #[error("{0}")]
    Wrong(String),
    /// As [`Wrong`](Self::Wrong), where ninja calls it fatal.
    #[error("{0}")]
    Fatal(String),
    /// The arguments are no options of the tool: this is how it is called.
    #[error("{0}")]
    Usage(String),
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl From<ReadError> for ToolError {
    fn from(error: ReadError) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<BuildError> for ToolError {
    fn from(error: BuildError) -> Self {
        Self::Wrong(error.to_string())
    }
}

type Result<T, E = ToolError> = std::result::Result<T, E>;

/// A tool.
struct Tool {
    name: &'static str,
    what: &'static str,
    run: fn(&[OsString], &mut ToolContext<'_>) -> Result<u8>,
}

const TOOLS: &[Tool] = &[
    Tool { name: "clean", what: "remove what was built", run: clean::clean },
    Tool {
        name: "commands",
        what: "list the commands that make targets from nothing",
        run: commands::commands,
    },
    Tool { name: "inputs", what: "list all that targets are made of", run: inputs::inputs },
    Tool {
        name: "multi-inputs",
        what: "list what each target is made of",
        run: inputs::multi_inputs,
    },
    Tool { name: "deps", what: "show what commands said that they read", run: deps::deps },
    Tool {
        name: "missingdeps",
        what: "find generated files that are read and not waited for",
        run: missing::missing,
    },
    Tool { name: "graph", what: "draw the graph, for graphviz", run: graphviz::graph },
    Tool {
        name: "query",
        what: "show what a file is made of, and what is made of it",
        run: query::query,
    },
    Tool { name: "targets", what: "list targets by depth or rule", run: listing::targets },
    Tool {
        name: "compdb",
        what: "print a compilation database of rules, as JSON",
        run: compdb::of_rules,
    },
    Tool {
        name: "compdb-targets",
        what: "print a compilation database of targets, as JSON",
        run: compdb::of_targets,
    },
    Tool {
        name: "recompact",
        what: "make what is remembered smaller",
        run: |_, cx| cx.memory.recompact().map(|()| 0).map_err(ToolError::Wrong),
    },
    Tool { name: "restat", what: "nothing: contents decide, not times", run: restat },
    Tool { name: "rules", what: "list the rules", run: listing::rules },
    Tool {
        name: "cleandead",
        what: "remove what was built and is no longer declared",
        run: clean::dead,
    },
];

/// Runs the tool called `name`, and returns its exit code.
///
/// # Errors
///
/// If there is no such tool, if it does not take the arguments, or if it cannot write.
pub fn run(name: &str, arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let Some(tool) = TOOLS.iter().find(|it| it.name == name) else { return Err(unknown(name)) };
    let code = (tool.run)(arguments, cx)?;
    cx.out.flush()?;
    Ok(code)
}

/// Returns the list of tools, as `-t list` prints it.
#[must_use]
pub fn list() -> String {
    let lines = TOOLS.iter().map(|it| format!("{:>11}  {}\n", it.name, it.what));
    std::iter::once("ninja subtools:\n".to_owned()).chain(lines).collect()
}

/// Returns whether there is a tool called `name`.
///
/// # Errors
///
/// If there is none: what to say then.
pub fn check(name: &str) -> Result<()> {
    if TOOLS.iter().any(|it| it.name == name) { Ok(()) } else { Err(unknown(name)) }
}

fn unknown(name: &str) -> ToolError {
    let distance = |it: &&Tool| strsim::levenshtein(name, it.name);
    let nearest = TOOLS.iter().filter(|it| distance(it) <= 3).min_by_key(distance);
    let hint = nearest.map_or_else(String::new, |it| format!(", did you mean '{}'?", it.name));
    ToolError::Fatal(format!("unknown tool '{name}'{hint}"))
}

/// Contents decide, not times: there is no time on record that could be wrong.
fn restat(arguments: &[OsString], _: &mut ToolContext<'_>) -> Result<u8> {
    options::read("restat", "usage: ninja -t restat [outputs]\n", &[], arguments).map(|_| 0)
}

/// Returns a path for people.
fn shown(graph: &Graph, node: Node) -> String {
    String::from_utf8_lossy(graph.path(node)).into_owned()
}
