//! What is on disk: each directory is listed once, whoever asks.
//!
//! Links to files count as files. Links to directories are followed where the depth of a
//! glob is bounded, and not below `**`, where they could lead in circles.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::glob::Glob;
use crate::manifest::Trouble;
use crate::plan::split;

/// What a path is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    File,
    Directory,
    /// A pipe, a socket, a device: no glob matches it.
    Special,
}

/// The directories that were looked at.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    /// Files that are there and that no glob matches.
    leftovers: FxHashSet<PathBuf>,
    listings: FxHashMap<OsString, Rc<Listing>>,
    /// How many files of a directory were asked for one by one.
    asked: FxHashMap<OsString, u32>,
}

/// The names in one directory, sorted.
#[derive(Debug, Default)]
struct Listing {
    files: Vec<OsString>,
    directories: Vec<Directory>,
    /// Whether it has links that lead to no file or directory, and one day may.
    has_dead_links: bool,
}

#[derive(Debug)]
struct Directory {
    name: OsString,
    is_link: bool,
}

/// From how many questions on, a directory is listed instead of asking for each file.
const LIST_FROM: u32 = 8;

impl Tree {
    pub(super) fn new(root: &Path, leftovers: &[PathBuf]) -> Self {
        Self {
            root: root.into(),
            leftovers: leftovers.iter().cloned().collect(),
            listings: FxHashMap::default(),
            asked: FxHashMap::default(),
        }
    }

    /// Returns the files that a glob matches, sorted by path.
    pub(super) fn matches(&mut self, glob: &Glob) -> Result<Vec<PathBuf>, Trouble> {
        let mut found = Vec::new();
        let mut todo = vec![(glob.base.clone(), 1)];
        while let Some((directory, level)) = todo.pop() {
            let listing = self.list(&directory).map_err(|it| unlistable(&directory, &it))?;
            let files = listing.files.iter().map(|it| directory.join(it));
            found.extend(files.filter(|it| glob.is_match(it) && !self.leftovers.contains(it)));
            if glob.depth.is_some_and(|it| level >= it) {
                continue;
            }
            for inner in &listing.directories {
                let is_endless = inner.is_link && glob.depth.is_none();
                if glob.sees(inner.name.as_encoded_bytes()) && !is_endless {
                    todo.push((directory.join(&inner.name), level + 1));
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Returns whether a path is what is left of an action that is gone.
    pub(super) fn is_leftover(&self, path: &Path) -> bool {
        !self.leftovers.is_empty() && self.leftovers.contains(path)
    }

    /// Returns what a normalised path is. A directory that many files are asked of is
    /// listed, which is several times cheaper.
    pub(super) fn kind(&mut self, path: &Path) -> Kind {
        let Some((parent, name)) = split(path) else { return stat(&self.root.join(path)) };
        let asked = match self.asked.get_mut(parent.as_os_str()) {
            Some(asked) => asked,
            None => self.asked.entry(parent.into()).or_default(),
        };
        *asked += 1;
        if *asked < LIST_FROM {
            return stat(&self.root.join(path));
        }
        match self.list(parent).map_or(Kind::Missing, |it| it.kind(name)) {
            Kind::Missing => stat(&self.root.join(path)),
            kind => kind,
        }
    }

    /// Returns the paths of the files beside a missing one, for the error about it.
    pub(super) fn names(&mut self, directory: &Path) -> Vec<String> {
        let Ok(listing) = self.list(directory) else { return Vec::new() };
        let paths = listing.files.iter().map(|it| directory.join(it));
        paths.filter_map(|it| it.into_os_string().into_string().ok()).collect()
    }

    /// Returns the directories that were listed.
    pub(super) fn listed(&self) -> impl Iterator<Item = PathBuf> {
        self.listings.keys().map(PathBuf::from)
    }

    /// Returns whether none of the directories may be another without any trace in it.
    pub(super) fn is_certain(&self) -> bool {
        self.listings.values().all(|it| !it.has_dead_links)
    }

    fn list(&mut self, directory: &Path) -> io::Result<Rc<Listing>> {
        if let Some(known) = self.listings.get(directory.as_os_str()) {
            return Ok(Rc::clone(known));
        }
        let listing = Rc::new(Listing::read(&self.root.join(directory))?);
        self.listings.insert(directory.into(), Rc::clone(&listing));
        Ok(listing)
    }
}

impl Listing {
    /// Lists a directory; one that does not exist is empty.
    fn read(path: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        let entries = match fs::read_dir(path) {
            Err(error) if is_absent(&error) => return Ok(listing),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let is_link = kind.is_symlink();
            match if is_link { stat(&entry.path()) } else { kind.into() } {
                Kind::Directory => {
                    listing.directories.push(Directory { name: entry.file_name(), is_link });
                }
                Kind::File => listing.files.push(entry.file_name()),
                Kind::Special | Kind::Missing => listing.has_dead_links |= is_link,
            }
        }
        listing.files.sort_unstable();
        listing.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listing)
    }

    fn kind(&self, name: &OsStr) -> Kind {
        if self.files.binary_search_by(|it| it.as_os_str().cmp(name)).is_ok() {
            return Kind::File;
        }
        match self.directories.binary_search_by(|it| it.name.as_os_str().cmp(name)) {
            Ok(_) => Kind::Directory,
            Err(_) => Kind::Missing,
        }
    }
}

impl From<fs::FileType> for Kind {
    fn from(kind: fs::FileType) -> Self {
        match kind {
            it if it.is_dir() => Self::Directory,
            it if it.is_file() => Self::File,
            _ => Self::Special,
        }
    }
}

fn stat(path: &Path) -> Kind {
    fs::metadata(path).map_or(Kind::Missing, |it| it.file_type().into())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unlistable(directory: &Path, error: &io::Error) -> Trouble {
    Trouble::new(format!("cannot list the directory `{}`: {error}", directory.display()))
}
