//! The directory of a project: what people do to files, behind walk's back.
//!
//! It keeps what it wrote, so that a changed project touches the files that changed and no other.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::graph::{Dialect, Graph};
use super::manifest::manifest;

/// A directory with the sources and the manifest of a project.
pub(super) struct Disk {
    root: PathBuf,
    written: BTreeMap<String, String>,
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        fs::create_dir_all(&root).expect("it can be made");
        Self { root, written: BTreeMap::new() }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Brings the files to what the project says.
    pub(super) fn sync(&mut self, graph: &Graph) {
        let text = manifest(graph);
        let name = match graph.dialect {
            Dialect::Toml => "walk.toml",
            Dialect::Ninja if graph.is_generated && self.path("build.ninja").exists() => {
                "template.ninja"
            }
            Dialect::Ninja => "build.ninja",
        };
        let mut wanted = graph.sources.clone();
        if graph.is_generated {
            wanted.insert("template.ninja".into(), text.clone());
        }
        wanted.insert(name.into(), text);
        for (path, content) in &wanted {
            if self.written.get(path) != Some(content) {
                self.write(path, content);
            }
        }
        let gone = self.written.keys().filter(|it| !wanted.contains_key(*it)).cloned();
        for path in gone.collect::<Vec<_>>() {
            self.written.remove(&path);
            if graph.maker(&path).is_none() && path != "build.ninja" {
                let _ = fs::remove_file(self.path(&path));
            }
        }
    }

    pub(super) fn write(&mut self, path: &str, content: &str) {
        self.overwrite(path, content.as_bytes());
        self.written.insert(path.into(), content.into());
    }

    /// Writes a file that is no source.
    pub(super) fn overwrite(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }

    /// Writes a source, and gives it the times that it had before.
    pub(super) fn write_unseen(&mut self, path: &str, content: &str) {
        let time = self.time(path);
        self.write(path, content);
        self.set_time(path, time);
    }

    /// Puts another file in the place of a source, with the times that it had before.
    pub(super) fn replace(&mut self, path: &str, content: &str) {
        let time = self.time(path);
        self.overwrite("replacement", content.as_bytes());
        self.set_time("replacement", time);
        fs::rename(self.path("replacement"), self.path(path)).expect("it can be renamed");
        self.written.insert(path.into(), content.into());
    }

    pub(super) fn time(&self, path: &str) -> SystemTime {
        let time = fs::metadata(self.path(path)).and_then(|it| it.modified());
        time.unwrap_or_else(|_| long_ago())
    }

    pub(super) fn set_time(&self, path: &str, time: SystemTime) {
        let file = File::open(self.path(path)).expect("it is there");
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        file.set_times(times).expect("it is ours");
    }

    /// Moves a file elsewhere, and leaves a link to it.
    pub(super) fn link(&self, path: &str, other: &Path) {
        fs::create_dir_all(other.parent().expect("it has one")).expect("it can be made");
        fs::rename(self.path(path), other).expect("it can be renamed");
        symlink(other, self.path(path)).expect("a link");
    }

    /// Removes whatever is there.
    pub(super) fn remove(&self, path: &str) {
        let path = self.path(path);
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

/// A time before all others.
pub(super) fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}
