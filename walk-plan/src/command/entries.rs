//! The rules of make and ninja, for plans whose paths are entries.
//!
//! There, what an action made is known by its time, and so what was only touched is news; here
//! it is known by content. Three things keep the two from differing where it would matter:
//!
//! - an alias is a name for files: it keeps nothing, and what depends on it depends on them;
//! - an output that is empty, or a directory, is a stamp: it says that something was made, not
//!   what, so it stands for what it was made of;
//! - the action that makes the manifest is up to date if somebody else made that after its inputs
//!   last changed: the first time it always was somebody else.

use std::fs;

use rustc_hash::FxHashSet;
use walk_core::fingerprint::{FileStamp, FileState};
use walk_core::{Action, Dag, Fingerprint, Phase};

use super::outcome::Captured;
use super::{CommandWalk, WalkError, content, elements, files};
use crate::{ActionId, Command, FileId, MissingOutputs, Paths, Plan, depfile};

/// In which order the jobs of a walk started and ended.
#[derive(Debug, Default)]
pub(super) struct Order {
    moment: u32,
    /// By action: when its job started, when it ended; zero if it did not.
    spans: Vec<(u32, u32)>,
}

impl Order {
    pub(super) fn started(&mut self, action: ActionId) {
        self.moment += 1;
        self.span(action).0 = self.moment;
    }

    pub(super) fn ended(&mut self, action: ActionId) {
        self.moment += 1;
        self.span(action).1 = self.moment;
    }

    /// Returns whether `first` had ended when the job of `second` started.
    pub(super) fn ended_before(&self, first: ActionId, second: ActionId) -> bool {
        let span = |it: ActionId| self.spans.get(it.index()).copied().unwrap_or_default();
        let (ended, started) = (span(first).1, span(second).0);
        ended > 0 && ended < started
    }

    fn span(&mut self, action: ActionId) -> &mut (u32, u32) {
        if self.spans.len() <= action.index() {
            self.spans.resize(action.index() + 1, (0, 0));
        }
        &mut self.spans[action.index()]
    }
}

/// Returns, by action, whether it is an alias whose result decides over another action, be it
/// because its depfile named it.
pub(super) fn consumed(plan: &Plan, discovered: &[Vec<FileId>]) -> Vec<bool> {
    let mut consumed = vec![false; plan.actions.len()];
    let is_command = |it: &&Command| !it.is_alias();
    let deps = plan.actions.iter().filter(is_command).flat_map(|it| it.deps.iter().copied());
    let named = discovered.iter().flatten().filter_map(|it| plan.files.producer(*it));
    let mut todo: Vec<ActionId> = deps.chain(named).collect();
    while let Some(id) = todo.pop() {
        let action = &plan.actions[id.index()];
        if action.is_alias() && !std::mem::replace(&mut consumed[id.index()], true) {
            todo.extend(&action.deps);
        }
    }
    consumed
}

/// Returns whether the success of `command` is to be had again in the next walk.
pub(super) fn is_unsettled(command: &Command, captured: &Captured) -> bool {
    let is_missing = || captured.outputs.iter().any(|it| it.1.state == FileState::Missing);
    captured.is_blind || (command.missing_outputs == MissingOutputs::Rerun && is_missing())
}

impl CommandWalk {
    /// Returns what an alias stands for: the contents of its files; `None` if nobody depends
    /// on it, or if it is not known what one of them was made of.
    pub(super) fn alias(
        &mut self,
        action: &Action<'_, ActionId>,
        phase: Phase,
    ) -> Option<Fingerprint> {
        let id = *action.data();
        if !self.consumed[id.index()] {
            return None;
        }
        if phase == Phase::Final {
            return action.new_fingerprint().cloned();
        }
        let data = self.data_predecessors(id);
        let is_unknown = |it: &Action<'_, _>| it.new_fingerprint().is_none();
        if action.predecessors().filter(|it| data.contains(it.data())).any(|it| is_unknown(&it)) {
            return None;
        }
        self.fingerprint(action, &[], None, &[]).ok()
    }

    /// Returns who makes those of the action's inputs that say nothing of what was made.
    pub(super) fn makers_of_stamps(&mut self, id: ActionId, more: &[FileId]) -> Vec<ActionId> {
        let depth = files::depth(self.plan.settings.paths);
        let inputs = &self.plan.actions[id.index()].inputs;
        let mut makers = Vec::new();
        for &file in inputs.iter().chain(more) {
            let maker = self.plan.files.producer(file);
            let Some(maker) = maker.filter(|it| *it != id && !self.command(*it).is_alias()) else {
                continue;
            };
            let Ok(seen) = self.files.look(&self.plan, file) else { continue };
            let path = self.plan.root.join(self.plan.files.path(file));
            if seen.stamp.is_some() && content::says_nothing(depth, &path, &seen) {
                makers.push(maker);
            }
        }
        makers
    }

