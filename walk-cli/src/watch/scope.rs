//! What a watch looks at: the files that actions read and the manifest is made of, the directories
//! that globs listed; and what it means if one of them changes.
//!
//! Paths are compared as the kernel tells them: with the directory resolved and the name as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use walk_plan::{ActionId, Options};

use crate::args::Common;
use crate::error::{CliError, Result};
use crate::project::Project;

/// What there is to look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The sources, and who reads them, as positions of actions.
    sources: BTreeMap<PathBuf, Vec<usize>>,
    manifests: BTreeSet<PathBuf>,
    /// Directories that globs listed.
    listed: BTreeSet<PathBuf>,
    /// The links that lead to all of this.
    links: BTreeSet<PathBuf>,
    outputs: BTreeSet<PathBuf>,
    actions: HashMap<String, usize>,
    /// The directories in which all of this is, and those above them in the project.
    pub(super) directories: BTreeSet<PathBuf>,
    root: PathBuf,
    /// What walk itself writes.
    state: Option<PathBuf>,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It came, or went.
    Entry,
    /// Its content changed.
    Content,
    /// Its mode or times changed.
    Attributes,
}

/// What a change means, the more the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// A glob may match something else by now, or not.
    Listing,
    /// An action may have to run; none that runs is obsolete because of it.
    Stale,
    /// Who reads it and runs, or has run, is obsolete.
    Obsolete,
}

impl Scope {
    /// Reads the manifest, and what depfiles named last time.
    pub(super) fn read(common: &Common, jobs: Option<u32>) -> Result<Self> {
        let project = Project::read(common, jobs)?;
        let seen = project.plan.seen.clone();
        let walk = project.open_dry(&Options::default())?;
        let plan = walk.plan();
        let mut places = Places::new(&plan.root);
        let state = std::path::absolute(walk.state().path()).unwrap_or_default();
        let mut scope = Self { state: Some(places.of(&state)), ..Self::default() };
        for (position, action) in plan.actions.iter().enumerate() {
            scope.actions.insert(action.name.to_string(), position);
            for path in walk.reads(ActionId::new(position)) {
                scope.sources.entry(path.into()).or_default().push(position);
            }
            scope.outputs.extend(action.outputs.iter().map(|it| plan.files.path(*it).into()));
            scope.outputs.extend(action.depfile.map(|it| plan.files.path(it).into()));
        }
        let outputs = std::mem::take(&mut scope.outputs);
        scope.sources.retain(|path, _| !outputs.contains(path));
        scope.outputs = outputs.iter().map(|it| places.of(it)).collect();
        scope.resolve(&mut places);
        scope.add_text(places.of(&plan.manifest), &mut places);
        for path in &seen {
            scope.add_seen(places.of(path), &mut places);
        }
        (scope.root, scope.links) = (places.root, places.links);
        scope.find_directories();
        Ok(scope)
    }

    /// What to look at if the manifest could never be read: the directory that it is in.
    pub(super) fn of_broken(common: &Common) -> Self {
        let mut scope = Self::default();
        if let Some(path) = crate::project::manifest(common) {
            let path = std::path::absolute(&path).unwrap_or(path);
            let mut places = Places::new(path.parent().unwrap_or(Path::new("")));
            let place = places.of(&path);
            scope.listed.extend(place.parent().map(Path::to_path_buf));
            scope.add_text(place, &mut places);
            (scope.root, scope.links) = (places.root, places.links);
            scope.find_directories();
        }
        scope
    }

    /// Adds what was read of a manifest that is wrong, and finds out which of the directories there
    /// are by now.
    pub(super) fn add_error(&mut self, error: &CliError) {
        if let CliError::Manifest(error) = error {
            let mut places = Places::new(&self.root);
            let wrong = std::path::absolute(&error.diagnostic().path).ok();
            for path in error.seen().iter().chain(&wrong) {
                self.add_seen(places.of(path), &mut places);
            }
            self.links.extend(places.links);
        }
        self.find_directories();
    }

    /// Returns whether the same files are read and made by the same actions.
    pub(super) fn means_the_same(&self, other: &Self) -> bool {
        (&self.sources, &self.manifests, &self.outputs, &self.actions)
            == (&other.sources, &other.manifests, &other.outputs, &other.actions)
    }

    /// How many files there are to look at.
    pub(super) fn len(&self) -> usize {
        self.sources.len() + self.manifests.len()
    }

    /// Returns the position of an action.
    pub(super) fn action(&self, name: &str) -> Option<usize> {
        self.actions.get(name).copied()
    }

