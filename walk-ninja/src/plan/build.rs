//! The stages of a build.
//!
//! A walk needs its whole graph before it begins. But the manifest may be out of date, and a
//! dyndep file says what an edge depends on only once it was made. So both are brought up to
//! date by walks of their own, before the walk that was asked for; what they learned decides
//! what the next one is.
//!
//! What depfiles named last time is not known here: who opened the walk of a stage tells its
//! files, and gets a wider one if others make some of them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use walk_plan::{ActionId, Files, Plan};

use super::BuildError;
use super::closure::Closure;
use super::convert;
use crate::ReadError;
use crate::graph::{Edge, Graph, Node, ReadOptions};

/// How often the manifest is made again before that is taken for a mistake, as in ninja.
const MOST_TRIES: u32 = 100;

/// What to read, and what holds for every stage.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// The directory that paths are relative to, absolute.
    pub root: PathBuf,
    /// The manifest, relative to the root.
    pub manifest: PathBuf,
    /// What to do where ninja lets the user choose.
    pub read: ReadOptions,
    /// How many commands run at once that are in no pool.
    pub jobs: u32,
    /// Whether nothing will be made: what a dyndep file would say is then not known.
    pub dry_run: bool,
    /// Whether depfiles stay that would be removed once they were read.
    pub keep_depfiles: bool,
    /// Whether response files stay that would be removed after a success.
    pub keep_response_files: bool,
}

/// What a stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The manifest is brought up to date.
    Manifest,
    /// Files are made that say what depends on what.
    Dyndep,
    /// What was asked for is brought up to date.
    Targets,
}

/// One walk of a build.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage {
    /// What it is for.
    pub purpose: Purpose,
    /// The edges that it needs, as commands.
    pub plan: Plan,
    /// What it brings up to date.
    pub targets: Vec<ActionId>,
    edges: Vec<Edge>,
}

/// A manifest of ninja on its way to be built, stage by stage.
///
/// ```
/// use walk_ninja::{Build, Frame, Purpose};
///
/// let root = tempfile::tempdir()?;
/// let text = "rule cp\n  command = cp $in $out\nbuild b: cp a\n";
/// std::fs::write(root.path().join("build.ninja"), text)?;
/// let mut build = Build::new(Frame::new(root.path(), "build.ninja"))?;
/// let stage = build.next_stage(&[])?.expect("there is something to build");
/// assert_eq!(stage.purpose, Purpose::Targets);
/// assert_eq!(&*stage.plan.actions[0].name, "b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Build {
    frame: Frame,
    graph: Graph,
    next: Next,
    tries: u32,
    /// Dyndep files that a dry run cannot know.
    unknown: FxHashSet<Node>,
    /// The edges of the stage that was handed out last.
    handed_out: Vec<Edge>,
    /// What depfiles name that edges of the next stage wrote, beside its targets.
    discovered: Vec<Node>,
}

#[derive(Debug)]
enum Next {
    Manifest,
    /// The stage for the manifest was handed out.
    AfterManifest,
    Targets,
    /// A stage for these dyndep files was handed out.
    AfterDyndep(Vec<Node>),
    Nothing,
}

impl Frame {
    /// Reads `manifest` below `root`, with one command at a time.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, manifest: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            manifest: manifest.into(),
            read: ReadOptions::default(),
            jobs: 1,
            dry_run: false,
            keep_depfiles: false,
            keep_response_files: false,
        }
    }

    fn graph(&self) -> Result<Graph, ReadError> {
        Graph::read(&self.root, &self.manifest, &self.read)
    }
}

impl Stage {
    /// Returns the edge that an action of the plan stands for.
    ///
    /// # Panics
    ///
    /// If the action is of another plan and out of range here.
    #[must_use]
    pub fn edge(&self, action: ActionId) -> Edge {
        self.edges[action.index()]
    }

    /// Returns the edges, by action.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
}

impl Build {
    /// Reads the manifest.
    ///
    /// # Errors
    ///
    /// If the manifest, or a file that it includes, cannot be read or is wrong.
    pub fn new(frame: Frame) -> Result<Self, ReadError> {
        let graph = frame.graph()?;
        let (next, unknown) = (Next::Manifest, FxHashSet::default());
        let (handed_out, discovered) = (Vec::new(), Vec::new());
        Ok(Self { frame, graph, next, tries: 0, unknown, handed_out, discovered })
    }

