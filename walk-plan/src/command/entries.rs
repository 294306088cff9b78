//! The rules of make and ninja, for plans whose paths are entries.
//!
//! There, what an action made is known by its time, and so what was only touched is news; here
//! it is known by content. Three things keep the two from differing where it would matter:
//!
//! - an alias is a name for files: it keeps nothing, and what depends on it depends on them;
//! - an output that is empty, or a directory, is a stamp: it says that something was made, not
//!   what, so it stands for what it was made of;
//! - the action that makes the manifest is up to date if that was made after its inputs last
//!   changed, whoever made it: the first time it was somebody else.

use walk_core::fingerprint::FileState;
use walk_core::{Action, Dag, Fingerprint, Phase};

use super::outcome::Captured;
use super::{CommandWalk, WalkError, work};
use crate::{ActionId, Command, FileId, MissingOutputs, Paths, Plan};

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

/// Returns, by action, whether it is an alias whose result decides over another action.
pub(super) fn consumed(plan: &Plan) -> Vec<bool> {
    let mut consumed = vec![false; plan.actions.len()];
    let is_command = |it: &&Command| !it.is_alias();
    let deps = plan.actions.iter().filter(is_command).flat_map(|it| it.deps.iter().copied());
    let mut todo: Vec<ActionId> = deps.collect();
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
        let inputs = &self.plan.actions[id.index()].inputs;
        let mut makers = Vec::new();
        for &file in inputs.iter().chain(more) {
            let maker = self.plan.files.producer(file);
            let Some(maker) = maker.filter(|it| *it != id && !self.command(*it).is_alias()) else {
                continue;
            };
            let seen = self.files.look(&self.plan, file);
            if seen.is_ok_and(|it| it.stamp.is_some() && work::says_nothing(&it)) {
                makers.push(maker);
            }
        }
        makers
    }

    /// Returns whether all outputs of the action are there, and no input changed after the
    /// first of them was written, or after `since`. The times are those of the last change of
    /// any kind, which no program can set back.
    pub(super) fn was_generated(
        &mut self,
        action: &Action<'_, ActionId>,
        since: Option<i64>,
    ) -> bool {
        let id = *action.data();
        let command = &self.plan.actions[id.index()];
        let mut changed = |file: FileId| {
            let seen = self.files.look(&self.plan, file).ok()?;
            seen.stamp.map(|it| it.ctime_ns)
        };
        let outputs: Option<Vec<i64>> = command.outputs.iter().map(|it| changed(*it)).collect();
        let Some(&made) = outputs.as_ref().and_then(|it| it.first()) else { return false };
        // Of two changes within one tick of the clock nobody knows which came first; of what
        // the action itself made they do not have to be told apart.
        let limit = since.map_or(made - 1, |it| it.max(made));
        let inputs = command.inputs.iter().chain(&self.discovered[id.index()]);
        inputs.copied().all(|it| changed(it).is_some_and(|it| it <= limit))
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
