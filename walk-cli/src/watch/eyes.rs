//! Looks at directories: the kernel tells what changes in them, or they are asked for it.
//!
//! Each directory is looked at for itself, not with all below it: only those matter in which a
//! file is that somebody reads. Where the kernel's limit is reached, all of them are polled.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, MetadataKind, ModifyKind};
use notify::{Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::news::News;
use super::poll::Poll;
use super::scope::Kind;

/// Looks at directories.
pub(super) struct Eyes {
    news: Arc<News>,
    directories: BTreeSet<PathBuf>,
    way: Way,
}

enum Way {
    Told(RecommendedWatcher),
    Polling(Poll),
}

impl Eyes {
    /// Opens them; if the kernel cannot tell, `say` hears why, and they poll.
    pub(super) fn open(news: Arc<News>, polls: bool, say: impl FnOnce(&str)) -> Self {
        let way = if polls { None } else { told(&news, say) };
        let way = way.unwrap_or_else(|| Way::Polling(Poll::start(Arc::clone(&news))));
        Self { news, directories: BTreeSet::new(), way }
    }

    /// Looks at these directories from now on, and returns whether one is new.
    pub(super) fn look_at(&mut self, wanted: &BTreeSet<PathBuf>, say: &dyn Fn(&str)) -> bool {
        for gone in self.directories.difference(wanted).cloned().collect::<Vec<_>>() {
            self.look_away(&gone);
        }
        let new: Vec<PathBuf> = wanted.difference(&self.directories).cloned().collect();
        let mut has_new = false;
        for directory in new {
            match self.add(&directory) {
                Ok(()) => has_new |= self.directories.insert(directory),
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    say(&limit("max_user_watches", "524288"));
                    self.poll();
                    return self.look_at(wanted, say);
                }
                // It is gone, or may not be read: those above it tell if that changes.
                Err(error) => log::info!("cannot watch {}: {error}", directory.display()),
            }
        }
        has_new
    }

    /// Looks away from a directory and all below it: something else may be there by now.
    pub(super) fn doubt(&mut self, path: &Path) {
        let below = self.directories.iter().filter(|it| it.starts_with(path));
        for directory in below.cloned().collect::<Vec<_>>() {
            self.look_away(&directory);
        }
    }

    fn add(&mut self, directory: &Path) -> notify::Result<()> {
        match &mut self.way {
            Way::Told(watcher) => watcher.watch(directory, RecursiveMode::NonRecursive),
            Way::Polling(poll) => {
                poll.add(directory);
                Ok(())
            }
        }
    }

    fn look_away(&mut self, directory: &Path) {
        self.directories.remove(directory);
        match &mut self.way {
            // One that is gone is not watched any more.
            Way::Told(watcher) => drop(watcher.unwatch(directory)),
            Way::Polling(poll) => poll.remove(directory),
        }
    }

    fn poll(&mut self) {
        self.way = Way::Polling(Poll::start(Arc::clone(&self.news)));
        self.directories.clear();
    }
}

fn told(news: &Arc<News>, say: impl FnOnce(&str)) -> Option<Way> {
    let news = Arc::clone(news);
    let hear = move |event: notify::Result<Event>| hear(&news, event);
    match RecommendedWatcher::new(hear, Config::default()) {
        Ok(watcher) => Some(Way::Told(watcher)),
        Err(error) => {
            say(&match &error.kind {
                ErrorKind::Io(source) if source.kind() != io::ErrorKind::Unsupported => {
                    limit("max_user_instances", "1024")
                }
                _ => format!("the system does not tell of changes ({error}): polling every second"),
            });
            None
        }
    }
}

fn limit(name: &str, enough: &str) -> String {
    let now = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).unwrap_or_default();
    format!(
        "the limit of inotify is reached (fs.inotify.{name} = {}): polling every second instead; \
         `sysctl fs.inotify.{name}={enough}`, as root, raises it",
        now.trim()
    )
}

fn hear(news: &News, event: notify::Result<Event>) {
    match event {
        Ok(event) if event.need_rescan() => news.lost(),
        Ok(event) => {
            if let Some(kind) = kind(event.kind) {
                event.paths.iter().for_each(|it| news.take(it, kind));
            }
        }
        Err(_) => news.lost(),
    }
}

/// Returns what an event says; `None` of one that leaves files as they are.
fn kind(event: EventKind) -> Option<Kind> {
    match event {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Kind::Content),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)) => Some(Kind::Attributes),
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => Some(Kind::Content),
        _ => Some(Kind::Entry),
    }
}