    /// Returns who reads a file, or a directory that it is in.
    pub(super) fn readers<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = usize> + 'a {
        let known = path.ancestors().filter_map(|it| self.sources.get(it));
        known.flatten().copied()
    }

    /// Returns what a change means; `None` if nothing.
    pub(super) fn weigh(&self, path: &Path, kind: Kind) -> Option<Weight> {
        if self.is_own(path) {
            return None;
        }
        let is_source = path.ancestors().any(|it| self.sources.contains_key(it));
        if is_source && !self.outputs.contains(path) {
            let is_serious = kind != Kind::Attributes;
            return Some(if is_serious { Weight::Obsolete } else { Weight::Stale });
        }
        let is_way = kind == Kind::Entry && self.has_below(path)
            || kind != Kind::Attributes && self.links.contains(path);
        if self.manifests.contains(path) || is_way {
            return Some(Weight::Stale);
        }
        if kind != Kind::Entry || self.outputs.contains(path) {
            return None;
        }
        let is_listed = path.ancestors().take(2).any(|it| self.listed.contains(it));
        let is_listed = is_listed || is_below(path, self.listed.range(path.to_path_buf()..).next());
        (is_listed || self.directories.contains(path)).then_some(Weight::Listing)
    }

    /// Returns those of its sources that `old` did not have and that were written since then.
    pub(super) fn newer(&self, old: &Self, since: SystemTime) -> Vec<PathBuf> {
        let new = self.sources.keys().filter(|it| !old.sources.contains_key(*it));
        new.filter(|it| changed_at(it).is_some_and(|it| it >= since)).cloned().collect()
    }

    /// Returns whether there is a source in a directory.
    fn has_below(&self, directory: &Path) -> bool {
        let next = self.sources.range(directory.to_path_buf()..).next();
        is_below(directory, next.map(|it| it.0))
    }

    /// Returns whether it is what walk itself writes.
    fn is_own(&self, path: &Path) -> bool {
        self.state.as_ref().is_some_and(|it| path.starts_with(it))
    }

    /// Puts every source where the kernel says it is; behind a link there are two.
    fn resolve(&mut self, places: &mut Places) {
        for (path, readers) in std::mem::take(&mut self.sources) {
            let place = places.of(&path);
            if let Some(target) = places.target(&place) {
                self.sources.entry(target).or_default().extend(&readers);
            }
            self.sources.entry(place).or_default().extend(readers);
        }
    }

    /// Adds what the manifest was read from: texts, and directories, which need not exist.
    fn add_seen(&mut self, place: PathBuf, places: &mut Places) {
        if place.is_file() {
            self.add_text(place, places);
        } else {
            self.listed.insert(places.directory(&place));
        }
    }

    /// Adds a text that the manifest is made of; behind a link there are two.
    fn add_text(&mut self, place: PathBuf, places: &mut Places) {
        self.manifests.extend(places.target(&place));
        self.manifests.insert(place);
    }

    /// Finds out which of the directories there are by now.
    fn find_directories(&mut self) {
        let root = self.root.as_path();
        let files = self.sources.keys().chain(&self.manifests).chain(&self.links);
        let parents: BTreeSet<&Path> = files.filter_map(|it| it.parent()).collect();
        let mut found: BTreeSet<PathBuf> = parents.into_iter().map(existing).collect();
        found.extend(self.listed.iter().map(|it| existing(it)));
        for tree in self.sources.keys().filter(|it| it.is_dir()) {
            add_tree(tree, &mut found);
        }
        for directory in found.clone() {
            let above = directory.ancestors().take_while(|it| it.starts_with(root));
            found.extend(above.map(Path::to_path_buf));
        }
        found.retain(|it| !self.is_own(it));
        self.directories = found;
    }
}

fn is_below(directory: &Path, path: Option<&PathBuf>) -> bool {
    path.is_some_and(|it| it.starts_with(directory))
}

/// Returns when a file was written last, or put in its place.
pub(super) fn changed_at(path: &Path) -> Option<SystemTime> {
    let found = fs::symlink_metadata(path).ok()?;
    let since = |seconds, nanoseconds| {
        Some(Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?))
    };
    SystemTime::UNIX_EPOCH.checked_add(since(found.ctime(), found.ctime_nsec())?)
}

/// Returns the directory, or the nearest one above it that exists.
fn existing(directory: &Path) -> PathBuf {
    let found = directory.ancestors().find(|it| it.is_dir());
    found.unwrap_or(directory).to_path_buf()
}

fn add_tree(top: &Path, found: &mut BTreeSet<PathBuf>) {
    let mut todo = vec![top.to_path_buf()];
    while let Some(directory) = todo.pop() {
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        let inner = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
        todo.extend(inner.map(|it| it.path()));
        found.insert(directory);
    }
}

/// Paths as the kernel tells them.
struct Places {
    root: PathBuf,
    known: HashMap<PathBuf, PathBuf>,
    /// The links that paths led through.
    links: BTreeSet<PathBuf>,
}

impl Places {
    fn new(root: &Path) -> Self {
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.into());
        Self { root, known: HashMap::new(), links: BTreeSet::new() }
    }

    /// Returns where a path is, with its directory resolved.
    fn of(&mut self, path: &Path) -> PathBuf {
        let path = self.root.join(path);
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.directory(parent).join(name),
            _ => path,
        }
    }

    fn directory(&mut self, path: &Path) -> PathBuf {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let resolved = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        if resolved != path {
            self.follow(path);
        }
        self.known.insert(path.into(), resolved.clone());
        resolved
    }

    /// Returns what is behind a place that is a link.
    fn target(&mut self, place: &Path) -> Option<PathBuf> {
        if !place.is_symlink() {
            return None;
        }
        self.follow(place);
        fs::canonicalize(place).ok()
    }

    /// Notes the links that a path leads through, each with the directory that it is in resolved.
    fn follow(&mut self, path: &Path) {
        for link in path.ancestors().filter(|it| it.is_symlink()) {
            let (Some(parent), Some(name)) = (link.parent(), link.file_name()) else { continue };
            let Ok(parent) = fs::canonicalize(parent) else { continue };
            let place = parent.join(name);
            if let Ok(target) = fs::read_link(&place)
                && self.links.insert(place)
            {
                self.follow(&parent.join(target));
            }
        }
    }
}
