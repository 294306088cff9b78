//! What it depended on that a walk found nothing to do, or little.
//!
//! What a walk decides is made of the manifest, the environment, the store and the files that it
//! looked at, and of nothing else. A walk may leave behind what all of these looked like; as long
//! as they do, an action that was found up to date is so, and neither the manifest nor the store
//! has to be read for it. What differs concerns some actions, and they alone are walked: see
//! [`compiled`](super::compiled). The one who asks has the lock, as for any walk.
//!
//! Nothing is decided here: whatever differs, whatever cannot be told apart from a difference, and
//! whatever this file does not know how to look at again has the walk begin as ever. Who opens the
//! store for writing removes the memo first, so that none outlives what it was made of.

use std::env;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use walk_core::fingerprint::{FileStamp, FileState, Observed, Pictured, Snapshot};
use walk_core::{Checksum, Dag, Report, Value};

use super::compiled::{Draft, Flag, Graph, Known, Partial, flag};
use super::{CommandWalk, StateDir, content};
use crate::{ActionId, FileId, Paths, Plan, Run};

/// A memo in the making: what the walks of one run depended on.
#[derive(Debug)]
pub struct Memo {
    /// Before anything was read.
    started: SystemTime,
    /// `None` once the run depended on what cannot be looked at again.
    seen: Option<Seen>,
    tracked: Vec<(String, Option<Checksum>)>,
    actions: usize,
}

/// The files that a run depended on.
#[derive(Debug, Default)]
struct Seen {
    files: Vec<Pictured>,
    /// How many of the first the manifest was read from.
    read: usize,
    /// The graph that was walked, if it was one and can be described, and a [`Flag`] for each of
    /// its actions. Without it nothing was done.
    graph: Option<(Draft, Vec<u8>)>,
}

/// What a memo knows of a question.
#[derive(Debug)]
pub enum Recall {
    /// Nothing.
    Nothing,
    /// So many actions were up to date, and are.
    UpToDate(usize),
    /// Some files are not what they were: this part of the plan has to be walked.
    Part(Box<Partial>),
}

impl Memo {
    /// Begins before anything is read.
    #[must_use]
    pub fn new() -> Self {
        let (seen, tracked) = (Some(Seen::default()), Vec::new());
        Self { started: SystemTime::now(), seen, tracked, actions: 0 }
    }

    /// Adds a walk that ended.
    pub fn add(&mut self, walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) {
        let Some(mut seen) = self.seen.take() else { return };
        let asks_tools = dag.vertices().any(|it| !walk.command(dag[it]).tools.is_empty());
        let is_quiet = !walk.has_changed && report.is_success();
        let may_be_part = seen.files.is_empty() && walk.plan.settings.paths == Paths::Trees;
        if walk.options.dry_run || asks_tools || !(is_quiet || may_be_part) {
            return;
        }
        let plan = &walk.plan;
        for path in &plan.seen {
            let Some(pictured) = self.picture(plan, path) else { return };
            seen.files.push(pictured);
        }
        seen.read = seen.files.len();
        let mut positions = vec![None; plan.files.len()];
        for id in walk.files_of(dag) {
            let Some(pictured) = walk.files.seen(id).and_then(|it| pictured(plan, id, it)) else {
                return;
            };
            positions[id.index()] = u32::try_from(seen.files.len()).ok();
            seen.files.push(pictured);
        }
        let draft = may_be_part.then(|| Draft::new(walk, dag, |it| positions[it.index()]));
        seen.graph = draft.flatten().map(|it| (it, flags(walk, dag, report)));
        let plan = &walk.plan;
        if !plan.seen_is_all || !(is_quiet || seen.graph.is_some()) {
            return;
        }
        self.seen = Some(seen);
        self.tracked.extend(plan.env.track.iter().map(|it| (it.clone(), tracked(it))));
        let runs = |it: &ActionId| plan.actions[it.index()].run != Run::Nothing;
        self.actions = dag.vertices().filter(|it| runs(&dag[*it])).count();
    }

