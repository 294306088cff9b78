//! How an edge becomes a command.
//!
//! | ninja | plan |
//! |---|---|
//! | edge | action, called like its first output |
//! | explicit and implicit inputs | `inputs`, by content |
//! | such an input that is a `phony` | `deps`: what the alias stands for |
//! | a `phony` without inputs | a source; while it is missing, who needs it runs every time |
//! | order-only inputs | `after` |
//! | pool | queue; `console` has the terminal for itself |
//! | `restat` | only says what a missing output means: contents decide for every edge |
//! | `deps = gcc`, `depfile` | the depfile, taken or kept |
//! | `rspfile` | the response file |
//! | `generator` | the action that makes the manifest |

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use walk_plan::{
    ActionId, AssembleError, Command, DepfileUse, FileId, Files, MissingOutputs, Parts, Paths,
    Plan, Response, Run, Settings,
};

use super::build::path_of;
use super::closure::Closure;
use super::{BuildError, Frame};
use crate::graph::{Edge, Graph, Node};

/// What a compiler of Microsoft writes before the name of a file that it includes.
const INCLUDES_PREFIX: &[u8] = b"Note: including file: ";

const SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// ninja has no timeouts.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A plan, its edges by action, and its targets.
type Planned = (Plan, Vec<Edge>, Vec<ActionId>);

/// Makes the plan of the edges in `closure`.
pub(super) fn plan(
    graph: &Graph,
    frame: &Frame,
    closure: &Closure,
    targets: &[Node],
) -> Result<Planned, BuildError> {
    let mut edges = closure.edges.clone();
    edges.sort_unstable();
    let mut convert = Convert {
        graph,
        frame,
        files: Files::new(frame.root.clone()),
        file_ids: vec![None; graph.nodes().len()],
        actions: vec![None; graph.edges().len()],
        is_forced: vec![false; graph.edges().len()],
        exists: BTreeMap::new(),
        pools: graph.pools().map(|(name, depth)| (name, (queue_name(name), depth))).collect(),
    };
    for (index, edge) in edges.iter().enumerate() {
        convert.actions[edge.index()] = Some(ActionId::new(index));
    }
    closure.edges.iter().for_each(|it| convert.force(*it));
    let actions: Result<Vec<Command>, BuildError> =
        edges.iter().map(|it| convert.command(*it)).collect();
    let seen = convert.seen();
    let producer = |it: &Node| graph.producer(*it).and_then(|it| convert.actions[it.index()]);
    let mut targets: Vec<ActionId> = targets.iter().filter_map(producer).collect();
    targets.extend(validations(graph, &edges).filter_map(|it| producer(&it)));
    targets.sort_unstable();
    targets.dedup();
    let plan = Plan::assemble(Parts {
        root: frame.root.clone(),
        manifest: frame.root.join(&frame.manifest),
        settings: settings(frame.jobs),
        queues: convert.queues(),
        actions: actions?,
        files: convert.files,
        default: targets.clone(),
    });
    let mut plan = plan.map_err(|it| placed(graph, &edges, it))?;
    (plan.seen, plan.seen_is_all) = (seen, true);
    Ok((plan, edges, targets))
}

/// Says where in the manifest two edges make one file.
fn placed(graph: &Graph, edges: &[Edge], error: AssembleError) -> BuildError {
    let AssembleError::TwoProducers { path, first, second } = &error else { return error.into() };
    let is_called = |it: Edge, name: &str| *action_name(graph.path(graph.outputs(it)[0])) == *name;
    let place = |name: &str| {
        let edge = edges.iter().find(|it| is_called(**it, name));
        edge.map(|it| graph.place(*it))
    };
    match (place(first), place(second)) {
        (Some(other), Some(place)) => BuildError::TwoMakers { place, path: path.clone(), other },
        _ => error.into(),
    }
}

fn validations<'g>(graph: &'g Graph, edges: &'g [Edge]) -> impl Iterator<Item = Node> + 'g {
    edges.iter().flat_map(|it| graph.validations(*it).iter().copied())
}

fn settings(jobs: u32) -> Settings {
    let mut settings = Settings::default();
    settings.jobs = jobs;
    settings.timeout = NEVER;
    settings.shell = SHELL.map(String::from).into();
    settings.paths = Paths::Entries;
    settings
}

