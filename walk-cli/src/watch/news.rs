//! What changed and nobody has acted on yet; shared with the thread that hears of changes, which
//! also stops a run that became obsolete.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use walk_core::Interrupt;

use super::scope::{Kind, Scope, Weight};

/// For how long nothing may change before it is acted on, and for how long that is waited for: an
/// editor writes several times, a checkout for seconds.
const QUIET: Duration = Duration::from_millis(75);
const LONGEST: Duration = Duration::from_secs(2);

/// What changed.
#[derive(Default)]
pub(super) struct News {
    state: Mutex<State>,
    has_changed: Condvar,
}

#[derive(Default)]
struct State {
    scope: Arc<Scope>,
    changes: Changes,
    /// When something changed last.
    last: Option<Instant>,
    run: Option<Run>,
}

/// Changes, and what each means at most.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) paths: BTreeMap<PathBuf, Weight>,
    /// Directories that came or went.
    pub(super) moved: BTreeSet<PathBuf>,
    /// There were more than the kernel could tell of.
    pub(super) are_incomplete: bool,
}

struct Run {
    interrupt: Interrupt,
    /// What was decided by what files were then.
    decided: HashSet<usize>,
    /// What was decided by what a file is no more.
    doomed: HashSet<usize>,
    started: HashSet<usize>,
    /// Files that change in every run: they do not stop it.
    restless: BTreeSet<PathBuf>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.are_incomplete
    }

    /// Returns whether all of it is other content of files that are still there.
    pub(super) fn are_edits(&self) -> bool {
        let is_edit = |it: (&PathBuf, &Weight)| *it.1 == Weight::Obsolete && it.0.is_file();
        !self.are_incomplete && self.moved.is_empty() && self.paths.iter().all(is_edit)
    }

    /// Returns whether all of it may mean nothing.
    pub(super) fn may_be_nothing(&self) -> bool {
        !self.are_incomplete && self.paths.values().all(|it| *it == Weight::Listing)
    }
}

impl News {
    /// Weighs what changes by `scope` from now on.
    pub(super) fn set_scope(&self, scope: Arc<Scope>) {
        self.state().scope = scope;
    }

    /// Begins a run, which `interrupt` stops if it becomes obsolete.
    pub(super) fn begin(&self, interrupt: Interrupt, restless: BTreeSet<PathBuf>) {
        let (decided, doomed, started) = Default::default();
        self.state().run = Some(Run { interrupt, decided, doomed, started, restless });
    }

    /// Hears that an action of the run is to start.
    pub(super) fn decided(&self, name: &str) {
        let mut state = self.state();
        if let (Some(action), Some(run)) = (state.scope.action(name), &mut state.run) {
            run.decided.insert(action);
        }
    }

    /// Hears that an action of the run starts.
    pub(super) fn started(&self, name: &str) {
        let mut state = self.state();
        if let (Some(action), Some(run)) = (state.scope.action(name), &mut state.run) {
            run.started.insert(action);
            if run.doomed.contains(&action) {
                run.interrupt.trigger();
            }
        }
    }

    /// Ends the run; returns whether anything was started.
    pub(super) fn end(&self) -> bool {
        self.state().run.take().is_some_and(|it| !it.started.is_empty())
    }

    /// Hears of a change.
    pub(super) fn take(&self, path: &Path, kind: Kind) {
        let mut state = self.state();
        let Some(weight) = state.scope.weigh(path, kind) else { return };
        if kind == Kind::Entry && state.scope.directories.contains(path) {
            state.changes.moved.insert(path.into());
        }
        let known = state.changes.paths.entry(path.into()).or_insert(weight);
        *known = weight.max(*known);
        if weight == Weight::Obsolete {
            state.make_obsolete(path);
        }
        self.tell(state);
    }

    /// Hears that changes were missed.
    pub(super) fn lost(&self) {
        let mut state = self.state();
        state.changes.are_incomplete = true;
        self.tell(state);
    }

    /// Adds a change that was found otherwise.
    pub(super) fn add(&self, path: PathBuf) {
        let mut state = self.state();
        state.changes.paths.insert(path, Weight::Obsolete);
        self.tell(state);
    }

    /// Waits until something has changed, and then nothing for a while; returns it.
    pub(super) fn wait(&self) -> Changes {
        let mut state = self.state();
        while state.changes.is_empty() {
            state = self.has_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.settled(state)
    }

    /// Waits for a moment for what a run changed last, and returns all that has changed.
    pub(super) fn settle(&self) -> Changes {
        let mut state = self.state();
        state.last = Some(Instant::now());
        self.settled(state)
    }

    /// Waits for `delay`, or until something else than `restless` has changed; what changed until
    /// then is the next round's.
    pub(super) fn put_off(&self, delay: Duration, restless: &BTreeSet<PathBuf>) {
        let end = Instant::now() + delay;
        let mut state = self.state();
        let is_restless = |it: &Changes| {
            !it.are_incomplete && it.paths.keys().all(|path| restless.contains(path))
        };
        while is_restless(&state.changes)
            && let Some(left) = end.checked_duration_since(Instant::now())
        {
            let waited = self.has_changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(self.settled(state));
    }

    fn settled(&self, mut state: MutexGuard<'_, State>) -> Changes {
        let began = Instant::now();
        while let Some(last) = state.last {
            let end = (last + QUIET).min(began + LONGEST);
            let Some(left) = end.checked_duration_since(Instant::now()) else { break };
            let waited = self.has_changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.last = None;
        std::mem::take(&mut state.changes)
    }

    fn tell(&self, mut state: MutexGuard<'_, State>) {
        state.last = Some(Instant::now());
        drop(state);
        self.has_changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Stops the run if something that runs, or has run, read what `path` was before.
    fn make_obsolete(&mut self, path: &Path) {
        let Some(run) = &mut self.run else { return };
        if run.restless.contains(path) {
            return;
        }
        let scope = Arc::clone(&self.scope);
        let readers = scope.readers(path).filter(|it| run.decided.contains(it));
        let (started, waiting): (Vec<usize>, Vec<usize>) =
            readers.partition(|it| run.started.contains(it));
        run.doomed.extend(waiting);
        if !started.is_empty() {
            run.interrupt.trigger();
        }
    }
}