    /// Pictures what the manifest was read from. What is not there may have been, when it was read.
    fn picture(&self, plan: &Plan, path: &Path) -> Option<Pictured> {
        let stamp = Some(FileStamp::of(&plan.root.join(path)).ok()??);
        let state = FileState::Missing;
        Pictured::new(path, &Observed { state, stamp, observed_at: self.started }, false)
    }

    /// Keeps the memo under `key`, which says what was asked; does nothing if that would save
    /// the next walk little.
    pub fn save(self, state: &StateDir, key: &[u8]) {
        let Some(Seen { mut files, read, graph }) = self.seen else { return };
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        let (draft, flags) = graph.unzip();
        let flags = flags.unwrap_or_default();
        let unproven = flags.iter().filter(|it| !Flag(**it).is_proven()).count();
        if unproven * 2 > flags.len() {
            return;
        }
        for path in state.store_files() {
            let Ok(path) = std::path::absolute(path) else { return };
            let Some(pictured) = stamped(&path) else { return };
            files.push(pictured);
        }
        let id = since_epoch(SystemTime::now());
        let is_written = draft.map(|it| it.save(&state.graph(), id).is_ok());
        if is_written == Some(false) && unproven > 0 {
            return;
        }
        let mut note = Vec::new();
        push(&mut note, &self.actions.to_le_bytes());
        push(&mut note, &read.to_le_bytes());
        push(&mut note, &if is_written == Some(true) { id } else { 0 }.to_le_bytes());
        push(&mut note, &self.tracked.len().to_le_bytes());
        for (name, value) in &self.tracked {
            push(&mut note, name.as_bytes());
            push(&mut note, value.as_ref().map_or(&[], |it| it.as_bytes()));
        }
        note.extend(flags);
        if let Err(error) = Snapshot::save(&state.memo(), key, &note, &files) {
            log::info!(target: "walk", "no memo of this walk: {error}");
        }
    }

    /// Returns what is known of the question `key` since it was asked last; paths are looked up
    /// from `root`. The caller holds the lock of `state`, for as long as the part is walked.
    #[must_use]
    pub fn recall(state: &StateDir, root: &Path, key: &[u8]) -> Recall {
        recall(state, root, key).unwrap_or(Recall::Nothing)
    }

    /// Returns the action that is called `target`, with all that comes before it, as it was when
    /// the question `key` was asked last: to be asked about, by whoever does not have the lock.
    /// `None` if the memo does not tell.
    #[must_use]
    pub fn about(state: &StateDir, root: &Path, key: &[u8], target: &str) -> Option<Partial> {
        about(state, root, key, target)
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new()
    }
}

/// A memo that was read.
struct Kept {
    snapshot: Snapshot,
    actions: usize,
    /// How many of the first files the manifest was read from.
    read: usize,
    graph: u64,
    flags: Vec<u8>,
    /// What stands before the flags.
    note: Vec<u8>,
}

impl Kept {
    /// Reads the memo of the question `key`, if the environment is what it was.
    fn load(state: &StateDir, key: &[u8]) -> Option<Self> {
        let snapshot = Snapshot::load(&state.memo(), key)?;
        let whole = snapshot.note();
        let mut fields = whole;
        let actions = usize::from_le_bytes(pull(&mut fields)?.try_into().ok()?);
        let read = u64::from_le_bytes(pull(&mut fields)?.try_into().ok()?);
        let graph = u64::from_le_bytes(pull(&mut fields)?.try_into().ok()?);
        for _ in 0..usize::from_le_bytes(pull(&mut fields)?.try_into().ok()?) {
            let name = OsStr::from_bytes(pull(&mut fields)?).to_str()?;
            let value = tracked(name);
            if pull(&mut fields)? != value.as_ref().map_or(&[][..], |it| it.as_bytes()) {
                return None;
            }
        }
        let (flags, note) = (fields.to_vec(), whole[..whole.len() - fields.len()].to_vec());
        let read = usize::try_from(read).ok()?;
        Some(Self { snapshot, actions, read, graph, flags, note })
    }

