//! What is known of each file during a walk, and when to look again.
//!
//! A file is looked at once, in parallel with all others, before the walk begins. From the
//! moment a job starts anything may change, declared or not, so what was learned before is
//! looked at again when it is next needed: that is one `stat`, and the content is only
//! read again if that differs.

use std::io;
use std::path::Path;
use std::sync::Arc;

use walk_core::Value;
use walk_core::fingerprint::{Depth, DigestCache, DigestRow, FileStamp, FileState, Observed};

use super::content;
use super::elements::{self, FileKind, Unreadable};
use crate::{FileId, Paths, Plan};

pub(super) struct Files {
    cache: DigestCache,
    known: Vec<Known>,
    /// Rises whenever something may have changed files.
    epoch: u32,
}

#[derive(Clone, Default)]
struct Known {
    seen: Option<(Observed, u32)>,
    /// Whether it was ever seen to be something else than before.
    has_moved: bool,
    names: [Option<Arc<str>>; 3],
}

impl Files {
    pub(super) fn new(plan: &Plan, rows: Vec<DigestRow>) -> Self {
        let cache = DigestCache::from_rows(plan.root.clone(), rows);
        let cache = cache.with_depth(depth(plan.settings.paths));
        Self { cache, known: Vec::new(), epoch: 0 }
    }

    /// Looks at many files at once; one that cannot be read is left for when it is needed.
    pub(super) fn prefetch(&mut self, plan: &Plan, ids: &[FileId]) {
        let paths: Vec<&Path> = ids.iter().map(|&id| plan.files.path(id)).collect();
        let observed = self.cache.observe(&paths);
        for (&id, observed) in ids.iter().zip(observed) {
            if let Ok(observed) = observed {
                let epoch = self.epoch;
                self.known(id).seen = Some((observed, epoch));
            }
        }
    }

    /// Says that files may have changed since they were last looked at.
    pub(super) fn expire(&mut self) {
        self.epoch += 1;
    }

    /// Takes in what another thread saw.
    pub(super) fn learn(&mut self, plan: &Plan, id: FileId, seen: Observed) {
        if let (FileState::File(digest), Some(stamp)) = (seen.state, seen.stamp) {
            self.cache.record(plan.files.path(id), stamp, digest, seen.observed_at);
        }
        self.see(id, seen);
    }

    /// Returns what was last seen of the file, if it was looked at.
    pub(super) fn seen(&self, id: FileId) -> Option<&Observed> {
        self.known.get(id.index())?.seen.as_ref().map(|(seen, _)| seen)
    }

    /// Returns whether the file was the same whenever it was looked at.
    pub(super) fn held_still(&self, id: FileId) -> bool {
        self.known.get(id.index()).is_some_and(|it| !it.has_moved)
    }

    /// Returns what the file is now, and when it was first seen like that.
    pub(super) fn look(&mut self, plan: &Plan, id: FileId) -> io::Result<Observed> {
        let epoch = self.epoch;
        let before = self.known(id).seen;
        if let Some((seen, at)) = before
            && at == epoch
        {
            return Ok(seen);
        }
        let mut seen = self.cache.observe_one(plan.files.path(id))?;
        if let Some((before, _)) = before
            && (before.state, before.stamp) == (seen.state, seen.stamp)
        {
            seen.observed_at = before.observed_at;
        }
        self.see(id, seen);
        Ok(seen)
    }

    fn see(&mut self, id: FileId, seen: Observed) {
        let epoch = self.epoch;
        let known = self.known(id);
        let is_other = |it: &(Observed, u32)| (it.0.state, it.0.stamp) != (seen.state, seen.stamp);
        known.has_moved |= known.seen.as_ref().is_some_and(is_other);
        known.seen = Some((seen, epoch));
    }

    /// Returns the element that stands for the file as it is now.
    pub(super) fn element(
        &mut self,
        plan: &Plan,
        kind: FileKind,
        id: FileId,
    ) -> Result<(Arc<str>, Value), Unreadable> {
        match self.look(plan, id) {
            Ok(seen) => Ok((self.name(plan, kind, id), content::value(plan, id, &seen))),
            Err(source) => {
                let path = plan.root.join(plan.files.path(id));
                // A device has no content that could change, and is never opened.
                match FileStamp::of(&path) {
                    Ok(Some(stamp)) if stamp.kind == walk_core::fingerprint::FileKind::Other => {
                        Ok((self.name(plan, kind, id), "not a file".into()))
                    }
                    _ => Err(Unreadable { path, source }),
                }
            }
        }
    }

    /// Returns the name of the element, made once a walk.
    pub(super) fn name(&mut self, plan: &Plan, kind: FileKind, id: FileId) -> Arc<str> {
        let name = &mut self.known(id).names[kind as usize];
        Arc::clone(name.get_or_insert_with(|| elements::name(kind, plan.files.path(id))))
    }

    /// Takes a name that was made in an earlier walk.
    pub(super) fn set_name(&mut self, kind: FileKind, id: FileId, name: Arc<str>) {
        self.known(id).names[kind as usize] = Some(name);
    }

    /// Returns the digests that are not yet in the store.
    pub(super) fn unsaved(&mut self) -> Vec<DigestRow> {
        self.cache.dirty_rows()
    }

    /// Returns every digest, for the next walk.
    pub(super) fn into_rows(self) -> Vec<DigestRow> {
        self.cache.into_rows()
    }

    fn known(&mut self, id: FileId) -> &mut Known {
        if self.known.len() <= id.index() {
            self.known.resize(id.index() + 1, Known::default());
        }
        &mut self.known[id.index()]
    }
}

/// Returns how far to look into directories.
pub(super) fn depth(paths: Paths) -> Depth {
    match paths {
        Paths::Trees => Depth::Tree,
        Paths::Entries => Depth::Names,
    }
}
