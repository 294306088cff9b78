//! What it depended on that a walk found nothing to do.
//!
//! What a walk decides is made of the manifest, the environment, the store and the files that it
//! looked at, and of nothing else. A walk that changed nothing may leave behind what all of these
//! looked like; as long as they do, the same question has the same answer, and neither the manifest
//! nor the store has to be read for it. The one who asks has the lock, as for any walk.
//!
//! Nothing is decided here: whatever differs, whatever cannot be told apart from a difference, and
//! whatever this file does not know how to look at again has the walk begin as ever. Who opens the
//! store for writing removes the memo first, so that none outlives what it was made of.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::SystemTime;

use walk_core::fingerprint::{FileStamp, FileState, Observed, Pictured, Snapshot};
use walk_core::{Checksum, Dag, Report, Value};

use super::{CommandWalk, StateDir, content};
use crate::{ActionId, FileId, Paths, Plan, Run};

/// A memo in the making: what the walks of one run depended on.
#[derive(Debug)]
pub struct Memo {
    /// Before anything was read.
    started: SystemTime,
    /// `None` once the run did something, or depended on what cannot be looked at again.
    seen: Option<Vec<Pictured>>,
    tracked: Vec<(String, Option<Checksum>)>,
    actions: usize,
}

impl Memo {
    /// Begins before anything is read.
    #[must_use]
    pub fn new() -> Self {
        let (seen, tracked) = (Some(Vec::new()), Vec::new());
        Self { started: SystemTime::now(), seen, tracked, actions: 0 }
    }

    /// Adds a walk that ended.
    pub fn add(&mut self, walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) {
        let Some(mut seen) = self.seen.take() else { return };
        let plan = walk.plan();
        let Some(read) = plan.seen.as_ref().filter(|_| is_quiet(walk, dag, report)) else { return };
        for path in read {
            let Some(pictured) = self.picture(plan, path) else { return };
            seen.push(pictured);
        }
        for id in walk.files_of(dag) {
            let Some(pictured) = walk.files.seen(id).and_then(|it| pictured(plan, id, it)) else {
                return;
            };
            seen.push(pictured);
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

    /// Keeps the memo under `key`, which says what was asked; does nothing if anything was done.
    pub fn save(self, state: &StateDir, key: &[u8]) {
        let Some(mut seen) = self.seen else { return };
        for path in state.store_files() {
            let Ok(path) = std::path::absolute(path) else { return };
            let Ok(stamp) = FileStamp::of(&path) else { return };
            seen.push(Pictured::stamped(path, stamp));
        }
        let mut note = Vec::new();
        push(&mut note, &self.actions.to_le_bytes());
        for (name, value) in &self.tracked {
            push(&mut note, name.as_bytes());
            push(&mut note, value.as_ref().map_or(&[], |it| it.as_bytes()));
        }
        if let Err(error) = Snapshot::save(&state.memo(), key, &note, &seen) {
            log::info!(target: "walk", "no memo of this walk: {error}");
        }
    }

    /// Returns how many actions were found up to date when `key` was asked last, if the same is
    /// sure to be found now; paths are looked up from `root`. The caller holds the lock of `state`.
    #[must_use]
    pub fn recall(state: &StateDir, root: &Path, key: &[u8]) -> Option<usize> {
        let mut snapshot = Snapshot::load(&state.memo(), key)?;
        let mut fields = snapshot.note();
        let actions = usize::from_le_bytes(pull(&mut fields)?.try_into().ok()?);
        while !fields.is_empty() {
            let name = OsStr::from_bytes(pull(&mut fields)?).to_str()?;
            let value = tracked(name);
            if pull(&mut fields)? != value.as_ref().map_or(&[][..], |it| it.as_bytes()) {
                return None;
            }
        }
        let is_same = snapshot.changed(root).is_empty();
        if is_same && let Err(error) = snapshot.renew(&state.memo()) {
            log::info!(target: "walk", "the memo cannot be renewed: {error}");
        }
        is_same.then_some(actions)
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns whether a walk changed nothing, and will not by being asked again.
fn is_quiet(walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) -> bool {
    let asks_tools = dag.vertices().any(|it| !walk.command(dag[it]).tools.is_empty());
    !walk.has_changed && !walk.options.dry_run && report.is_success() && !asks_tools
}

fn pictured(plan: &Plan, id: FileId, seen: &Observed) -> Option<Pictured> {
    // What is below a directory does not show in its own times.
    let is_tree = matches!(seen.state, FileState::Directory(_));
    if is_tree && plan.settings.paths == Paths::Trees {
        return None;
    }
    let by_content = matches!(content::value(plan, id, seen), Value::Digest(_));
    Pictured::new(plan.files.path(id), seen, by_content)
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
