//! The walk of a plan: what is opened before it, what is kept during it, how it ends.
//!
//! The hooks themselves are in `hooks`; this file owns the state that they share and the
//! order in which a walk is set up. It reads nothing but the plan, the store and the files
//! of the plan, and prints nothing: an [`Observer`] hears what happens.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};
use walk_core::fingerprint::observe;
use walk_core::scheduler::Jobserver;
use walk_core::{
    Checksum, Dag, DagError, Event, Fingerprint, Interrupt, MemoryStore, Report, SchedulingParams,
    Store, Vertex, run,
};

use super::elements::{self, FileKind, Surroundings};
use super::entries::Order;
use super::files::Files;
use super::outcome::{Captured, Ended, Shared};
use super::plain::Shortcut;
use super::secrets::{self, Secrets};
use super::urgency::Urgency;
use super::{
    History, Loaded, Made, Note, SharedCache, SharedEngine, StateDir, WalkError, entries, note,
    tools,
};
use crate::{ActionId, Command, FileId, Paths, Plan};

/// How to walk a plan.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether to decide only: nothing is executed and nothing is written.
    pub dry_run: bool,
    /// Whether to execute also what is up to date.
    pub force: bool,
    /// After how many failures nothing more starts; `None` if never.
    pub max_failures: Option<NonZeroU32>,
    /// How long an action may run that does not say; `None` for the plan's setting.
    pub timeout: Option<Duration>,
    /// What stops the walk.
    pub interrupt: Interrupt,
    /// How many actions run at once, over all queues; `None` for what their tokens allow.
    pub max_active: Option<NonZeroU32>,
    /// The load of the machine from which on nothing more starts while something runs.
    pub max_load: Option<f64>,
    /// Whom every action that runs beside another asks for a token; one of our own tells
    /// actions of itself in `MAKEFLAGS`.
    pub jobserver: Option<Jobserver>,
    /// Who runs the actions of queues with an engine, by the engine's name.
    pub engines: BTreeMap<String, SharedEngine>,
    /// Where results are taken from and kept.
    pub cache: Option<SharedCache>,
    /// What stays open for as long as a command is alive, even if this process is killed: the
    /// [file of the lock](crate::Lock::file).
    pub held: Option<Arc<File>>,
}

/// Hears what happens during the walk of a plan.
pub trait Observer {
    /// Hears of one event, on the thread that runs the walk; `captured` is what was seen of
    /// the command, if it just ended.
    fn on_event(&mut self, plan: &Plan, event: &Event<'_, ActionId>, captured: Option<&Captured>);
}

impl<F: FnMut(&Plan, &Event<'_, ActionId>, Option<&Captured>)> Observer for F {
    fn on_event(&mut self, plan: &Plan, event: &Event<'_, ActionId>, captured: Option<&Captured>) {
        self(plan, event, captured);
    }
}

/// The [`Walk`](walk_core::Walk) of the commands of a [`Plan`].
pub struct CommandWalk {
    pub(super) plan: Plan,
    pub(super) options: Options,
    pub(super) state: StateDir,
    pub(super) store: Box<dyn Store>,
    /// The actions whose fingerprint in the store is not to be believed.
    pub(super) doubted: FxHashSet<String>,
    pub(super) begun: bool,
    /// Whether anything but digests was ever written.
    pub(super) has_changed: bool,
    pub(super) files: Files,
    /// By action, whether it is an alias whose result another action depends on.
    pub(super) consumed: Vec<bool>,
    pub(super) order: Order,
    /// By action, its vertex in the graph that is walked.
    pub(super) vertices: Vec<Option<Vertex>>,
    pub(super) surroundings: Surroundings,
    /// How commands go without a shell, if they may; looked for when the first is to run.
    pub(super) shortcut: OnceCell<Option<Shortcut>>,
    /// How urgent jobs are, once that made a difference.
    pub(super) urgency: Option<Urgency>,
    /// The files that each action's depfile named last time, by name.
    pub(super) discovered: Vec<Vec<FileId>>,
    /// By action, the fingerprint of its last success, if it was read to find those.
    pub(super) recalled: Vec<Option<Fingerprint>>,
    /// The logs that were there before; looked for when the first command is to run.
    pub(super) logs: OnceCell<FxHashSet<OsString>>,
    pub(super) running: FxHashMap<ActionId, Shared>,
    /// What the notes of the actions that run say that they make, and of earlier runs.
    pub(super) noted: FxHashMap<ActionId, (Vec<Made>, History)>,
    /// The actions that failed in this walk and are tried again.
    pub(super) stumbled: FxHashSet<ActionId>,
    /// What a command that cannot be predicted was expected to read.
    pub(super) expected: FxHashMap<ActionId, Fingerprint>,
    /// The result of an action, and whether that is of everything that it was made of.
    pub(super) results: FxHashMap<(ActionId, bool), Checksum>,
    /// What makes the manifest and was found to be up to date, to be saved.
    pub(super) adopted: Vec<(String, Fingerprint)>,
    /// The actions that a dry run found to be executed.
    pub(super) pending: FxHashSet<ActionId>,
    /// The job that is being collected; nothing when an action without a job ends.
    pub(super) ended: Option<Ended>,
    pub(super) observer: Option<Box<dyn Observer>>,
}

impl CommandWalk {
    /// Opens the state and walks; the caller holds the lock of `state` for as long as the
    /// walk lives.
    ///
    /// # Errors
    ///
    /// Fails if the state cannot be opened.
    pub fn open(plan: Plan, state: StateDir, options: Options) -> Result<Self, WalkError> {
        let loaded = state.load()?;
        Self::with_loaded(plan, state, loaded, options)
    }

