//! Projects in directories of their own, and caches for them.

use std::fs;
use std::path::{Path, PathBuf};

use walk_cache::{Answer, Cache, Found, Question, Settings};

/// A project that makes `out` of `in`.
pub(crate) struct Project {
    dir: tempfile::TempDir,
    pub(crate) question: Question,
}

impl Project {
    pub(crate) fn new() -> Self {
        let question = Question {
            arguments: ["make", "out"].map(String::from).into(),
            inputs: vec!["in".into()],
            outputs: vec!["out".into()],
            ..Question::default()
        };
        let project = Self { dir: tempfile::tempdir().expect("a directory"), question };
        project.write("in", "input");
        fs::create_dir(project.path(".scratch")).expect("ours");
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("it can be read")
    }

    pub(crate) fn restore(&self, cache: &Cache) -> Option<Found> {
        match cache.restore(&self.question, self.root(), &self.path(".scratch")) {
            Answer::Hit(found) => Some(found),
            Answer::Miss => None,
        }
    }

    /// Has what is there now kept, with what else was read.
    pub(crate) fn keep(&self, cache: &Cache, discovered: &[&str]) {
        let discovered: Vec<String> = discovered.iter().map(ToString::to_string).collect();
        let kept = cache.describe(&self.question, self.root(), &discovered, b"said\n");
        cache.keep(kept.expect("it can be described"));
        cache.close(|| false);
    }
}

/// A cache in this directory alone.
pub(crate) fn local(directory: &Path) -> Cache {
    let mut settings = Settings::default();
    settings.local = Some(directory.into());
    Cache::open(settings).expect("it is one")
}

/// A cache without a local part.
pub(crate) fn remote(url: &str) -> Cache {
    let mut settings = Settings::default();
    settings.remote = Some(url.into());
    Cache::open(settings).expect("it is one")
}

/// All files of a cache below `kind`.
pub(crate) fn files(directory: &Path, kind: &str) -> Vec<PathBuf> {
    let list = |path: &Path| -> Vec<PathBuf> {
        let listing = fs::read_dir(path).into_iter().flatten();
        listing.map(|it| it.expect("it can be read").path()).collect()
    };
    list(&directory.join(kind)).iter().flat_map(|it| list(it)).collect()
}
