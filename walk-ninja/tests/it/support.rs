//! Graphs from text, and text from graphs.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use walk_ninja::{Graph, Node, ReadError, ReadOptions};

/// Reads a manifest that includes nothing.
pub(crate) fn parse(text: &str) -> Result<Graph, ReadError> {
    parse_files(&[("build.ninja", text)])
}

/// Reads a manifest that includes nothing.
pub(crate) fn parse_with(
    text: impl Into<Vec<u8>>,
    options: &ReadOptions,
) -> Result<Graph, ReadError> {
    let mut nothing = |_: &Path| Err(io::Error::from_raw_os_error(2));
    Graph::parse(Path::new("build.ninja"), text.into(), &mut nothing, options)
}

/// Reads the first of these files; the others may be included.
pub(crate) fn parse_files(files: &[(&str, &str)]) -> Result<Graph, ReadError> {
    let (name, text) = files[0];
    let mut load = |path: &Path| {
        let found = files.iter().find(|it| Path::new(it.0).as_os_str() == path.as_os_str());
        found.map(|it| it.1.into()).ok_or_else(|| io::Error::from_raw_os_error(2))
    };
    Graph::parse(Path::new(name), text.into(), &mut load, &ReadOptions::default())
}

/// Returns the edges of a graph, one per line: what they make `<-` what they need.
pub(crate) fn show(graph: &Graph) -> String {
    let mut text = String::new();
    for edge in graph.edges() {
        let explicit = graph.explicit_outputs(edge);
        let parts: [(&str, &[Node]); 6] = [
            ("", explicit),
            (" |", &graph.outputs(edge)[explicit.len()..]),
            (" <-", graph.explicit_inputs(edge)),
            (" |", graph.implicit_inputs(edge)),
            (" ||", graph.order_only_inputs(edge)),
            (" |@", graph.validations(edge)),
        ];
        let _ = write!(text, "{}:", String::from_utf8_lossy(graph.rule(edge)));
        for (word, nodes) in parts {
            if !nodes.is_empty() || word == " <-" {
                text.push_str(word);
            }
            for node in nodes {
                let _ = write!(text, " {}", String::from_utf8_lossy(graph.path(*node)));
            }
        }
        text.push('\n');
    }
    text
}

/// Returns the command of every edge that has one.
pub(crate) fn commands(graph: &Graph) -> Vec<String> {
    let edges = graph.edges().filter(|it| !graph.is_phony(*it));
    let command = |edge| {
        let mut command = Vec::new();
        graph.push_command(edge, &mut command).expect("there is no cycle");
        String::from_utf8(command).expect("these tests are in UTF-8")
    };
    edges.map(command).collect()
}