    /// Opens the state for reading only, to decide without executing: needs no lock, and
    /// makes no file.
    ///
    /// # Errors
    ///
    /// Fails if there is a state and it cannot be read.
    pub fn open_dry(plan: Plan, state: StateDir, mut options: Options) -> Result<Self, WalkError> {
        options.dry_run = true;
        let store: Box<dyn Store> = match state.read_store()? {
            Some(store) => Box::new(store),
            None => Box::new(MemoryStore::default()),
        };
        let loaded = Loaded::new(store, state.was_killed())?;
        Self::with_loaded(plan, state, loaded, options)
    }

    /// Walks with a store that is open already.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn with_loaded(
        plan: Plan,
        state: StateDir,
        loaded: Loaded,
        options: Options,
    ) -> Result<Self, WalkError> {
        let Loaded { store, digests, doubted } = loaded;
        let mut walk = Self {
            files: Files::new(&plan, digests),
            consumed: Vec::new(),
            order: Order::default(),
            vertices: Vec::new(),
            discovered: vec![Vec::new(); plan.actions.len()],
            recalled: vec![None; plan.actions.len()],
            surroundings: surroundings(&plan),
            shortcut: OnceCell::new(),
            logs: OnceCell::new(),
            urgency: None,
            plan,
            options,
            state,
            store,
            doubted,
            begun: false,
            has_changed: false,
            running: FxHashMap::default(),
            noted: FxHashMap::default(),
            stumbled: FxHashSet::default(),
            expected: FxHashMap::default(),
            results: FxHashMap::default(),
            adopted: Vec::new(),
            pending: FxHashSet::default(),
            ended: None,
            observer: None,
        };
        if !walk.options.dry_run && !walk.surroundings.secrets.is_empty() {
            // What a walk that was killed did not come to take out of them.
            walk.state.clear_scratch();
        }
        walk.recall_discovered()?;
        walk.consumed = entries::consumed(&walk.plan, &walk.discovered);
        Ok(walk)
    }

