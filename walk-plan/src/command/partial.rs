//! What a failed command left half made, and its removal: half a file is worse than none.
//!
//! What was there before is known from a look at it, so that only what the command wrote is
//! removed. In a directory that is an output, a file that somebody else put there stays, and
//! so does a device or a pipe that was there before, whatever was written to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walk_core::fingerprint::{Depth, FileKind, FileStamp};

/// What an output looked like: itself, or a directory with all that is in it, by path; nothing
/// if it was missing.
#[derive(Debug, Default)]
pub(super) struct Before(BTreeMap<PathBuf, Look>);

/// One look at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    is_link: bool,
    itself: FileStamp,
    /// What it leads to, if it is a link that leads somewhere.
    target: Option<FileStamp>,
}

impl Before {
    /// Looks at an output, and that far into a directory.
    pub(super) fn of(path: &Path, depth: Depth) -> Self {
        let mut seen = BTreeMap::new();
        let mut todo = vec![path.to_path_buf()];
        while let Some(path) = todo.pop() {
            let Some(look) = Look::at(&path) else { continue };
            if look.itself.is_dir() {
                // Others may write into it too.
                if depth == Depth::Names {
                    continue;
                }
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                todo.extend(entries.map(|it| it.path()));
            }
            seen.insert(path, look);
        }
        Self(seen)
    }

    /// Removes what is new or has changed since, and the directories that are empty because of
    /// it; returns whether there was anything.
    ///
    /// # Errors
    ///
    /// The first that occurs; what else can be removed is removed.
    pub(super) fn restore(&self, path: &Path, depth: Depth) -> io::Result<bool> {
        let mut emptied: BTreeSet<PathBuf> = BTreeSet::new();
        let mut result = Ok(());
        // Backwards, what is in a directory comes before the directory.
        for (path, look) in Self::of(path, depth).0.into_iter().rev() {
            let removed = if look.itself.is_dir() {
                let is_new = !self.0.contains_key(&path);
                ((is_new || emptied.contains(&path)) && fs::remove_dir(&path).is_ok())
                    .then_some(Ok(()))
            } else {
                self.is_touched(&path, &look).then(|| fs::remove_file(&path))
            };
            match removed {
                Some(Ok(())) => drop(emptied.insert(path.parent().unwrap_or(&path).into())),
                Some(Err(error)) => result = result.and(Err(error)),
                None => {}
            }
        }
        result.map(|()| !emptied.is_empty())
    }

    fn is_touched(&self, path: &Path, now: &Look) -> bool {
        let Some(before) = self.0.get(path) else { return true };
        let is_special = !now.is_link && now.itself.kind == FileKind::Other;
        let leads_to_a_directory = now.target.is_some_and(|it| it.is_dir());
        let is_kept = before.itself.kind == now.itself.kind && is_special
            || before.itself == now.itself && leads_to_a_directory;
        before != now && !is_kept
    }
}

impl Look {
    fn at(path: &Path) -> Option<Self> {
        let found = path.symlink_metadata().ok()?;
        let is_link = found.is_symlink();
        let target = if is_link { FileStamp::of(path).ok().flatten() } else { None };
        Some(Self { is_link, itself: FileStamp::from(&found), target })
    }
}