/// A pool may be called like one of walk's own queues.
fn queue_name(pool: &[u8]) -> Arc<str> {
    let name = String::from_utf8_lossy(pool);
    match &*name {
        "default" | "interactive" => format!("pool {name}").into(),
        name => name.into(),
    }
}

/// Returns the name of the action whose first output has this path: the path itself, escaped if
/// it is not UTF-8 or could be taken for what is escaped.
#[must_use]
pub fn action_name(path: &[u8]) -> Arc<str> {
    match std::str::from_utf8(path) {
        Ok(name) if !name.contains("\\x") => name.into(),
        _ => path.escape_ascii().to_string().into(),
    }
}

struct Convert<'g> {
    graph: &'g Graph,
    frame: &'g Frame,
    files: Files,
    /// By node.
    file_ids: Vec<Option<FileId>>,
    /// By edge; none for one that the targets do not need.
    actions: Vec<Option<ActionId>>,
    /// By edge, whether it is a `phony` that is never up to date.
    is_forced: Vec<bool>,
    exists: BTreeMap<Node, bool>,
    pools: BTreeMap<&'g [u8], (Arc<str>, u32)>,
}

impl Convert<'_> {
    fn queues(&self) -> BTreeMap<String, u32> {
        let limited = self.pools.values().filter(|it| it.1 > 0);
        limited.map(|(name, depth)| (name.to_string(), *depth)).collect()
    }

    fn command(&mut self, edge: Edge) -> Result<Command, BuildError> {
        let graph = self.graph;
        let outputs = graph.outputs(edge);
        let mut command = Command::new(action_name(graph.path(outputs[0])));
        command.outputs = outputs.iter().map(|it| self.file(*it)).collect();
        unique(&mut command.outputs);
        self.add_inputs(edge, &mut command)?;
        if graph.is_phony(edge) {
            // A name for itself, in another spelling.
            let outputs = &command.outputs;
            command.inputs.retain(|it| !outputs.contains(it));
            return Ok(command);
        }
        command.run = self.run(edge)?;
        command.generator = graph.has_flag(edge, "generator")?;
        command.keep_failed = true;
        command.missing_outputs = if graph.has_flag(edge, "restat")? {
            MissingOutputs::Compare
        } else {
            MissingOutputs::Rerun
        };
        self.add_depfile(edge, &mut command)?;
        command.response = self.response(edge)?;
        self.add_pool(edge, &mut command)?;
        Ok(command)
    }

    fn add_inputs(&mut self, edge: Edge, command: &mut Command) -> Result<(), BuildError> {
        let graph = self.graph;
        let data = graph.explicit_inputs(edge).iter().chain(graph.implicit_inputs(edge));
        for &node in data {
            match graph.producer(node).filter(|it| self.is_alias(*it)) {
                Some(alias) => command.deps.extend(self.actions[alias.index()]),
                None if self.is_lost(node) => command.always = true,
                None => command.inputs.push(self.file(node)),
            }
            command.always |= !graph.is_phony(edge) && self.forces(node);
        }
        for &node in graph.order_only_inputs(edge) {
            match graph.producer(node) {
                Some(producer) => command.after.extend(self.actions[producer.index()]),
                None if self.exists(node) => {}
                None => return Err(self.missing(node, edge)),
            }
        }
        unique(&mut command.inputs);
        unique(&mut command.deps);
        unique(&mut command.after);
        Ok(())
    }

    /// Returns whether an edge only names other files.
    fn is_alias(&self, edge: Edge) -> bool {
        self.graph.is_phony(edge) && !self.graph.inputs(edge).is_empty()
    }

    /// Finds out whether `edge` is a `phony` that is never up to date; those that it needs were
    /// asked before.
    fn force(&mut self, edge: Edge) {
        let graph = self.graph;
        if self.is_alias(edge) {
            let data = graph.explicit_inputs(edge).iter().chain(graph.implicit_inputs(edge));
            let is_forced = data.copied().any(|it| self.forces(it));
            self.is_forced[edge.index()] = is_forced;
        }
    }

    /// Returns whether what needs `node` is never up to date: nothing makes the node, and it is
    /// missing.
    fn forces(&mut self, node: Node) -> bool {
        let Some(producer) = self.graph.producer(node) else { return false };
        if !self.graph.is_phony(producer) {
            return false;
        }
        self.is_forced[producer.index()]
            || (self.graph.inputs(producer).is_empty() && !self.exists(node))
    }

    /// Returns whether `node` is missing, not made, and only known from a dyndep file: as in ninja
    /// no mistake, but nothing that needs it is up to date.
    fn is_lost(&mut self, node: Node) -> bool {
        let is_found = !self.graph.is_declared(node) && self.graph.producer(node).is_none();
        is_found && !self.exists(node)
    }

    fn exists(&mut self, node: Node) -> bool {
        let path = || self.frame.root.join(path_of(self.graph.path(node)));
        *self.exists.entry(node).or_insert_with(|| fs::metadata(path()).is_ok())
    }

    /// Returns the files that decided what is in the plan.
    fn seen(&self) -> Vec<PathBuf> {
        let asked = self.exists.keys().map(|it| path_of(self.graph.path(*it)).to_path_buf());
        self.graph.files_read().cloned().chain(asked).collect()
    }

    fn missing(&self, node: Node, edge: Edge) -> BuildError {
        let path = |it: Node| String::from_utf8_lossy(self.graph.path(it)).into_owned();
        BuildError::Missing { input: path(node), output: path(self.graph.outputs(edge)[0]) }
    }

    fn file(&mut self, node: Node) -> FileId {
        let path = path_of(self.graph.path(node));
        *self.file_ids[node.index()].get_or_insert_with(|| self.files.intern(path))
    }

    fn run(&self, edge: Edge) -> Result<Run, BuildError> {
        let mut text = Vec::new();
        self.graph.push_command(edge, &mut text)?;
        Ok(match String::from_utf8(text) {
            Ok(text) => Run::Shell(text),
            Err(error) => {
                let text = OsStr::from_bytes(error.as_bytes()).to_owned();
                Run::Argv(SHELL.iter().map(OsString::from).chain([text]).collect())
            }
        })
    }

    fn add_depfile(&mut self, edge: Edge, command: &mut Command) -> Result<(), BuildError> {
        let depfile = self.graph.unescaped_binding(edge, "depfile")?;
        let deps = self.graph.binding(edge, "deps")?;
        let wrong = |what: String| BuildError::Deps { place: self.graph.place(edge), what };
        match &*deps {
            b"" => command.depfile_use = DepfileUse::Kept,
            b"gcc" if depfile.is_empty() => {
                return Err(wrong("edge with deps=gcc but no depfile makes no sense".into()));
            }
            b"gcc" if self.frame.keep_depfiles => command.depfile_use = DepfileUse::Kept,
            b"gcc" => command.depfile_use = DepfileUse::Taken,
            b"msvc" => {
                let prefix = self.graph.binding(edge, "msvc_deps_prefix")?;
                let prefix = if prefix.is_empty() { INCLUDES_PREFIX } else { &*prefix };
                command.includes_prefix = Some(String::from_utf8_lossy(prefix).into_owned());
                return Ok(());
            }
            other => {
                let other = String::from_utf8_lossy(other);
                return Err(wrong(format!("unknown deps type '{other}': gcc and msvc are known")));
            }
        }
        if !depfile.is_empty() {
            command.depfile = Some(self.files.intern(path_of(&depfile)));
        }
        Ok(())
    }

    fn response(&self, edge: Edge) -> Result<Option<Response>, BuildError> {
        let path = self.graph.unescaped_binding(edge, "rspfile")?;
        if path.is_empty() {
            return Ok(None);
        }
        let content = self.graph.binding(edge, "rspfile_content")?;
        Ok(Some(Response {
            path: PathBuf::from(path_of(&path)),
            content: OsStr::from_bytes(&content).to_owned(),
            keep: self.frame.keep_response_files,
        }))
    }

    fn add_pool(&self, edge: Edge, command: &mut Command) -> Result<(), BuildError> {
        let Some(pool) = self.graph.pool(edge)? else { return Ok(()) };
        match self.pools.get(pool) {
            _ if pool == b"console" => {
                command.interactive = true;
                command.queue = Arc::from("interactive");
            }
            Some((queue, 1..)) => command.queue = Arc::clone(queue),
            // A depth of zero is no limit.
            Some(_) | None => {}
        }
        Ok(())
    }
}

/// Drops what was there before, in order.
fn unique<T: Copy + Eq + std::hash::Hash>(items: &mut Vec<T>) {
    if items.len() > 1 {
        let mut seen = rustc_hash::FxHashSet::default();
        items.retain(|it| seen.insert(*it));
    }
}
