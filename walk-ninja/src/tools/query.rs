//! `-t query`: what makes a file, of what, and what for.

use std::ffi::OsString;

use super::{Result, ToolContext, ToolError, options};
use crate::graph::{Consumers, Graph, Node};

/// Prints the neighbours of each target.
pub(super) fn query(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let texts: Vec<Vec<u8>> = options::plain(arguments);
    if texts.is_empty() {
        return Err(ToolError::Wrong("expected a target to query".into()));
    }
    let consumers = cx.graph.consumers();
    for text in texts {
        let node = cx.graph.target(&text)?;
        let text = describe(cx.graph, &consumers, node);
        cx.out.write_all(&text)?;
    }
    Ok(0)
}

fn describe(graph: &Graph, consumers: &Consumers, node: Node) -> Vec<u8> {
    let mut text = Vec::new();
    push(&mut text, "", graph.path(node), ":\n");
    if let Some(edge) = graph.producer(node) {
        push(&mut text, "  input: ", graph.rule(edge), "\n");
        let kinds = [
            ("    ", graph.explicit_inputs(edge)),
            ("    | ", graph.implicit_inputs(edge)),
            ("    || ", graph.order_only_inputs(edge)),
        ];
        for (label, nodes) in kinds {
            for node in nodes {
                push(&mut text, label, graph.path(*node), "\n");
            }
        }
        push_nodes(&mut text, "  validations:\n", graph, graph.validations(edge));
    }
    text.extend(b"  outputs:\n");
    for edge in unique(consumers.of(node)) {
        push_nodes(&mut text, "", graph, graph.outputs(edge));
    }
    let validated = graph.edges().filter(|it| graph.validations(*it).contains(&node));
    let validated: Vec<Node> = validated.flat_map(|it| graph.outputs(it).iter().copied()).collect();
    push_nodes(&mut text, "  validation for:\n", graph, &validated);
    text
}

/// An edge may need one file in several ways.
fn unique(edges: &[crate::Edge]) -> Vec<crate::Edge> {
    let mut edges = edges.to_vec();
    edges.dedup();
    edges
}

fn push_nodes(text: &mut Vec<u8>, title: &str, graph: &Graph, nodes: &[Node]) {
    if !nodes.is_empty() {
        text.extend(title.as_bytes());
        for node in nodes {
            push(text, "    ", graph.path(*node), "\n");
        }
    }
}

pub(super) fn push(text: &mut Vec<u8>, before: &str, path: &[u8], after: &str) {
    text.extend(before.as_bytes());
    text.extend(path);
    text.extend(after.as_bytes());
}
