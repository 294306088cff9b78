//! The part of a plan that a change may concern, and what is remembered after it was walked.
//!
//! Beside the actions that are walked the part has those that make what these read, and those in
//! their `deps`: their names and outputs are needed to tell what is made from what is not. They are
//! no vertices: what became of them is in the fingerprints of those that depend on them. Where such
//! a fingerprint is not in the store, because an action failed, its `deps` are walked as well.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};
use walk_core::fingerprint::{DigestRow, FileKind, FileStamp, Snapshot};
use walk_core::{ActionReport, Dag, Report, SkipReason, SqliteStore, Store as _};

use super::cone::Flag;
use super::graph::Graph;
use super::record::Record;
use crate::command::memo::pictured;
use crate::command::{CommandWalk, Loaded, Options, StateDir, WalkError};
use crate::plan::{Edges, Makers};
use crate::{ActionId, Command, FileId, Files, GlobMatches, Paths, Plan, Run, Settings};

/// What is known since the last walk.
#[derive(Debug)]
pub(in crate::command) struct Known {
    pub(in crate::command) snapshot: Snapshot,
    pub(in crate::command) graph: Graph,
    /// A [`Flag`] for each action of the graph.
    pub(in crate::command) flags: Vec<u8>,
    /// How many actions of the graph run something.
    pub(in crate::command) actions: usize,
    /// What stands in the note of the snapshot before the flags.
    pub(in crate::command) note: Vec<u8>,
    /// Where paths start from.
    pub(in crate::command) root: PathBuf,
}

/// The part of a plan that has to be walked, because some files are not what they were.
#[derive(Debug)]
pub struct Partial {
    known: Known,
    part: Part,
}

/// A plan made of some actions of a graph.
#[derive(Debug)]
struct Part {
    plan: Plan,
    dag: Dag<ActionId>,
    /// The numbers of the actions that are walked, which are the first of the plan.
    walked: Vec<usize>,
    files: FxHashMap<u32, FileId>,
    rows: Vec<DigestRow>,
}

/// What is up to date without having been walked, and how it is remembered.
#[derive(Debug)]
pub struct Rest {
    known: Known,
    walked: Vec<usize>,
    files: FxHashMap<u32, FileId>,
    /// How many actions that run something are not walked.
    pub up_to_date: usize,
}

impl Partial {
    /// Finds what a change of the files at these positions may concern; `None` if the graph does
    /// not tell.
    pub(in crate::command) fn new(known: Known, changed: &[usize]) -> Option<Self> {
        let mut is_changed = vec![false; known.snapshot.len()];
        for position in changed {
            is_changed[*position] = true;
        }
        let is_made = known.graph.made(known.snapshot.len());
        if !changed.iter().all(|it| is_made[*it] || is_still_a_file(&known, *it)) {
            return None;
        }
        let cone = known.graph.cone(&is_changed, &known.flags);
        let part = Part::new(&known, cone)?;
        Some(Self { known, part })
    }

    /// Finds the action that is called `target`, and all that comes before it; `None` if the graph
    /// does not tell.
    pub(in crate::command) fn about(known: Known, target: &str) -> Option<Self> {
        let action = known.graph.find(target)?;
        let part = Part::new(&known, known.graph.ancestry(action))?;
        Some(Self { known, part })
    }

