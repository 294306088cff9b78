//! `-t`: ninja's tools, on the graph and on what walk remembers.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use signal_hook::consts::SIGPIPE;
use walk_ninja::tools::{self, ToolContext, ToolError};
use walk_ninja::{Frame, Graph, Node};
use walk_plan::StateDir;

use super::args::{Args, ToolWish, Volume};
use super::memory::Remembered;
use super::state::State;
use super::stop::{Result, Stop};
use crate::exit::Exit;

/// The tools that remove files or change what is remembered: not while something is built.
const CHANGING: [&str; 3] = ["clean", "cleandead", "recompact"];

/// The tools that have to know what dyndep files say, as far as these were made.
const DYNDEP: [&str; 4] = ["clean", "cleandead", "graph", "query"];

/// Runs a tool.
pub(super) fn run(args: &Args, frame: &Frame, tool: &ToolWish) -> Result<Exit> {
    let mut graph = Graph::read(&frame.root, &frame.manifest, &frame.read)?;
    for warning in graph.warnings() {
        let _ = writeln!(io::stderr(), "ninja: warning: {warning}");
    }
    if DYNDEP.contains(&&*tool.name) {
        load_dyndep(frame, &mut graph)?;
    }
    let builddir = path_of(graph.variable("builddir").unwrap_or_default());
    let dir = StateDir::new(frame.root.join(builddir).join(".walk"));
    let is_change = CHANGING.contains(&&*tool.name) && !args.dry_run && dir.exists();
    let ours = is_change.then(|| State::lock(dir.path().into())).transpose()?;
    let mut memory = Remembered::new(dir, &frame.root);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut context = ToolContext {
        graph: &graph,
        root: &frame.root,
        memory: &mut memory,
        out: &mut out,
        err: &mut io::stderr(),
        dry_run: args.dry_run,
        verbose: args.volume == Volume::Verbose || args.dry_run,
    };
    let result = tools::run(&tool.name, &tool.args, &mut context);
    drop(ours);
    result.map(Exit::Ninja).or_else(|error| explain(&tool.name, error))
}

/// Adds what the dyndep files say that exist.
fn load_dyndep(frame: &Frame, graph: &mut Graph) -> Result<()> {
    let mut nodes: Vec<Node> = graph.edges().filter_map(|it| graph.dyndep(it)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    for node in nodes {
        if let Ok(text) = fs::read(frame.root.join(path_of(graph.path(node)))) {
            graph.load_dyndep(node, &text)?;
        }
    }
    Ok(())
}

fn explain(tool: &str, error: ToolError) -> Result<Exit> {
    match error {
        ToolError::Usage(text) => {
            // The usage goes to stdout, what is wrong before it does not.
            let (wrong, usage) = match text.split_once('\n') {
                Some((wrong, usage)) if wrong.starts_with(tool) => (wrong, usage),
                _ => ("", &*text),
            };
            if !wrong.is_empty() {
                let _ = writeln!(io::stderr(), "{wrong}");
            }
            let _ = io::stdout().write_all(usage.as_bytes());
            Ok(Exit::NINJA_ERROR)
        }
        ToolError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Exit::Signal(SIGPIPE))
        }
        ToolError::Fatal(message) => Err(Stop::Fatal(message)),
        other => Err(Stop::Error(other.to_string())),
    }
}

/// Returns the path that bytes of a manifest mean.
fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
