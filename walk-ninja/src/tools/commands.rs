//! `-t commands`: what would be run to make targets from nothing.

use std::ffi::OsString;

use super::options::{has, read, switch};
use super::{Result, ToolContext};
use crate::graph::{Edge, Graph, Node};

const USAGE: &str = "\
usage: ninja -t commands [-s] [TARGET...]

  -s  only the commands that make the targets themselves
";

/// Prints the commands of all that targets need, each after those that it waits for.
pub(super) fn commands(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let (given, texts) = read("commands", USAGE, &[switch('s', "")], arguments)?;
    let nodes = cx.graph.targets(&texts)?;
    let edges = if has(&given, 's') { direct(cx.graph, &nodes) } else { below(cx.graph, &nodes) };
    let mut command = Vec::new();
    for edge in edges.into_iter().filter(|it| !cx.graph.is_phony(*it)) {
        command.clear();
        cx.graph.push_command(edge, &mut command)?;
        command.push(b'\n');
        cx.out.write_all(&command)?;
    }
    Ok(0)
}

fn direct(graph: &Graph, nodes: &[Node]) -> Vec<Edge> {
    let mut seen = rustc_hash::FxHashSet::default();
    let edges = nodes.iter().filter_map(|it| graph.producer(*it));
    edges.filter(|it| seen.insert(*it)).collect()
}

/// Returns the edges that nodes need, each after those that it waits for. A cycle is no
/// mistake here.
pub(super) fn below(graph: &Graph, nodes: &[Node]) -> Vec<Edge> {
    let mut seen = vec![false; graph.edges().len()];
    let mut found = Vec::new();
    let mut steps: Vec<(Edge, usize)> = Vec::new();
    for &node in nodes {
        let mut enter = graph.producer(node);
        loop {
            if let Some(edge) = enter.take()
                && !std::mem::replace(&mut seen[edge.index()], true)
            {
                steps.push((edge, 0));
            }
            let Some((edge, next)) = steps.last_mut() else { break };
            if let Some(&input) = graph.inputs(*edge).get(*next) {
                *next += 1;
                enter = graph.producer(input);
            } else {
                found.push(*edge);
                steps.pop();
            }
        }
    }
    found
}
