//! Whether what a job read held still while it ran.
//!
//! What is declared as input is compared before and after, as part of the fingerprint. Here is what
//! that does not show: files that only the job itself told of, and those that the actions in `deps`
//! made, of which the fingerprint has a result and no content. What changed and changed back is not
//! seen by anybody.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use walk_core::{Action, Fingerprint, Value};

use super::elements::{self, FileKind};
use super::outcome::Ended;
use super::{CommandWalk, content};
use crate::{ActionId, FileId};

impl CommandWalk {
    /// Returns a file that may have changed while `job` ran, if what was read of it may be older
    /// than what it holds now.
    pub(super) fn unsteady(
        &mut self,
        action: &Action<'_, ActionId>,
        expected: Option<&Fingerprint>,
        discovered: &[FileId],
        job: &Ended,
    ) -> Option<PathBuf> {
        let written = self.written_meanwhile(action, expected, discovered, job);
        written.or_else(|| self.changed_result(action))
    }

    /// Returns a newly discovered file that may have been written after the job started: what
    /// the job read of it may be older than what it holds now.
    fn written_meanwhile(
        &mut self,
        action: &Action<'_, ActionId>,
        expected: Option<&Fingerprint>,
        discovered: &[FileId],
        job: &Ended,
    ) -> Option<PathBuf> {
        let is_before = |ctime_ns: i64| job.captured.started_ns.is_some_and(|it| ctime_ns < it);
        discovered.iter().find_map(|&id| {
            let name = self.files.name(&self.plan, FileKind::Depfile, id);
            if expected.is_some_and(|it| it.get(&name).is_some()) {
                return None;
            }
            // One that was looked at before, and is the same, is no newer than that look.
            let seen = self.files.look(&self.plan, id).ok()?;
            let makers: Vec<ActionId> = self.plan.makers_of(id).collect();
            // What began in an earlier walk knows nothing of what this one made before it.
            let is_ours = job.captured.began.is_none();
            let came_before =
                |it: &ActionId| is_ours && self.order.ended_before(*it, *action.data());
            let old = seen.observed_at < job.started
                || (!makers.is_empty() && makers.iter().all(came_before))
                || seen.stamp.is_none_or(|it| is_before(it.ctime_ns));
            (!old).then(|| self.plan.files.path(id).into())
        })
    }

    /// Returns a file of an action in `deps` that is not what that action left.
    fn changed_result(&mut self, action: &Action<'_, ActionId>) -> Option<PathBuf> {
        let mut todo = self.command(*action.data()).deps.clone();
        let mut seen = FxHashSet::default();
        while let Some(dep) = todo.pop() {
            if !seen.insert(dep) {
                continue;
            }
            let vertex = self.vertices.get(dep.index()).copied().flatten();
            let Some(known) = vertex.and_then(|it| action.at(it).new_fingerprint()) else {
                continue;
            };
            // An alias made nothing itself: it stands for what it needs.
            let kind = if self.command(dep).is_alias() {
                todo.extend(&self.command(dep).deps);
                FileKind::Input
            } else {
                FileKind::Output
            };
            let mut files = elements::files(known, kind);
            if let Some((path, _)) = files.find(|(path, value)| !self.is_still(path, value)) {
                return Some(path);
            }
        }
        None
    }

    /// Returns whether a file has the content that it had.
    fn is_still(&mut self, path: &Path, value: &Value) -> bool {
        let Some(id) = self.plan.files.id(path) else { return true };
        let Ok(seen) = self.files.look(&self.plan, id) else { return false };
        let now = [content::value(&self.plan, id, &seen), content::made(&self.plan, id, &seen)];
        now.iter().any(|it| content::is_same(it, value))
    }
}