    /// Returns the settings of the plan.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.part.plan.settings
    }

    /// Opens the state to walk the part; the caller holds the lock. `None` if what is in the state
    /// does not fit: then the whole plan has to be walked.
    ///
    /// # Errors
    ///
    /// Fails if the state cannot be opened or read.
    pub fn open(
        self,
        state: &StateDir,
        options: Options,
    ) -> Result<Option<(CommandWalk, Dag<ActionId>, Rest)>, WalkError> {
        let was_killed = state.was_killed();
        let store = state.open_store()?;
        if was_killed { Ok(None) } else { self.with_store(store, state, options) }
    }

    /// Opens the state to ask about the part: needs no lock, and makes no file. `None` if what is
    /// in the state does not fit.
    ///
    /// # Errors
    ///
    /// Fails if the state cannot be read.
    pub fn open_dry(
        self,
        state: &StateDir,
    ) -> Result<Option<(CommandWalk, Dag<ActionId>)>, WalkError> {
        let options = Options { dry_run: true, ..Options::default() };
        let Some(store) = state.read_store()?.filter(|_| !state.was_killed()) else {
            return Ok(None);
        };
        let opened = self.with_store(store, state, options)?;
        // Who writes meanwhile has removed the memo before.
        Ok(opened.filter(|_| state.has_memo()).map(|(walk, dag, _)| (walk, dag)))
    }

    fn with_store(
        self,
        mut store: SqliteStore,
        state: &StateDir,
        options: Options,
    ) -> Result<Option<(CommandWalk, Dag<ActionId>, Rest)>, WalkError> {
        if store.was_unclean() {
            return Ok(None);
        }
        let Self { known, part } = self;
        let Part { plan, dag, walked, files, rows } = part;
        let names = plan.actions.iter().map(|it| &*it.name);
        let places = walked.iter().map(|it| i64::from(known.graph.places[*it]));
        store.preload_few(&names.zip(places).collect::<Vec<_>>())?;
        let doubted = FxHashSet::default();
        let loaded = Loaded { store: Box::new(store), digests: rows, doubted };
        let walk = CommandWalk::with_loaded(plan, state.clone(), loaded, options)?;
        let runs = |it: &Command| it.run != Run::Nothing;
        let here = walk.plan.actions[..walked.len()].iter().filter(|it| runs(it)).count();
        let Some(up_to_date) = known.actions.checked_sub(here) else { return Ok(None) };
        let rest = Rest { known, walked, files, up_to_date };
        Ok(rest.fits(&walk).then_some((walk, dag, rest)))
    }
}

/// Returns whether a source is a file as before: one that is gone, or a directory, is a matter
/// for the reader of the manifest.
fn is_still_a_file(known: &Known, position: usize) -> bool {
    let path = known.root.join(known.snapshot.path(position));
    let now = FileStamp::of(&path).ok().flatten().map(|it| it.kind);
    now == Some(FileKind::File) && known.snapshot.kind(position) == now
}

impl Part {
    fn new(known: &Known, mut is_walked: Vec<bool>) -> Option<Self> {
        let graph = &known.graph;
        let mut records = FxHashMap::default();
        let mut todo: Vec<usize> = (0..graph.len()).filter(|it| is_walked[*it]).collect();
        while let Some(action) = todo.pop() {
            let record = graph.record(action)?;
            if !Flag(known.flags[action]).is_settled() {
                let deps = record.command.deps.iter().map(|it| it.index());
                todo.extend(deps.filter(|it| !std::mem::replace(&mut is_walked[*it], true)));
            }
            records.insert(action, record);
        }
        let walked: Vec<usize> = (0..graph.len()).filter(|it| is_walked[*it]).collect();
        let others = others(known, &walked, &is_walked, &records);
        let mut draft = Draft::new(known)?;
        let all = || walked.iter().chain(&others).copied();
        draft.ids = all().zip((0..).map(ActionId)).collect();
        for action in walked.iter().copied() {
            draft.add(known, action, records.remove(&action)?)?;
        }
        for action in others.iter().copied() {
            draft.add_other(known, action, graph.record(action)?)?;
        }
        draft.finish(known, walked)
    }
}

/// Returns the actions that are not walked and that those that are need to know.
fn others(
    known: &Known,
    walked: &[usize],
    is_walked: &[bool],
    records: &FxHashMap<usize, Record>,
) -> Vec<usize> {
    let graph = &known.graph;
    let mut wanted = vec![false; known.snapshot.len()];
    let reads = walked.iter().flat_map(|it| graph.reads.of(*it));
    reads.for_each(|it| wanted[*it as usize] = true);
    let mut others = graph.makers(&wanted);
    others.extend(records.values().flat_map(|it| it.command.deps.iter().map(|it| it.index())));
    others.retain(|it| !is_walked[*it]);
    others.sort_unstable();
    others.dedup();
    others
}

/// A part in the making.
struct Draft {
    plan: Plan,
    files: FxHashMap<u32, FileId>,
    /// By number, the position in the plan.
    ids: FxHashMap<usize, ActionId>,
}

