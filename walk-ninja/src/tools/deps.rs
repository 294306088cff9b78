//! `-t deps`: what commands said that they read.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::options::plain;
use super::{Result, ToolContext, ToolError};
use crate::graph::Node;
use crate::plan::path_of;

/// Prints what is remembered of targets, or of all there is.
pub(super) fn deps(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let texts = plain(arguments);
    let nodes: Vec<Node> = if texts.is_empty() {
        let graph = cx.graph;
        graph.edges().flat_map(|it| graph.outputs(it).iter().copied()).collect()
    } else {
        cx.graph.targets(&texts)?
    };
    for node in nodes {
        match discovered(cx, node)? {
            Some(found) => print(cx, node, &found)?,
            None if texts.is_empty() => {}
            None => {
                cx.out.write_all(cx.graph.path(node))?;
                cx.out.write_all(b": deps not found\n")?;
            }
        }
    }
    Ok(0)
}

/// Returns what the command that makes a file said that it read.
pub(super) fn discovered(cx: &mut ToolContext<'_>, node: Node) -> Result<Option<Vec<PathBuf>>> {
    let Some(edge) = cx.graph.producer(node) else { return Ok(None) };
    if cx.graph.binding(edge, "depfile")?.is_empty() && cx.graph.binding(edge, "deps")?.is_empty() {
        return Ok(None);
    }
    let first = cx.graph.path(cx.graph.outputs(edge)[0]);
    cx.memory.discovered(first).map_err(ToolError::Wrong)
}

fn print(cx: &mut ToolContext<'_>, node: Node, found: &[PathBuf]) -> Result<()> {
    let path = cx.graph.path(node);
    let metadata = fs::metadata(cx.root.join(path_of(path)));
    let time = metadata
        .as_ref()
        .map_or(0, |it| it.mtime().saturating_mul(1_000_000_000).saturating_add(it.mtime_nsec()));
    let word = if metadata.is_ok() { "VALID" } else { "STALE" };
    cx.out.write_all(path)?;
    // What is declared is remembered as that, and not once more as discovered.
    let graph = cx.graph;
    let declared = |edge| [graph.explicit_inputs(edge), graph.implicit_inputs(edge)].concat();
    let declared = graph.producer(node).map(declared).unwrap_or_default();
    let is_alias = |it: &&Node| graph.producer(**it).is_some_and(|it| graph.is_phony(it));
    let declared = declared.iter().filter(|it| !is_alias(it)).map(|it| graph.path(*it));
    let all: Vec<&[u8]> =
        declared.chain(found.iter().map(|it| it.as_os_str().as_bytes())).collect();
    writeln!(cx.out, ": #deps {}, deps mtime {time} ({word})", all.len())?;
    for path in all {
        cx.out.write_all(b"    ")?;
        cx.out.write_all(path)?;
        cx.out.write_all(b"\n")?;
    }
    Ok(cx.out.write_all(b"\n")?)
}