    /// Returns the aliases among what a depfile named that are no files as well: they stand for
    /// theirs.
    pub(super) fn aliases<'a>(
        &'a self,
        discovered: &'a [FileId],
    ) -> impl Iterator<Item = ActionId> + 'a {
        let makers = discovered.iter().filter_map(|&it| Some((it, self.plan.files.producer(it)?)));
        let is_file = |file: FileId| self.plan.root.join(self.plan.files.path(file)).exists();
        let aliases = makers.filter(|(_, maker)| self.command(*maker).is_alias());
        aliases.filter(move |(file, _)| !is_file(*file)).map(|(_, maker)| maker)
    }

    /// Returns whether somebody else has made the manifest from its inputs as they are: nobody
    /// knows from which contents, so that the times decide, as in ninja. Where it is what walk
    /// made of it, contents decide, unless all that is new is which files are declared: it says so
    /// itself, and knew when it was made.
    pub(super) fn was_made_elsewhere(&mut self, action: &Action<'_, ActionId>) -> bool {
        let is_decided = match (action.prev_fingerprint(), action.new_fingerprint()) {
            (Some(previous), Some(new)) => {
                elements::has_same_outputs(previous, new)
                    && !elements::differ_in_what_is_read(previous, new)
            }
            (previous, _) => previous.is_none() && self.lacks_depfile(action),
        };
        if is_decided {
            return false;
        }
        let inputs = self.files_read(*action.data());
        let command = &self.plan.actions[action.data().index()];
        let mut look = |file: &FileId| self.files.look(&self.plan, *file).ok()?.stamp;
        let outputs: Option<Vec<_>> = command.outputs.iter().map(&mut look).collect();
        let Some(outputs) = outputs else { return false };
        let Some(written) = outputs.iter().map(|it| it.mtime_ns).min() else { return false };
        // The times of writing come back with a file that is copied or unpacked, the times of
        // change do not. Of two changes within one tick of the clock nobody knows which came
        // first.
        let changed = outputs.iter().map(|it| it.ctime_ns).min().unwrap_or_default();
        let is_older = |it: FileStamp| it.mtime_ns <= written && it.ctime_ns < changed;
        inputs.iter().all(|it| look(it).is_some_and(is_older))
    }

    /// Returns the files that the depfile of an action names that somebody else ran; none if it
    /// cannot be read.
    pub(super) fn left_in_depfile(&mut self, id: ActionId) -> Vec<FileId> {
        let depfile = self.command(id).depfile;
        let path = depfile.map(|it| self.plan.root.join(self.plan.files.path(it)));
        let content = path.filter(|it| it.is_file()).and_then(|it| fs::read(it).ok());
        let names = content.and_then(|it| depfile::parse(&it).ok()).unwrap_or_default();
        self.intern(id, &names)
    }

    /// Returns whether it is not known what a depfile of the manifest named.
    fn lacks_depfile(&self, action: &Action<'_, ActionId>) -> bool {
        let id = *action.data();
        self.command(id).depfile.is_some() && self.discovered[id.index()].is_empty()
    }

    /// Returns whether nothing that the manifest was just made of changed after `started`, but
    /// for what was made with it.
    pub(super) fn was_made_of_these(
        &mut self,
        action: &Action<'_, ActionId>,
        started: Option<i64>,
    ) -> bool {
        let inputs = self.files_read(*action.data());
        let command = &self.plan.actions[action.data().index()];
        let mut changed = |file: &FileId| {
            let seen = self.files.look(&self.plan, *file).ok()?;
            seen.stamp.map(|it| it.ctime_ns)
        };
        let outputs: Option<Vec<i64>> = command.outputs.iter().map(&mut changed).collect();
        let Some(made) = outputs.and_then(|it| it.into_iter().max()) else { return false };
        let limit = started.map_or(made, |it| it.max(made));
        // What is missing, such as what makes a step run always, did not change.
        let mut is_old = |it: &FileId| changed(it).is_none_or(|it| it <= limit);
        let late: Vec<FileId> = inputs.into_iter().filter(|it| !is_old(it)).collect();
        // A stamp may be touched afterwards: there is nothing in it that could have been read.
        late.into_iter().all(|it| {
            let seen = self.files.look(&self.plan, it);
            seen.is_ok_and(|seen| content::is_timed(&content::value(&self.plan, it, &seen)))
        })
    }

    /// Returns the files that the action reads: those it declares, those its depfile named, and
    /// those that aliases among its predecessors stand for.
    fn files_read(&self, id: ActionId) -> Vec<FileId> {
        let mut files = self.discovered[id.index()].clone();
        let (mut todo, mut seen) = (vec![id], FxHashSet::default());
        while let Some(next) = todo.pop() {
            let command = self.command(next);
            if (next == id || command.is_alias()) && seen.insert(next) {
                files.extend(&command.inputs);
                todo.extend(&command.deps);
            }
        }
        files
    }

    /// Refuses inputs that neither exist nor are made, where paths are entries: elsewhere the
    /// reader of the manifest did.
    pub(super) fn refuse_missing(&mut self, dag: &Dag<ActionId>) -> Result<(), WalkError> {
        if self.plan.settings.paths == Paths::Trees {
            return Ok(());
        }
        for id in dag.vertices().map(|it| dag[it]) {
            let command = &self.plan.actions[id.index()];
            for &file in &command.inputs {
                let is_source = self.plan.files.producer(file).is_none();
                if is_source && self.files.look(&self.plan, file).is_ok_and(|it| it.stamp.is_none())
                {
                    let path = self.plan.files.path(file).into();
                    return Err(WalkError::MissingInput { path, action: command.name.to_string() });
                }
            }
        }
        Ok(())
    }
}