impl Draft {
    fn new(known: &Known) -> Option<Self> {
        let head = known.graph.head()?;
        let files = Files::new(head.root.clone());
        let plan = Plan {
            root: head.root,
            manifest: head.manifest,
            settings: head.settings,
            queues: head.queues,
            engines: BTreeMap::new(),
            cache: None,
            env: head.env,
            tools: Vec::new(),
            actions: Vec::new(),
            files,
            default: Vec::new(),
            seen: Vec::new(),
            seen_is_all: false,
            names: FxHashMap::default(),
            edges: Edges::default(),
            makers: Makers::default(),
        };
        Some(Self { plan, files: FxHashMap::default(), ids: FxHashMap::default() })
    }

    /// Adds an action that is walked.
    fn add(&mut self, known: &Known, action: usize, record: Record) -> Option<()> {
        let (inputs, outputs) = (record.inputs as usize, record.outputs as usize);
        let (reads, makes) = (known.graph.reads.of(action), known.graph.makes.of(action));
        for &position in reads[inputs..].iter().chain(&makes[outputs..]) {
            self.file(known, position);
        }
        let mut command = record.command;
        command.inputs = reads[..inputs].iter().map(|it| self.file(known, *it)).collect();
        command.outputs = makes[..outputs].iter().map(|it| self.file(known, *it)).collect();
        for (pattern, numbers) in record.globs {
            let files = numbers.iter().map(|it| self.files.get(it).copied());
            command.globs.push(GlobMatches { pattern, files: files.collect::<Option<_>>()? });
        }
        command.depfile = record.depfile.map(|it| self.plan.files.intern(&it));
        let id = |it: &ActionId| self.ids.get(&it.index()).copied();
        command.deps = command.deps.iter().map(id).collect::<Option<_>>()?;
        self.push(command)
    }

    /// Adds an action of which only what it makes is of interest.
    fn add_other(&mut self, known: &Known, action: usize, record: Record) -> Option<()> {
        let makes = &known.graph.makes.of(action)[..record.outputs as usize];
        let mut command = Command::new(record.command.name);
        command.run = record.command.run;
        command.outputs = makes.iter().map(|it| self.file(known, *it)).collect();
        command.depfile = record.depfile.map(|it| self.plan.files.intern(&it));
        self.push(command)
    }

    fn push(&mut self, command: Command) -> Option<()> {
        let id = ActionId::new(self.plan.actions.len());
        for &file in command.outputs.iter().chain(&command.depfile) {
            if self.plan.files.set_producer(file, id).is_some_and(|it| it != id) {
                return None;
            }
        }
        let range = id.0..id.0 + 1;
        let is_new = self.plan.names.insert(command.name.clone(), range).is_none();
        self.plan.actions.push(command);
        is_new.then_some(())
    }

    fn file(&mut self, known: &Known, position: u32) -> FileId {
        let files = &mut self.plan.files;
        let intern = || files.intern(known.snapshot.path(position as usize));
        *self.files.entry(position).or_insert_with(intern)
    }

    fn finish(mut self, known: &Known, walked: Vec<usize>) -> Option<Part> {
        let actions = &self.plan.actions;
        let mut edges = Edges::with_capacity(actions.len());
        let mut dag = Dag::builder();
        let walks = (0..).map(ActionId).zip(&actions[..walked.len()]);
        let vertices: Vec<_> =
            walks.map(|(id, it)| dag.add_vertex(&*it.name, id, [""; 0])).collect();
        for (index, action) in walked.iter().enumerate() {
            let before = known.graph.before.of(*action).iter();
            let before = before.filter_map(|it| self.ids.get(&(*it as usize)));
            for predecessor in before.filter(|it| it.index() < walked.len()) {
                edges.add(*predecessor);
                dag.add_edge(vertices[predecessor.index()], vertices[index]);
            }
            edges.close();
        }
        (walked.len()..actions.len()).for_each(|_| edges.close());
        let is_tree = self.plan.settings.paths == Paths::Trees;
        let outputs = actions.iter().filter(|_| is_tree).flat_map(|it| it.outputs.iter().copied());
        self.plan.makers = Makers::new(outputs.collect(), &self.plan.files);
        self.plan.edges = edges;
        let row = |(position, id): (&u32, &FileId)| {
            let known = known.snapshot.digest(*position as usize);
            known.map(|it| DigestRow { path: self.plan.files.path(*id).into(), known: Some(it) })
        };
        let rows = self.files.iter().filter_map(row).collect();
        let (plan, dag) = (self.plan, dag.build().ok()?);
        Some(Part { plan, dag, walked, files: self.files, rows })
    }
}