    /// Sets who hears what happens.
    pub fn set_observer(&mut self, observer: Box<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Sets whether the next run executes also what is up to date.
    pub fn set_force(&mut self, force: bool) {
        self.options.force = force;
    }

    /// Returns the plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the state directory.
    #[must_use]
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// Returns the graph of `targets` and of all that they need.
    ///
    /// The files that depfiles named last time count as inputs: who makes them comes first.
    ///
    /// # Errors
    ///
    /// Fails if the graph has a cycle.
    pub fn dag(&self, targets: &[ActionId]) -> Result<Dag<ActionId>, WalkError> {
        let mut edges = self.discovered_edges();
        let dag = loop {
            match self.plan.dag(&edges) {
                // What was discovered then may not fit what is declared now; it is
                // discovered again when the actions run.
                Err(DagError::Cycle { uids, .. }) if !edges.is_empty() => {
                    self.drop_edges(&mut edges, &uids);
                }
                result => break result?,
            }
        };
        if targets.len() == self.plan.actions.len() {
            return Ok(dag);
        }
        let ids = dag.vertices().map(|it| (dag[it], it)).collect::<FxHashMap<ActionId, Vertex>>();
        let targets: Vec<Vertex> = targets.iter().filter_map(|it| ids.get(it).copied()).collect();
        Ok(dag.restricted_to(&targets))
    }

    /// Walks `dag`, and closes the store.
    ///
    /// # Errors
    ///
    /// Fails if the state cannot be read or written, or a tool cannot tell its version.
    pub fn run(&mut self, dag: &Dag<ActionId>) -> Result<Report, WalkError> {
        self.surroundings.tools = tools::versions(&self.plan, &self.tools_of(dag), &self.params())?;
        self.vertices = vec![None; self.plan.actions.len()];
        for vertex in dag.vertices() {
            self.vertices[dag[vertex].index()] = Some(vertex);
        }
        self.urgency = None;
        self.prefetch(dag);
        self.refuse_missing(dag)?;
        let result = run(self, dag);
        // What was learned is kept also when the walk failed.
        let finished = self.finish();
        let report = result?;
        finished.map(|()| report)
    }

    /// Returns what is remembered of the last run of the action called `name`.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn note(&mut self, name: &str) -> Result<Option<Note>, WalkError> {
        Ok(self.store.load_note(name)?.as_deref().and_then(Note::from_bytes))
    }

    /// Returns the actions that read a file: that declare it as input, or whose depfile named it
    /// last time.
    #[must_use]
    pub fn readers(&self, path: &Path) -> Vec<ActionId> {
        let Some(file) = self.plan.files.id(path) else { return Vec::new() };
        let actions = (0..self.plan.actions.len()).map(ActionId::new);
        let reads = |id: &ActionId| {
            let declared = &self.command(*id).inputs;
            declared.contains(&file) || self.discovered[id.index()].contains(&file)
        };
        actions.filter(reads).collect()
    }

    /// Returns the files that an action reads: those that it declares, and those that its depfile
    /// named last time.
    pub fn reads(&self, id: ActionId) -> impl Iterator<Item = &Path> {
        let files = self.command(id).inputs.iter().chain(&self.discovered[id.index()]);
        files.map(|it| self.plan.files.path(*it))
    }

