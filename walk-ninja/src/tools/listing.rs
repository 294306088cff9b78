//! `-t targets` and `-t rules`: what there is.

use std::ffi::OsString;

use super::options::{has, plain, read, switch};
use super::query::push;
use super::{Result, ToolContext, ToolError, shown};
use crate::graph::{Graph, Node};

/// The depth that is none.
const NO_LIMIT: usize = usize::MAX;

/// Prints targets: below the roots to a depth, of a rule, or all.
pub(super) fn targets(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let words = plain(arguments);
    let graph = cx.graph;
    let text = match words.first().map(Vec::as_slice) {
        None | Some(b"depth") => return to_depth(cx, depth(words.get(1))),
        Some(b"rule") => match words.get(1).filter(|it| !it.is_empty()) {
            Some(rule) => of_rule(graph, rule),
            None => sources(graph),
        },
        Some(b"all") => all(graph),
        Some(mode) => return Err(unknown_mode(&String::from_utf8_lossy(mode))),
    };
    cx.out.write_all(&text)?;
    Ok(0)
}

/// Reads a number as C does: what follows it does not count, and what is none is zero. Zero
/// and less are no limit.
fn depth(word: Option<&Vec<u8>>) -> usize {
    let Some(word) = word else { return 1 };
    let word = word.trim_ascii_start();
    let digits = word.strip_prefix(b"+").unwrap_or(word);
    let digits = digits.iter().take_while(|it| it.is_ascii_digit());
    let number = digits.fold(0_usize, |number, digit| {
        number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
    });
    if number == 0 { NO_LIMIT } else { number }
}

fn unknown_mode(mode: &str) -> ToolError {
    let modes = ["rule", "depth", "all"];
    let distance = |it: &&str| strsim::levenshtein(mode, it);
    let nearest = modes.iter().copied().filter(|it| distance(it) <= 3).min_by_key(distance);
    let hint = nearest.map_or_else(String::new, |it| format!(", did you mean '{it}'?"));
    ToolError::Wrong(format!("unknown target tool mode '{mode}'{hint}"))
}

/// Prints a tree: what several files need comes once for each, so it is written as it is found.
fn to_depth(cx: &mut ToolContext<'_>, depth: usize) -> Result<u8> {
    let graph = cx.graph;
    let mut todo: Vec<(Node, usize)> =
        graph.roots_or_error()?.iter().rev().map(|it| (*it, 0)).collect();
    let mut above: Vec<Node> = Vec::new();
    let mut is_above = vec![false; graph.nodes().len()];
    let mut line = Vec::new();
    while let Some((node, level)) = todo.pop() {
        above.drain(level..).for_each(|it| is_above[it.index()] = false);
        if is_above[node.index()] && depth == NO_LIMIT {
            return Err(cycle(graph, &above, node));
        }
        above.push(node);
        is_above[node.index()] = true;
        line.clear();
        line.resize(2 * level, b' ');
        push(&mut line, "", graph.path(node), "");
        if let Some(edge) = graph.producer(node) {
            push(&mut line, ": ", graph.rule(edge), "");
            if level + 1 < depth {
                todo.extend(graph.inputs(edge).iter().rev().map(|it| (*it, level + 1)));
            }
        }
        line.push(b'\n');
        cx.out.write_all(&line)?;
    }
    Ok(0)
}

/// Refuses a tree without an end; ninja overflows its stack there.
fn cycle(graph: &Graph, above: &[Node], node: Node) -> ToolError {
    let around = above.iter().skip_while(|it| **it != node).chain([&node]);
    let around: Vec<String> = around.map(|it| shown(graph, *it)).collect();
    ToolError::Wrong(format!("dependency cycle: {}", around.join(" -> ")))
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