    /// Returns the graph as it was last read.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns where the state of this build belongs: beside ninja's own logs, in `builddir`.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        let builddir = self.graph.variable("builddir").unwrap_or_default();
        self.frame.root.join(OsStr::from_bytes(builddir)).join(".walk")
    }

    /// Returns the next walk to do; `None` once that for the targets was handed out.
    ///
    /// Targets are spelled as for ninja: a path, or `path^` for what is made of it. Without
    /// any they are the manifest's defaults, or all that nothing else needs.
    ///
    /// # Errors
    ///
    /// If a target is unknown, if edges wait for each other, or if a dyndep file is wrong.
    pub fn next_stage(&mut self, targets: &[Vec<u8>]) -> Result<Option<Stage>, BuildError> {
        match self.next {
            Next::Manifest => match self.manifest_stage()? {
                Some(stage) => return Ok(Some(stage)),
                None => self.next = Next::Targets,
            },
            Next::Targets => {}
            Next::AfterManifest | Next::AfterDyndep(_) | Next::Nothing => return Ok(None),
        }
        loop {
            let nodes = self.graph.targets(targets)?;
            let closure = self.closure(&nodes)?;
            let waiting = self.waiting(&closure);
            if waiting.is_empty() {
                self.next = Next::Nothing;
                return self.stage(Purpose::Targets, &closure, &nodes).map(Some);
            }
            if let Some(stage) = self.dyndep_stage(waiting)? {
                return Ok(Some(stage));
            }
        }
    }

    /// Says which files the walk of the last stage is about, once it was opened: its plan knows
    /// by then what depfiles named last time. Returns whether edges outside of the stage make some
    /// of them: then that walk is not to be begun, and the next stage is the same with those edges.
    pub fn widen(&mut self, files: &Files) -> bool {
        let graph = &self.graph;
        let mut is_inside = vec![false; graph.edges().len()];
        self.handed_out.iter().for_each(|it| is_inside[it.index()] = true);
        let outside = graph.edges().filter(|it| !is_inside[it.index()]);
        let known = self.discovered.len();
        let is_named = |it: &Node| files.id(path_of(graph.path(*it))).is_some();
        let made = outside.flat_map(|it| graph.outputs(it)).copied();
        self.discovered.extend(made.filter(is_named));
        let is_wider = self.discovered.len() > known;
        if is_wider {
            self.next = match self.next {
                Next::AfterManifest => Next::Manifest,
                _ => Next::Targets,
            };
        }
        is_wider
    }

    /// Says that the walk of the last stage succeeded, and which actions it executed; returns
    /// whether the manifest was made again and read again.
    ///
    /// What runs every time to find out whether the manifest has to be made again, as `CMake` has
    /// it for files found by wildcards, does not make it.
    ///
    /// # Errors
    ///
    /// If the manifest was made again and is wrong, or a dyndep file is.
    pub fn stage_done(&mut self, was_executed: impl Fn(&str) -> bool) -> Result<bool, BuildError> {
        self.discovered.clear();
        match std::mem::replace(&mut self.next, Next::Targets) {
            Next::AfterManifest if self.has_made_manifest(was_executed) => {
                self.tries += 1;
                if self.tries >= MOST_TRIES {
                    let (path, tries) = (self.frame.manifest.clone(), self.tries);
                    return Err(BuildError::Unsettled { path, tries });
                }
                self.graph = self.frame.graph()?;
                self.next = Next::Manifest;
                return Ok(true);
            }
            Next::AfterDyndep(nodes) => nodes.iter().try_for_each(|it| self.load(*it))?,
            Next::Nothing => self.next = Next::Nothing,
            Next::Manifest | Next::AfterManifest | Next::Targets => {}
        }
        Ok(false)
    }

    /// Returns all edges as one plan, to be asked about: what dyndep files say is part of it if
    /// they are there.
    ///
    /// # Errors
    ///
    /// As of [`next_stage`](Self::next_stage).
    pub fn into_plan(mut self) -> Result<Plan, BuildError> {
        let outputs =
            |graph: &Graph| -> Vec<Node> { graph.edges().map(|it| graph.outputs(it)[0]).collect() };
        loop {
            let closure = Closure::of(&self.graph, &outputs(&self.graph))?;
            let waiting = self.waiting(&closure);
            if waiting.is_empty() {
                let targets = self.graph.targets::<Vec<u8>>(&[])?;
                return Ok(self.stage(Purpose::Targets, &closure, &targets)?.plan);
            }
            for node in waiting {
                if !self.load_if_there(node)? {
                    self.unknown.insert(node);
                }
            }
        }
    }

    /// Returns whether the next stage is for the manifest: what it is asked for may be unknown as
    /// yet.
    #[must_use]
    pub fn is_manifest_next(&self) -> bool {
        matches!(self.next, Next::Manifest) && self.made_manifest().is_some()
    }

    /// Returns the manifest, if an edge makes it.
    fn made_manifest(&self) -> Option<Node> {
        let node = self.graph.node(self.frame.manifest.as_os_str().as_bytes());
        node.filter(|it| self.graph.producer(*it).is_some())
    }

    fn manifest_stage(&mut self) -> Result<Option<Stage>, BuildError> {
        let Some(node) = self.made_manifest() else { return Ok(None) };
        let closure = self.closure(&[node])?;
        let stage = self.stage(Purpose::Manifest, &closure, &[node])?;
        self.next = Next::AfterManifest;
        Ok(Some(stage))
    }

    /// Returns whether the manifest is made by this edge, under its own name or under that of an
    /// alias.
    #[must_use]
    pub fn makes_manifest(&self, edge: Edge) -> bool {
        self.manifest_makers().contains(&edge)
    }

    /// Returns the names of the actions that make the manifest.
    #[must_use]
    pub fn manifest_actions(&self) -> Vec<Arc<str>> {
        let output = |it: &Edge| self.graph.path(self.graph.outputs(*it)[0]);
        self.manifest_makers().iter().map(|it| convert::action_name(output(it))).collect()
    }

    fn manifest_makers(&self) -> Vec<Edge> {
        let mut makers = Vec::new();
        let manifest = self.graph.node(self.frame.manifest.as_os_str().as_bytes());
        let (mut todo, mut seen) = (Vec::from_iter(manifest), FxHashSet::default());
        while let Some(node) = todo.pop() {
            let Some(edge) = self.graph.producer(node).filter(|it| seen.insert(*it)) else {
                continue;
            };
            if self.graph.is_phony(edge) {
                todo.extend(self.graph.inputs(edge));
            } else {
                makers.push(edge);
            }
        }
        makers
    }

    /// Returns whether any of what makes the manifest was executed.
    fn has_made_manifest(&self, was_executed: impl Fn(&str) -> bool) -> bool {
        self.manifest_actions().iter().any(|it| was_executed(it))
    }

    /// Finds what `targets` need, and what depfiles named.
    fn closure(&self, targets: &[Node]) -> Result<Closure, BuildError> {
        Closure::of(&self.graph, &[targets, &self.discovered].concat())
    }

    fn stage(
        &mut self,
        purpose: Purpose,
        closure: &Closure,
        targets: &[Node],
    ) -> Result<Stage, BuildError> {
        let (plan, edges, targets) = convert::plan(&self.graph, &self.frame, closure, targets)?;
        self.handed_out.clone_from(&edges);
        Ok(Stage { purpose, plan, targets, edges })
    }

    /// Returns the dyndep files that edges of `closure` wait for.
    fn waiting(&self, closure: &Closure) -> Vec<Node> {
        let dyndeps = closure.edges.iter().filter_map(|it| self.graph.dyndep(*it));
        let mut waiting: Vec<Node> = dyndeps.filter(|it| !self.unknown.contains(it)).collect();
        waiting.sort_unstable();
        waiting.dedup();
        waiting
    }

    /// Loads those of `waiting` that are sources, or returns the walk that makes those that can
    /// be made now.
    fn dyndep_stage(&mut self, waiting: Vec<Node>) -> Result<Option<Stage>, BuildError> {
        let is_made = |it: &Node| self.graph.producer(*it).is_some();
        let (made, sources): (Vec<Node>, Vec<Node>) = waiting.into_iter().partition(is_made);
        if !sources.is_empty() {
            sources.iter().try_for_each(|it| self.load(*it))?;
            return Ok(None);
        }
        let mut ready = Vec::new();
        for &node in &made {
            let closure = Closure::of(&self.graph, &[node])?;
            if self.waiting(&closure).is_empty() {
                ready.push(node);
            }
        }
        if ready.is_empty() {
            let path = |it: &Node| String::from_utf8_lossy(self.graph.path(*it)).into_owned();
            return Err(BuildError::DyndepCycle { files: made.iter().map(path).collect() });
        }
        let closure = self.closure(&ready)?;
        let stage = self.stage(Purpose::Dyndep, &closure, &ready)?;
        self.next = Next::AfterDyndep(ready);
        Ok(Some(stage))
    }

    fn load(&mut self, node: Node) -> Result<(), BuildError> {
        if self.load_if_there(node)? {
            return Ok(());
        }
        if self.frame.dry_run {
            self.unknown.insert(node);
            return Ok(());
        }
        let path = path_of(self.graph.path(node)).into();
        Err(BuildError::Dyndep { path, source: io::ErrorKind::NotFound.into() })
    }

    /// Loads a dyndep file, and returns whether it is there.
    fn load_if_there(&mut self, node: Node) -> Result<bool, BuildError> {
        let path = path_of(self.graph.path(node));
        match fs::read(self.frame.root.join(path)) {
            Ok(text) => {
                self.graph.load_dyndep(node, &text)?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(BuildError::Dyndep { path: path.into(), source }),
        }
    }
}

/// Returns the path that bytes of a manifest mean.
pub(crate) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