impl Rest {
    /// Returns whether the graph has the files that depfiles named. Of an action whose success is
    /// not on record it may have more: sources, for which nobody waits.
    fn fits(&self, walk: &CommandWalk) -> bool {
        self.walked.iter().enumerate().all(|(index, action)| {
            let declared = walk.plan.actions[index].inputs.len();
            let named = self.known.graph.reads.of(*action)[declared..].iter();
            let mut named: Vec<_> = named.filter_map(|it| self.files.get(it).copied()).collect();
            let mut found = walk.discovered[index].clone();
            named.sort_unstable();
            found.sort_unstable();
            let is_source = |it: &FileId| walk.plan.files.producer(*it).is_none();
            let is_settled = Flag(self.known.flags[*action]).is_settled();
            named == found || (!is_settled && found.is_empty() && named.iter().all(is_source))
        })
    }

    /// Remembers what became of the part, and of the rest what was known of it; does nothing if
    /// the graph is another one now.
    pub fn keep(mut self, walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) {
        if !self.take_in(walk) {
            return;
        }
        for (vertex, action) in dag.vertices().zip(report.actions()) {
            let index = dag[vertex].index();
            let holds = |it: FileId, number: u32| {
                let seen = walk.files.seen(it);
                seen.is_some_and(|it| self.known.snapshot.is_of(number as usize, it))
                    && walk.files.held_still(it)
            };
            let number = self.walked[index];
            let graph = &self.known.graph;
            let mut files = graph.reads.of(number).iter().chain(graph.makes.of(number));
            let is_still = files.all(|it| self.files.get(it).is_some_and(|id| holds(*id, *it)));
            self.known.flags[number] = flag(action, is_still).0;
        }
        if self.fits(walk) {
            self.known.save(&walk.state);
        }
    }

    /// Takes in what the files of the part are now, as far as they are its own: others decide over
    /// actions that were not walked. Returns whether all could be.
    fn take_in(&mut self, walk: &CommandWalk) -> bool {
        let mut is_walked = vec![false; self.known.graph.len()];
        self.walked.iter().for_each(|it| is_walked[*it] = true);
        let shared = self.known.graph.shared(&is_walked, self.known.snapshot.len());
        for (&position, &id) in self.files.iter().filter(|it| !shared[*it.0 as usize]) {
            let Some(seen) = walk.files.seen(id) else { continue };
            let Some(pictured) = pictured(&walk.plan, id, seen) else { return false };
            self.known.snapshot.set(position as usize, &pictured);
        }
        true
    }
}

impl Known {
    fn save(mut self, state: &StateDir) {
        let note = [self.note, self.flags].concat();
        for position in
            self.snapshot.len().saturating_sub(state.store_files().len())..self.snapshot.len()
        {
            let path = self.snapshot.path(position);
            let Some(pictured) = crate::command::memo::stamped(path) else { return };
            self.snapshot.set(position, &pictured);
        }
        if let Err(error) = self.snapshot.save_again(&state.memo(), &note) {
            log::info!(target: "walk", "no memo of this walk: {error}");
        }
    }
}

/// Returns what is known of an action that was walked; `is_still` says whether its files are
/// remembered as they were when it was decided.
pub(in crate::command) fn flag(action: &ActionReport, is_still: bool) -> Flag {
    let is_success = action.status.is_some_and(walk_core::JobStatus::is_success);
    match action.skipped {
        Some(SkipReason::Fresh) if is_success && is_still => Flag::PROVEN,
        _ if is_success && action.new_fingerprint.is_some() => Flag::SETTLED,
        _ => Flag::default(),
    }
}