    /// Returns the names of all actions that something is remembered of, in order.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn remembered(&mut self) -> Result<Vec<String>, WalkError> {
        Ok(self.store.uids()?)
    }

    /// Returns the files that the plan takes for sources and that an earlier walk made: for
    /// an action that is gone, or as an output that is no longer declared.
    ///
    /// An input that is one, named or matched by a wildcard, is what is left of something that is
    /// made no more: in a clean checkout it is missing. Read the plan again with these as
    /// [`Overrides::leftovers`](crate::Overrides::leftovers), and wildcards do not match them, and
    /// to name one is an error. A file that was changed since walk made it is a source.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn leftovers(&mut self) -> Result<Vec<PathBuf>, WalkError> {
        let mut leftovers = Vec::new();
        for name in self.remembered()? {
            let note = self.store.load_note(&name)?.unwrap_or_default();
            let made = note::made_by(&note).into_iter();
            leftovers.extend(made.filter(|it| self.is_leftover(&name, it)).map(|it| it.path));
        }
        Ok(leftovers)
    }

    fn is_leftover(&self, maker: &str, made: &Made) -> bool {
        let files = &self.plan.files;
        if files.id(&made.path).is_none_or(|it| files.producer(it).is_some()) {
            return false;
        }
        let Some(digest) = &made.digest else {
            log::warn!(
                target: "walk",
                "`{}` is no source: `{maker}` may have made it and did not end well; \
                 walk clean forgets that",
                made.path.display()
            );
            return true;
        };
        let found = observe(&self.plan.root.join(&made.path));
        found.is_ok_and(|it| it.state.digest().is_some_and(|it| it.to_string() == *digest))
    }

    /// Forgets the action called `name`: it will run again.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn forget(&mut self, name: &str) -> Result<(), WalkError> {
        self.begin()?;
        self.store.save_fingerprint(name, None)?;
        Ok(self.store.save_note(name, None)?)
    }

    /// Forgets that the action called `name` made files that are gone: what is there by these names
    /// later is not its own.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn forget_made(&mut self, name: &str, gone: &[PathBuf]) -> Result<(), WalkError> {
        let Some(mut note) = self.note(name)? else { return Ok(()) };
        note.made.retain(|it| !gone.contains(&it.path));
        self.begin()?;
        Ok(self.store.save_note(name, Some(&note.to_bytes()))?)
    }

    /// Forgets the success of the action called `name`, whose outputs were removed: it will run
    /// again, and that is why.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn forget_success(&mut self, name: &str) -> Result<(), WalkError> {
        let Some(note) = self.note(name)? else { return self.forget(name) };
        let note = note.cleaned();
        self.begin()?;
        self.store.save_fingerprint(name, None)?;
        Ok(self.store.save_note(name, Some(&note.to_bytes()))?)
    }

    /// Makes what was forgotten durable, and closes the store.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn finish(&mut self) -> Result<(), WalkError> {
        if self.options.dry_run {
            return Ok(());
        }
        let rows = self.files.unsaved();
        if !rows.is_empty() {
            self.store.save_digests(&rows)?;
            self.store.commit()?;
        }
        if std::mem::take(&mut self.begun) {
            self.store.finish()?;
            self.state.say_ended()?;
        }
        if let Some(cache) = self.options.cache.as_ref().filter(|_| self.has_changed) {
            let interrupt = &self.options.interrupt;
            cache.close(&|| interrupt.is_triggered());
        }
        Ok(())
    }

    /// Gives back the store and the digests, for the next walk on the same state.
    #[must_use]
    pub fn into_loaded(self) -> Loaded {
        Loaded { store: self.store, digests: self.files.into_rows(), doubted: self.doubted }
    }

    /// Marks the store as being written, before the first change of a walk.
    pub(super) fn begin(&mut self) -> Result<(), WalkError> {
        if !self.begun {
            self.state.say_begun()?;
            self.store.begin()?;
            (self.begun, self.has_changed) = (true, true);
        }
        Ok(())
    }

    pub(super) fn params(&self) -> SchedulingParams {
        let mut params = SchedulingParams::default();
        params.queues.clone_from(&self.plan.queues);
        params.job_timeout = self.options.timeout.unwrap_or(self.plan.settings.timeout);
        params.grace = self.plan.settings.grace;
        params.max_failures = self.options.max_failures;
        params.interrupt = self.options.interrupt.clone();
        params.max_active = self.options.max_active;
        params.max_load = self.options.max_load;
        params.held.clone_from(&self.options.held);
        params.jobserver.clone_from(&self.options.jobserver);
        params
    }

    pub(super) fn command(&self, id: ActionId) -> &Command {
        &self.plan.actions[id.index()]
    }

    /// Returns the files that actions read and no action makes: those that they declare, and those
    /// that their depfiles named last time.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<&Path> {
        let declared = self.plan.actions.iter().flat_map(|it| &it.inputs);
        let read = declared.chain(self.discovered.iter().flatten());
        let sources = read.filter(|it| self.plan.files.producer(**it).is_none());
        sources.map(|it| self.plan.files.path(*it)).collect()
    }

    fn tools_of(&self, dag: &Dag<ActionId>) -> BTreeSet<usize> {
        dag.vertices().flat_map(|it| self.command(dag[it]).tools.iter().copied()).collect()
    }

    fn prefetch(&mut self, dag: &Dag<ActionId>) {
        let ids = self.files_of(dag);
        self.files.prefetch(&self.plan, &ids);
    }

    /// Returns the files that decide over the actions of `dag`.
    pub(super) fn files_of(&self, dag: &Dag<ActionId>) -> Vec<FileId> {
        let mut wanted = vec![false; self.plan.files.len()];
        for id in dag.vertices().map(|it| dag[it]) {
            let command = &self.plan.actions[id.index()];
            let is_idle = command.is_alias() && !self.consumed[id.index()];
            let outputs = if is_idle { &[][..] } else { &command.outputs };
            let files = command.inputs.iter().chain(outputs);
            for file in files.chain(&self.discovered[id.index()]) {
                wanted[file.index()] = true;
            }
        }
        self.plan.files.iter().filter(|it| wanted[it.index()]).collect()
    }

    fn recall_discovered(&mut self) -> Result<(), WalkError> {
        // Names are shared by all that the store loads, and live in `recalled`: each is looked
        // at once.
        let mut known: FxHashMap<*const str, FileId> = FxHashMap::default();
        for position in 0..self.plan.actions.len() {
            let command = &self.plan.actions[position];
            if command.depfile.is_none() && command.includes_prefix.is_none() {
                continue;
            }
            let name = Arc::clone(&command.name);
            if let Some(previous) = self.store.load_fingerprint(&name)? {
                let (plan, files) = (&mut self.plan, &mut self.files);
                let file = |name: &Arc<str>| {
                    *known.entry(Arc::as_ptr(name)).or_insert_with(|| {
                        let id = plan.files.intern(&elements::discovered_path(name));
                        files.set_name(FileKind::Depfile, id, Arc::clone(name));
                        id
                    })
                };
                let found = elements::discovered_names(&previous).map(file).collect();
                self.discovered[position] = self.undeclared(position, found);
                self.recalled[position] = Some(previous);
            } else if command.generator {
                self.discovered[position] = self.left_in_depfile(ActionId::new(position));
            }
        }
        Ok(())
    }

    /// Returns those of `found` that the action neither declares as input nor makes itself.
    pub(super) fn undeclared(&self, position: usize, mut found: Vec<FileId>) -> Vec<FileId> {
        let command = &self.plan.actions[position];
        found.retain(|it| !command.inputs.contains(it) && !command.outputs.contains(it));
        found
    }

    /// Returns an edge to each action from those that make what its depfile named last time.
    fn discovered_edges(&self) -> Vec<(ActionId, ActionId)> {
        let mut makers: FxHashMap<FileId, Vec<ActionId>> = FxHashMap::default();
        let mut edges = Vec::new();
        for (successor, found) in (0..).map(ActionId).zip(&self.discovered) {
            for &file in found {
                let is_entry = self.plan.settings.paths == Paths::Entries;
                if is_entry && self.plan.files.producer(file).is_none() {
                    continue;
                }
                let makers =
                    makers.entry(file).or_insert_with(|| self.plan.makers_of(file).collect());
                let others = makers.iter().filter(|&&it| it != successor);
                edges.extend(others.map(|&maker| (maker, successor)));
            }
        }
        edges
    }

    /// Drops those of `edges` that lie on a cycle; all of them, should none do.
    fn drop_edges(&self, edges: &mut Vec<(ActionId, ActionId)>, cycle: &[String]) {
        let before = edges.len();
        let name = |id: ActionId| &*self.command(id).name;
        edges.retain(|&(maker, successor)| {
            let is_on = cycle.windows(2).any(|it| it[0] == name(maker) && it[1] == name(successor));
            if is_on {
                log::warn!(
                    target: "walk",
                    "`{0}` read what `{1}` makes, which needs `{0}` itself: it does not wait for it, \
                     and runs again once that has changed", name(successor), name(maker)
                );
            }
            !is_on
        });
        if edges.len() == before {
            edges.clear();
        }
    }
}

/// Returns what is known of the surroundings before the tools are asked.
fn surroundings(plan: &Plan) -> Surroundings {
    let secrets = Secrets::of(&plan.env);
    Surroundings { tracked: tracked(plan), set: set(plan), tools: vec![], secrets }
}

fn tracked(plan: &Plan) -> Vec<(Arc<str>, walk_core::Value)> {
    let tracked = plan.env.track.iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some((format!("track {name}").into(), secrets::element(&plan.env, name, &value)))
    });
    tracked.collect()
}

fn set(plan: &Plan) -> Vec<(Arc<str>, walk_core::Value)> {
    let set = plan.env.set.iter();
    set.map(|(name, value)| (format!("env {name}").into(), elements::text(value))).collect()
}

impl std::fmt::Debug for CommandWalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandWalk").field("options", &self.options).finish_non_exhaustive()
    }
}
