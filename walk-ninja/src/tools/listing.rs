//! `-t targets` and `-t rules`: what there is.

use std::ffi::OsString;

use super::options::{has, plain, read, switch};
use super::query::push;
use super::{Result, ToolContext, ToolError};
use crate::graph::{Graph, Node};

/// Prints targets: below the roots to a depth, of a rule, or all.
pub(super) fn targets(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let words = plain(arguments);
    let graph = cx.graph;
    let text = match words.first().map(Vec::as_slice) {
        None => to_depth(graph, &graph.roots_or_error()?, 1),
        Some(b"depth") => to_depth(graph, &graph.roots_or_error()?, depth(words.get(1))),
        Some(b"rule") => match words.get(1) {
            Some(rule) => of_rule(graph, rule),
            None => sources(graph),
        },
        Some(b"all") => all(graph),
        Some(mode) => return Err(unknown_mode(&String::from_utf8_lossy(mode))),
    };
    cx.out.write_all(&text)?;
    Ok(0)
}

/// As in C: what is no number is zero, and zero is no limit.
fn depth(word: Option<&Vec<u8>>) -> usize {
    match word {
        None => 1,
        Some(word) => {
            let number = std::str::from_utf8(word).ok().and_then(|it| it.parse().ok());
            match number.unwrap_or(0) {
                0 => usize::MAX,
                depth => depth,
            }
        }
    }
}

fn unknown_mode(mode: &str) -> ToolError {
    let modes = ["rule", "depth", "all"];
    let distance = |it: &&str| strsim::levenshtein(mode, it);
    let nearest = modes.iter().copied().filter(|it| distance(it) <= 3).min_by_key(distance);
    let hint = nearest.map_or_else(String::new, |it| format!(", did you mean '{it}'?"));
    ToolError::Wrong(format!("unknown target tool mode '{mode}'{hint}"))
}

fn to_depth(graph: &Graph, roots: &[Node], depth: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut todo: Vec<(Node, usize)> = roots.iter().rev().map(|it| (*it, 0)).collect();
    while let Some((node, level)) = todo.pop() {
        text.resize(text.len() + 2 * level, b' ');
        let Some(edge) = graph.producer(node) else {
            push(&mut text, "", graph.path(node), "\n");
            continue;
        };
        push(&mut text, "", graph.path(node), ": ");
        push(&mut text, "", graph.rule(edge), "\n");
        if level + 1 < depth {
            todo.extend(graph.inputs(edge).iter().rev().map(|it| (*it, level + 1)));
        }
    }
    text
}

fn of_rule(graph: &Graph, rule: &[u8]) -> Vec<u8> {
    let edges = graph.edges().filter(|it| graph.rule(*it) == rule);
    let outputs = edges.flat_map(|it| graph.outputs(it));
    let mut paths: Vec<&[u8]> = outputs.map(|it| graph.path(*it)).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut text = Vec::new();
    for path in paths {
        push(&mut text, "", path, "\n");
    }
    text
}

fn sources(graph: &Graph) -> Vec<u8> {
    let mut text = Vec::new();
    let inputs = graph.edges().flat_map(|it| graph.inputs(it));
    let sources = inputs.filter(|it| graph.producer(**it).is_none());
    for source in sources {
        push(&mut text, "", graph.path(*source), "\n");
    }
    text
}

fn all(graph: &Graph) -> Vec<u8> {
    let mut text = Vec::new();
    for edge in graph.edges() {
        for output in graph.outputs(edge) {
            push(&mut text, "", graph.path(*output), ": ");
            push(&mut text, "", graph.rule(edge), "\n");
        }
    }
    text
}

const USAGE_OF_RULES: &str = "\
usage: ninja -t rules [-d]

  -d  also how each describes itself
";

/// Prints the rules, with `-d` their descriptions.
pub(super) fn rules(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let (given, _) = read("rules", USAGE_OF_RULES, &[switch('d', "")], arguments)?;
    for (name, description) in cx.graph.rules() {
        cx.out.write_all(name)?;
        if let Some(description) = description.filter(|_| has(&given, 'd')) {
            cx.out.write_all(b": ")?;
            cx.out.write_all(&crate::syntax::with_braces(description))?;
        }
        cx.out.write_all(b"\n")?;
    }
    Ok(0)
}
