//! `-t query`: what makes a file, of what, and what for.

use std::ffi::OsString;

use super::{Result, ToolContext, ToolError, options};
use crate::graph::{Consumers, Edge, Graph, Node};

/// Prints the neighbours of each target.
pub(super) fn query(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let texts: Vec<Vec<u8>> = options::plain(arguments);
    if texts.is_empty() {
        return Err(ToolError::Wrong("expected a target to query".into()));
    }
    let consumers = cx.graph.consumers();
    let validated = validated(cx.graph);
    for text in texts {
        let node = cx.graph.target(&text)?;
        let text = describe(cx.graph, &consumers, &validated, node);
        cx.out.write_all(&text)?;
    }
    Ok(0)
}

/// Returns which edges each node validates, by node.
fn validated(graph: &Graph) -> Vec<(Node, Edge)> {
    let pairs =
        graph.edges().flat_map(|edge| graph.validations(edge).iter().map(move |it| (*it, edge)));
    let mut pairs: Vec<(Node, Edge)> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

/// An edge that needs a file twice is named twice, as in ninja.
fn describe(
    graph: &Graph,
    consumers: &Consumers,
    validated: &[(Node, Edge)],
    node: Node,
) -> Vec<u8> {
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
    for edge in consumers.of(node) {
        push_nodes(&mut text, "", graph, graph.outputs(*edge));
    }
    let validated = &validated[validated.partition_point(|it| it.0 < node)..];
    let edges = validated.iter().take_while(|it| it.0 == node);
    let outputs: Vec<Node> = edges.flat_map(|it| graph.outputs(it.1).iter().copied()).collect();
    push_nodes(&mut text, "  validation for:\n", graph, &outputs);
    text
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
