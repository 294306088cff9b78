//! Asks directories once a second what is in them, where the kernel does not tell.
//!
//! Every time that a file has is compared, to the nanosecond, and its size: an older file that was
//! restored is a change too.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::news::News;
use super::scope::Kind;

const PERIOD: Duration = Duration::from_secs(1);

/// The thread that asks; it ends when this is dropped.
pub(super) struct Poll {
    shared: Arc<Shared>,
    _stop: Sender<()>,
}

#[derive(Default)]
struct Shared {
    directories: Mutex<HashMap<PathBuf, Entries>>,
}

/// The names in a directory, and what each looks like.
type Entries = HashMap<PathBuf, Look>;
type Look = (u64, u64, i64, i64, i64, i64);

impl Poll {
    pub(super) fn start(news: Arc<News>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let shared = Arc::<Shared>::default();
        let asked = Arc::clone(&shared);
        let ask = move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                asked.ask(&news);
            }
        };
        if let Err(error) = thread::Builder::new().name("poll".into()).spawn(ask) {
            log::warn!("changes are not noticed: {error}");
        }
        Self { shared, _stop: stop }
    }

    pub(super) fn add(&mut self, directory: &Path) {
        self.shared.directories().insert(directory.into(), list(directory));
    }

    pub(super) fn remove(&mut self, directory: &Path) {
        self.shared.directories().remove(directory);
    }
}

impl Shared {
    fn directories(&self) -> MutexGuard<'_, HashMap<PathBuf, Entries>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, news: &News) {
        let mut changes = Vec::new();
        for (directory, before) in self.directories().iter_mut() {
            let now = list(directory);
            changes.extend(differences(before, &now));
            *before = now;
        }
        for (path, kind) in &changes {
            news.take(path, *kind);
        }
    }
}

fn list(directory: &Path) -> Entries {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let seen = entries.filter_map(|it| Some((it.path(), look(&it.metadata().ok()?))));
    seen.collect()
}

fn look(it: &Metadata) -> Look {
    // What is in a directory is looked at by itself.
    let size = if it.is_dir() { 0 } else { it.size() };
    let times = if it.is_dir() {
        [0; 4]
    } else {
        [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()]
    };
    (it.ino(), size, times[0], times[1], times[2], times[3])
}

fn differences(before: &Entries, now: &Entries) -> Vec<(PathBuf, Kind)> {
    let gone =
        before.keys().filter(|it| !now.contains_key(*it)).map(|it| (it.clone(), Kind::Entry));
    let others = now.iter().filter_map(|(path, look)| match before.get(path) {
        None => Some((path.clone(), Kind::Entry)),
        Some(old) if old.0 != look.0 => Some((path.clone(), Kind::Entry)),
        Some(old) if old != look => Some((path.clone(), Kind::Content)),
        Some(_) => None,
    });
    gone.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_or_changed_is_found() {
        let look = |number| (number, 1, 1, 1, 1, 1);
        let entries = |list: &[(&str, Look)]| -> Entries {
            list.iter().map(|it| (it.0.into(), it.1)).collect()
        };
        let before =
            entries(&[("same", look(1)), ("gone", look(2)), ("a", look(3)), ("b", look(4))]);
        let older = (3, 1, 0, 1, 2, 1);
        let now = entries(&[("same", look(1)), ("new", look(5)), ("a", older), ("b", look(6))]);
        let mut found = differences(&before, &now);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected =
            [("a", Kind::Content), ("b", Kind::Entry), ("gone", Kind::Entry), ("new", Kind::Entry)];
        assert_eq!(found, expected.map(|it| (PathBuf::from(it.0), it.1)));
    }
}
