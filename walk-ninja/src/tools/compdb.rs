//! `-t compdb` and `-t compdb-targets`: the commands as a JSON compilation database.

use std::ffi::OsString;

use rustc_hash::FxHashSet;

use super::options::{has, read, switch};
use super::{Result, ToolContext, ToolError, commands, shown};
use crate::graph::{Edge, Graph};

const USAGE: &str = "\
usage: ninja -t compdb [-x] [RULE...]

  -x  put what response files hold in their place
";

const USAGE_OF_TARGETS: &str = "\
usage: ninja -t compdb-targets [-x] TARGET...

  -x  put what response files hold in their place
";

/// Prints the edges of some rules; of all if none is named.
pub(super) fn of_rules(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let (given, rules) = read("compdb", USAGE, &[switch('x', "")], arguments)?;
    let rules: FxHashSet<&[u8]> = rules.iter().map(Vec::as_slice).collect();
    let is_wanted = |it: &Edge| rules.is_empty() || rules.contains(cx.graph.rule(*it));
    let edges: Vec<Edge> = cx.graph.edges().filter(is_wanted).collect();
    print(&edges, has(&given, 'x'), cx)
}

/// Prints the edges that targets need.
pub(super) fn of_targets(arguments: &[OsString], cx: &mut ToolContext<'_>) -> Result<u8> {
    let (given, texts) = read("compdb-targets", USAGE_OF_TARGETS, &[switch('x', "")], arguments)?;
    if texts.is_empty() {
        let wrong = "compdb-targets expects the name of at least one target";
        writeln!(cx.err, "ninja: error: {wrong}")?;
        return Err(ToolError::Usage(USAGE_OF_TARGETS.into()));
    }
    let mut nodes = Vec::new();
    for text in texts {
        let node = cx.graph.target(&text).map_err(|it| ToolError::Fatal(it.to_string()))?;
        if cx.graph.producer(node).is_none() {
            return Err(ToolError::Fatal(format!(
                "'{}' is not a target (i.e. it is not an output of any `build` statement)",
                shown(cx.graph, node)
            )));
        }
        nodes.push(node);
    }
    let mut edges = commands::below(cx.graph, &nodes);
    edges.retain(|it| !cx.graph.is_phony(*it));
    print(&edges, has(&given, 'x'), cx)
}

fn print(edges: &[Edge], expands: bool, cx: &mut ToolContext<'_>) -> Result<u8> {
    let directory = json(cx.root.as_os_str().as_encoded_bytes());
    let mut separator: &[u8] = b"\n";
    cx.out.write_all(b"[")?;
    for &edge in edges {
        let Some(&input) = cx.graph.inputs(edge).first() else { continue };
        let command = json(&command(cx.graph, edge, expands)?);
        let (file, output) = (cx.graph.path(input), cx.graph.path(cx.graph.outputs(edge)[0]));
        cx.out.write_all(separator)?;
        let fields: [(&[u8], &[u8]); 4] = [
            (b"  {\n    \"directory\": ", &directory),
            (b",\n    \"command\": ", &command),
            (b",\n    \"file\": ", &json(file)),
            (b",\n    \"output\": ", &json(output)),
        ];
        for (name, value) in fields {
            cx.out.write_all(name)?;
            cx.out.write_all(value)?;
        }
        cx.out.write_all(b"\n  }")?;
        separator = b",\n";
    }
    cx.out.write_all(b"\n]\n")?;
    Ok(0)
}

/// Returns the command; if asked for, with the content of its response file in its place. As in
/// ninja that is the first mention of the file, after an `@` or the first of such options.
fn command(graph: &Graph, edge: Edge, expands: bool) -> Result<Vec<u8>> {
    let mut command = Vec::new();
    if graph.is_phony(edge) {
        return Ok(command);
    }
    graph.push_command(edge, &mut command)?;
    let path = graph.unescaped_binding(edge, "rspfile")?;
    if !expands || path.is_empty() {
        return Ok(command);
    }
    let Some(at) = memchr::memmem::find(&command, &path).filter(|it| *it > 0) else {
        return Ok(command);
    };
    let option =
        |text: &[u8]| memchr::memmem::find(&command, text).filter(|start| start + text.len() == at);
    let before = command[..at].strip_suffix(b"@").map(<[u8]>::len);
    let Some(start) = before.or_else(|| option(b"-f ")).or_else(|| option(b"--option-file="))
    else {
        return Ok(command);
    };
    let mut content = graph.binding(edge, "rspfile_content")?.into_owned();
    content.iter_mut().filter(|it| **it == b'\n').for_each(|it| *it = b' ');
    command.splice(start..at + path.len(), content);
    Ok(command)
}

/// Returns a JSON text. JSON has no bytes: what is not UTF-8 stays as it is, as in ninja, for
/// then a reader that knows of it can still find the file.
fn json(text: &[u8]) -> Vec<u8> {
    let mut json = vec![b'"'];
    for chunk in text.utf8_chunks() {
        let quoted = serde_json::Value::from(chunk.valid()).to_string();
        json.extend(&quoted.as_bytes()[1..quoted.len() - 1]);
        json.extend(chunk.invalid());
    }
    json.push(b'"');
    json
}