    /// Returns the positions of the files that actions read and make: after what the manifest
    /// was read from, before what the store is in.
    fn files(&self, state: &StateDir) -> Option<Range<usize>> {
        let end = self.snapshot.len().checked_sub(state.store_files().len())?;
        (self.read <= end).then_some(self.read..end)
    }

    /// Reads the graph beside the memo.
    fn known(self, state: &StateDir, root: &Path) -> Option<Known> {
        let Self { snapshot, actions, flags, note, .. } = self;
        let graph = Graph::load(&state.graph(), self.graph, snapshot.len())?;
        let is_whole = graph.len() == flags.len();
        is_whole.then(|| Known { snapshot, graph, flags, actions, note, root: root.into() })
    }
}

fn recall(state: &StateDir, root: &Path, key: &[u8]) -> Option<Recall> {
    let mut kept = Kept::load(state, key)?;
    let changed = kept.snapshot.changed(root);
    if changed.is_empty() && kept.flags.iter().all(|it| Flag(*it).is_proven()) {
        if let Err(error) = kept.snapshot.renew(&state.memo()) {
            log::info!(target: "walk", "the memo cannot be renewed: {error}");
        }
        return Some(Recall::UpToDate(kept.actions));
    }
    let files = kept.files(state)?;
    if !changed.iter().all(|it| files.contains(it)) {
        return None;
    }
    let known = kept.known(state, root)?;
    Some(Recall::Part(Box::new(Partial::new(known, &changed)?)))
}

fn about(state: &StateDir, root: &Path, key: &[u8], target: &str) -> Option<Partial> {
    let kept = Kept::load(state, key)?;
    let files = kept.files(state)?;
    let others = (0..files.start).chain(files.end..kept.snapshot.len());
    if !kept.snapshot.look_the_same(root, others) {
        return None;
    }
    Partial::about(kept.known(state, root)?, target)
}

/// Returns what is known of each action of a graph that was walked, in the order of the numbers.
fn flags(walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) -> Vec<u8> {
    let flag = |vertex: &walk_core::Vertex| {
        let id = dag[*vertex].index();
        let command = &walk.plan.actions[id];
        let files = command.inputs.iter().chain(&command.outputs).chain(&walk.discovered[id]);
        let is_still = files.copied().all(|it| walk.files.held_still(it));
        flag(&report.actions()[vertex.index()], is_still).0
    };
    dag.topological_order().iter().map(flag).collect()
}

/// Pictures a file that decides over an action; `None` if it cannot be looked at again.
pub(super) fn pictured(plan: &Plan, id: FileId, seen: &Observed) -> Option<Pictured> {
    // What is below a directory does not show in its own times.
    let is_tree = matches!(seen.state, FileState::Directory(_));
    if is_tree && plan.settings.paths == Paths::Trees {
        return None;
    }
    let by_content = matches!(content::value(plan, id, seen), Value::Digest(_));
    Pictured::new(plan.files.path(id), seen, by_content)
}

/// Pictures a file of the store.
pub(super) fn stamped(path: &Path) -> Option<Pictured> {
    Some(Pictured::stamped(path, FileStamp::of(path).ok()?))
}

/// Returns a number that no other graph has: only one is written at a time.
fn since_epoch(moment: SystemTime) -> u64 {
    let nanoseconds = moment.duration_since(UNIX_EPOCH).map_or(1, |it| it.as_nanos());
    u64::try_from(nanoseconds).unwrap_or(u64::MAX)
}

fn tracked(name: &str) -> Option<Checksum> {
    env::var_os(name).map(|it| Checksum::of(it.as_bytes()))
}

fn push(to: &mut Vec<u8>, field: &[u8]) {
    to.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_le_bytes());
    to.extend(field);
}

fn pull<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *from = rest;
    Some(field)
}
