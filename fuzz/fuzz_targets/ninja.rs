//! Arbitrary bytes as a `build.ninja`, as the files that it includes and as its dyndep files.
//!
//! A line `# file: NAME` ends one file and begins the next: the first is the manifest, the others
//! are served to whoever asks for their names. Everything is asked of a graph that was read, and
//! what holds for every graph is asserted; walk-ninja's tests know what is right.

#![no_main]

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use walk_ninja::{Edge, Graph, Node, ReadError, ReadOptions, Severity, canonical};

/// The line that begins a file.
const SEPARATOR: &[u8] = b"# file: ";

/// How many files are served at most: a few that include each other twice are soon a million.
const MOST_LOADS: usize = 100;

/// Of how many edges the bindings are asked for: each may be long.
const MOST_BINDINGS: usize = 20;

type Files<'t> = HashMap<&'t [u8], &'t [u8]>;

fuzz_target!(|text: &[u8]| {
    let (manifest, files) = split(text);
    let mut options = ReadOptions::default();
    if files.contains_key(b"lenient".as_slice()) {
        options.duplicate_outputs = Severity::Warning;
        options.phony_cycles = Severity::Error;
    }
    if let Ok(mut graph) = parse(manifest, &files, &options) {
        check(&graph);
        if load_dyndeps(&mut graph, &files).is_ok() {
            check(&graph);
        }
    }
});

/// Returns the manifest and the other files by name.
fn split(text: &[u8]) -> (&[u8], Files<'_>) {
    let mut starts: Vec<usize> = text
        .windows(SEPARATOR.len())
        .enumerate()
        .filter(|&(at, window)| window == SEPARATOR && (at == 0 || text[at - 1] == b'\n'))
        .map(|(at, _)| at)
        .collect();
    starts.push(text.len());
    let files = starts.windows(2).map(|pair| {
        let file = &text[pair[0] + SEPARATOR.len()..pair[1]];
        let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
        (&file[..end], file.get(end + 1..).unwrap_or_default())
    });
    (&text[..starts[0]], files.collect())
}

fn parse(text: &[u8], files: &Files<'_>, options: &ReadOptions) -> Result<Graph, ReadError> {
    let mut left = MOST_LOADS;
    let mut load = |path: &Path| {
        left = left.checked_sub(1).ok_or_else(|| io::Error::other("too many files"))?;
        let found = files.get(path.as_os_str().as_bytes());
        found.map(|it| it.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let graph = Graph::parse("build.ninja".as_ref(), text.to_vec(), &mut load, options);
    if let Err(error) = &graph {
        assert!(!error.to_string().is_empty(), "an error without words: {error:?}");
    }
    graph
}

fn load_dyndeps(graph: &mut Graph, files: &Files<'_>) -> Result<(), ReadError> {
    for edge in graph.edges() {
        if let Some(node) = graph.dyndep(edge) {
            let text = files.get(graph.path(node)).copied().unwrap_or_default();
            graph.load_dyndep(node, text)?;
            assert_eq!(graph.dyndep(edge), None, "it was loaded");
        }
    }
    Ok(())
}

fn check(graph: &Graph) {
    graph.nodes().for_each(|node| check_node(graph, node));
    graph.edges().for_each(|edge| check_edge(graph, edge));
    // An error is an answer: a cycle in the variables of a rule, or a text that is too long.
    let _ = graph.edges().take(MOST_BINDINGS).try_for_each(|edge| check_bindings(graph, edge));
    let consumers = graph.consumers();
    for edge in graph.edges() {
        for &input in graph.inputs(edge) {
            assert!(consumers.of(input).contains(&edge), "an input is consumed");
        }
    }
    for node in graph.roots() {
        assert!(consumers.of(node).is_empty() && graph.producer(node).is_some());
    }
    assert!(graph.defaults().iter().all(|node| node.index() < graph.nodes().len()));
    assert!(graph.files().count() <= MOST_LOADS + 1 + graph.edges().len());
    assert!(graph.rules().map(|it| it.0).is_sorted());
    let _ = (graph.variable("builddir"), graph.pools().count(), graph.warnings().len());
}

fn check_node(graph: &Graph, node: Node) {
    let path = graph.path(node);
    assert_eq!(canonical(path), path, "a path is canonical");
    assert_eq!(graph.node(path), Some(node), "a node is found by its path");
    if let Some(edge) = graph.producer(node) {
        assert!(graph.outputs(edge).contains(&node), "an output is produced");
    }
    let _ = graph.target(path);
    let _ = graph.target(&[path, b"^"].concat());
}

fn check_edge(graph: &Graph, edge: Edge) {
    assert!(graph.outputs(edge).starts_with(graph.explicit_outputs(edge)));
    let parts =
        [graph.explicit_inputs(edge), graph.implicit_inputs(edge), graph.order_only_inputs(edge)];
    assert_eq!(graph.inputs(edge), parts.concat(), "inputs are in order");
    assert!(graph.validations(edge).iter().all(|node| node.index() < graph.nodes().len()));
    assert_eq!(graph.is_phony(edge), graph.rule(edge) == b"phony");
    assert!(graph.place(edge).line > 0, "a statement has a place");
}

fn check_bindings(graph: &Graph, edge: Edge) -> Result<(), ReadError> {
    let command = graph.binding(edge, "command")?;
    let mut pushed = Vec::new();
    graph.push_command(edge, &mut pushed)?;
    assert!(pushed == *command, "two ways to one command");
    for name in ["description", "depfile", "deps", "rspfile_content", "in_newline", "none"] {
        graph.binding(edge, name)?;
    }
    for name in ["depfile", "dyndep", "rspfile"] {
        graph.unescaped_binding(edge, name)?;
    }
    let flag = graph.has_flag(edge, "generator")?;
    assert_eq!(flag, !graph.binding(edge, "generator")?.is_empty(), "a flag is a text");
    graph.has_flag(edge, "restat")?;
    graph.pool(edge)?;
    Ok(())
}
