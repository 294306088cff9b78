//! `-t graph`: a picture of what targets need, for graphviz.

use std::ffi::OsString;
use std::mem;

use super::options::plain;
use super::query::push;
use super::{Result, ToolContext};
use crate::graph::{Edge, Graph, Node};

/// Prints the graph below the targets.
pub(super) fn graph(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let graph = cx.graph;
    let mut todo: Vec<Node> = graph.targets(&plain(arguments))?;
    todo.reverse();
    let mut is_drawn = vec![false; graph.nodes().len()];
    let mut is_edge_drawn = vec![false; graph.edges().len()];
    let mut text = Vec::from(HEAD);
    while let Some(node) = todo.pop() {
        if mem::replace(&mut is_drawn[node.index()], true) {
            continue;
        }
        push_node(&mut text, graph, node);
        let Some(edge) = graph.producer(node) else { continue };
        if !mem::replace(&mut is_edge_drawn[edge.index()], true) {
            push_edge(&mut text, graph, edge);
            todo.extend(graph.inputs(edge).iter().rev());
        }
    }
    text.extend(b"}\n");
    cx.out.write_all(&text)?;
    Ok(0)
}

const HEAD: &str = "\
digraph ninja {
rankdir=\"LR\"
node [fontsize=10, shape=box, height=0.25]
edge [fontsize=10]
";

/// A backslash would begin an escape, and a quote end the label; ninja minds only the former.
fn push_node(text: &mut Vec<u8>, graph: &Graph, node: Node) {
    text.extend(format!("{} [label=\"", name(node)).bytes());
    for byte in graph.path(node) {
        match byte {
            b'\\' => text.push(b'/'),
            b'"' => text.extend(b"\\\""),
            byte => text.push(*byte),
        }
    }
    text.extend(b"\"]\n");
}

fn push_edge(text: &mut Vec<u8>, graph: &Graph, edge: Edge) {
    if let ([input], [output]) = (graph.inputs(edge), graph.outputs(edge)) {
        let arrow = format!("{} -> {} [label=\" ", name(*input), name(*output));
        push(text, &arrow, graph.rule(edge), "\"]\n");
        return;
    }
    let own = format!("\"e{}\"", edge.index());
    push(text, &format!("{own} [label=\""), graph.rule(edge), "\", shape=ellipse]\n");
    for output in graph.outputs(edge) {
        text.extend(format!("{own} -> {}\n", name(*output)).bytes());
    }
    let order_only = graph.inputs(edge).len() - graph.order_only_inputs(edge).len();
    for (index, input) in graph.inputs(edge).iter().enumerate() {
        let style = if index >= order_only { " style=dotted" } else { "" };
        text.extend(format!("{} -> {own} [arrowhead=none{style}]\n", name(*input)).bytes());
    }
}

fn name(node: Node) -> String {
    format!("\"n{}\"", node.index())
}
