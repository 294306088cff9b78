//! `-t graph`: a picture of what targets need, for graphviz.

use std::ffi::OsString;

use super::options::plain;
use super::{Result, ToolContext};
use crate::graph::{Edge, Graph, Node};

/// Prints the graph below the targets.
pub(super) fn graph(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let nodes = cx.graph.targets(&plain(arguments))?;
    let text = Picture::of(cx.graph, &nodes);
    cx.out.write_all(text.as_bytes())?;
    Ok(0)
}

struct Picture<'g> {
    graph: &'g Graph,
    text: String,
}

impl<'g> Picture<'g> {
    fn of(graph: &'g Graph, targets: &[Node]) -> String {
        let mut picture = Self { graph, text: "digraph ninja {\nrankdir=\"LR\"\n".into() };
        picture.text += "node [fontsize=10, shape=box, height=0.25]\nedge [fontsize=10]\n";
        let mut seen_nodes = vec![false; graph.nodes().len()];
        let mut seen_edges = vec![false; graph.edges().len()];
        let mut todo: Vec<Node> = targets.iter().rev().copied().collect();
        while let Some(node) = todo.pop() {
            if std::mem::replace(&mut seen_nodes[node.index()], true) {
                continue;
            }
            picture.node(node);
            let Some(edge) = graph.producer(node) else { continue };
            if !std::mem::replace(&mut seen_edges[edge.index()], true) {
                picture.edge(edge);
                todo.extend(graph.inputs(edge).iter().rev());
            }
        }
        picture.text + "}\n"
    }

    fn node(&mut self, node: Node) {
        let path = String::from_utf8_lossy(self.graph.path(node)).replace('\\', "/");
        let path = path.replace('"', "\\\"");
        self.line(&format!("{} [label=\"{path}\"]", name(node)));
    }

    fn edge(&mut self, edge: Edge) {
        let (graph, rule) = (self.graph, String::from_utf8_lossy(self.graph.rule(edge)));
        if let ([input], [output]) = (graph.inputs(edge), graph.outputs(edge)) {
            self.line(&format!("{} -> {} [label=\" {rule}\"]", name(*input), name(*output)));
            return;
        }
        let own = format!("\"e{}\"", edge.index());
        self.line(&format!("{own} [label=\"{rule}\", shape=ellipse]"));
        for output in graph.outputs(edge) {
            self.line(&format!("{own} -> {}", name(*output)));
        }
        let order_only = graph.inputs(edge).len() - graph.order_only_inputs(edge).len();
        for (index, input) in graph.inputs(edge).iter().enumerate() {
            let style = if index >= order_only { " style=dotted" } else { "" };
            self.line(&format!("{} -> {own} [arrowhead=none{style}]", name(*input)));
        }
    }

    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }
}

fn name(node: Node) -> String {
    format!("\"n{}\"", node.index())
}
