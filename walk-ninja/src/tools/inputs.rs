//! `-t inputs` and `-t multi-inputs`: all that targets need, directly or not.

use std::ffi::OsString;

use rustc_hash::FxHashSet;

use super::options::{Known, has, read, switch};
use super::{Result, ToolContext};
use crate::graph::{Graph, Node};
use crate::syntax::push_quoted;

const USAGE: &str = "\
usage: ninja -t inputs [options] [TARGET...]

Lists all that the targets need, directly or not; a phony and a validation are not among it.

  -0, --print0            end each path with a NUL byte instead of a newline
  -E, --no-shell-escape   write paths as they are, not as a shell reads them
  -d, --dependency-order  each path after those that it needs; else by name
";

const USAGE_OF_MANY: &str = "\
usage: ninja -t multi-inputs [options] [TARGET...]

Lists all that each target needs, one target and one path a line.

  -d, --delimiter=TEXT  what stands between the two; else a tab
  -0, --print0          end each line with a NUL byte instead of a newline
";

/// Prints what all targets together need.
pub(super) fn inputs(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let known =
        [switch('0', "print0"), switch('E', "no-shell-escape"), switch('d', "dependency-order")];
    let (given, texts) = read("inputs", USAGE, &known, arguments)?;
    let mut search = Search::default();
    for target in cx.graph.targets(&texts)? {
        search.add(cx.graph, target);
    }
    let mut lines: Vec<Vec<u8>> =
        search.found.iter().map(|it| cx.graph.path(*it).to_vec()).collect();
    if !has(&given, 'E') {
        lines = lines.iter().map(|it| quoted(it)).collect();
    }
    if !has(&given, 'd') {
        lines.sort_unstable();
    }
    let end: &[u8] = if has(&given, '0') { b"\0" } else { b"\n" };
    for line in lines {
        cx.out.write_all(&line)?;
        cx.out.write_all(end)?;
    }
    Ok(0)
}

/// Prints what each target needs.
pub(super) fn multi_inputs(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let delimiter = Known { short: 'd', long: "delimiter", has_value: true };
    let known = [delimiter, switch('0', "print0")];
    let (given, texts) = read("multi-inputs", USAGE_OF_MANY, &known, arguments)?;
    let delimiter = given.iter().rev().find_map(|it| it.1.as_deref()).unwrap_or(b"\t");
    let end: &[u8] = if has(&given, '0') { b"\0" } else { b"\n" };
    for target in cx.graph.targets(&texts)? {
        let mut search = Search::default();
        search.add(cx.graph, target);
        for input in &search.found {
            let parts = [cx.graph.path(target), delimiter, cx.graph.path(*input), end];
            parts.iter().try_for_each(|it| cx.out.write_all(it))?;
        }
    }
    Ok(0)
}

fn quoted(path: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    push_quoted(path, &mut text);
    text
}

/// What was found, each after what it needs itself; a `phony` is not itself an input.
#[derive(Default)]
struct Search {
    seen: FxHashSet<Node>,
    found: Vec<Node>,
}

impl Search {
    fn add(&mut self, graph: &Graph, target: Node) {
        let inputs = |node| graph.producer(node).map_or(&[][..], |it| graph.inputs(it));
        let mut steps: Vec<(Node, usize)> = vec![(target, 0)];
        while let Some((node, next)) = steps.last_mut() {
            if let Some(&input) = inputs(*node).get(*next) {
                *next += 1;
                if self.seen.insert(input) {
                    steps.push((input, 0));
                }
                continue;
            }
            let node = *node;
            steps.pop();
            let is_alias = graph.producer(node).is_some_and(|it| graph.is_phony(it));
            if !steps.is_empty() && !is_alias {
                self.found.push(node);
            }
        }
    }
}
