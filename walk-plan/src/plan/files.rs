//! Paths as numbers.
//!
//! A path is normalised by its text alone (`./a/../b` is `b`), so two spellings of one
//! file are one number, and no link is followed. Files below the root are relative to it,
//! others absolute.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::ActionId;

/// The number of a file in [`Files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// Returns the position: dense, in the order of interning.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The files of a plan, and which action produces each.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    paths: IndexSet<Box<OsStr>, FxBuildHasher>,
    /// By file, shorter than `paths` if the last files have none.
    producers: Vec<Option<ActionId>>,
}

impl Files {
    /// Starts with no file, for paths relative to `root`, which is absolute.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root, paths: IndexSet::default(), producers: Vec::new() }
    }

    /// Returns the directory that paths are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of a file: relative to the root, or absolute if it is outside.
    ///
    /// # Panics
    ///
    /// If `id` is of another plan and out of range here.
    #[must_use]
    pub fn path(&self, id: FileId) -> &Path {
        Path::new(&self.paths[id.index()])
    }

    /// Returns the number of a path in any spelling, if it has one.
    #[must_use]
    pub fn id(&self, path: &Path) -> Option<FileId> {
        let found = self.paths.get_index_of(normal(&self.root, path).as_os_str());
        found.map(file_id)
    }

    /// Returns the number of a path in any spelling; it is given one if it has none.
    ///
    /// # Panics
    ///
    /// If there are more than 4,294,967,295 files.
    pub fn intern(&mut self, path: &Path) -> FileId {
        let path = normal(&self.root, path);
        if let Some(index) = self.paths.get_index_of(path.as_os_str()) {
            return file_id(index);
        }
        let owned = path.into_owned().into_os_string().into_boxed_os_str();
        file_id(self.paths.insert_full(owned).0)
    }

    /// Returns the action that declares the file among its outputs, or as its depfile.
    #[must_use]
    pub fn producer(&self, id: FileId) -> Option<ActionId> {
        self.producers.get(id.index()).copied().flatten()
    }

    /// Returns how many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Returns whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns every file, in the order of interning.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = FileId> + use<> {
        (0..self.paths.len()).map(file_id)
    }

    /// Sets the producer, unless there is one already: then returns that one.
    pub(crate) fn set_producer(&mut self, id: FileId, action: ActionId) -> Option<ActionId> {
        if self.producers.len() <= id.index() {
            self.producers.resize(self.paths.len(), None);
        }
        let place = &mut self.producers[id.index()];
        if place.is_none() {
            *place = Some(action);
            return None;
        }
        *place
    }
}

fn file_id(index: usize) -> FileId {
    FileId(u32::try_from(index).expect("fewer than 2^32 files"))
}

/// Returns the one spelling of a path that stands for all.
pub(crate) fn normal<'p>(root: &Path, path: &'p Path) -> Cow<'p, Path> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if is_normal(bytes) || is_normal_outside(root, bytes) {
        return Cow::Borrowed(path);
    }
    let full = lexical(&root.join(path));
    let short = full.strip_prefix(root).unwrap_or(&full);
    let short = if short.as_os_str().is_empty() { Path::new(".") } else { short };
    Cow::Owned(short.to_path_buf())
}

/// Returns whether a path is surely normal already: no part of it is empty or begins with
/// a dot. This is asked of every path in a manifest.
fn is_normal(path: &[u8]) -> bool {
    let mut before = b'/';
    for byte in path {
        if before == b'/' && matches!(byte, b'/' | b'.') {
            return false;
        }
        before = *byte;
    }
    before != b'/'
}

/// Returns whether a path is surely normal because it is absolute and not below the root: so
/// are the headers that depfiles name.
fn is_normal_outside(root: &Path, path: &[u8]) -> bool {
    let Some((b'/', rest)) = path.split_first() else { return false };
    is_normal(rest) && !path.starts_with(root.as_os_str().as_encoded_bytes())
}

/// Splits a normal path before its last part. The path's own methods do the same, in five
/// times the time.
pub(crate) fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    let Some(text) = path.to_str() else {
        let parent = path.parent().filter(|it| *it != Path::new("/"));
        return parent.zip(path.file_name());
    };
    match text.rsplit_once('/') {
        Some(("", _)) => None,
        Some((parent, name)) => Some((Path::new(parent), OsStr::new(name))),
        None => Some((Path::new(""), path.as_os_str())),
    }
}

/// Removes `.` and `..` from an absolute path by its text alone.
pub(crate) fn lexical(path: &Path) -> PathBuf {
    let mut done = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                done.pop();
            }
            part => done.push(part),
        }
    }
    done
}

/// Returns how to write `path` in a command that runs in `cwd`, both relative to the root.
pub(crate) fn seen_from<'p>(root: &Path, cwd: &Path, path: &'p Path) -> Cow<'p, Path> {
    if cwd.as_os_str().is_empty() || path.is_absolute() {
        return Cow::Borrowed(path);
    }
    if cwd.is_absolute() {
        return Cow::Owned(root.join(path));
    }
    let shared = cwd.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = cwd.components().skip(shared).map(|_| OsString::from(".."));
    let down = path.components().filter(|it| *it != Component::CurDir).skip(shared);
    let down = down.map(|it| it.as_os_str().to_owned());
    let done: PathBuf = up.chain(down).collect();
    Cow::Owned(if done.as_os_str().is_empty() { PathBuf::from(".") } else { done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_one_file() {
        let check = |given: &str, expected: &str| {
            let found = normal(Path::new("/w/p"), Path::new(given)).into_owned();
            assert_eq!(found.as_os_str(), expected, "{given}");
        };
        check("a/b", "a/b");
        check("./a/../b", "b");
        check("a//b/", "a/b");
        check("/w/p/a", "a");
        check("../x", "/w/x");
        check("../../../x", "/x");
        check("../p/a", "a");
        check("/etc/hosts", "/etc/hosts");
        check("/w/px/a", "/w/px/a");
        check("/etc//hosts", "/etc/hosts");
        check("/w/p", ".");
        check(".", ".");
        check("..a/.b", "..a/.b");
        check(".a/./b", ".a/b");
        check("/", "/");
    }

    #[test]
    fn paths_are_written_as_seen_from_the_working_directory() {
        let check = |cwd: &str, path: &str, expected: &str| {
            let found = seen_from(Path::new("/w"), Path::new(cwd), Path::new(path)).into_owned();
            assert_eq!(found.as_os_str(), expected, "{path} from {cwd}");
        };
        check("", "bin/app", "bin/app");
        check("tests", "bin/app", "../bin/app");
        check("tests", "tests/a", "a");
        check("a/b", "a/c/d", "../c/d");
        check("a", "a", ".");
        check("a", ".", "..");
        check("/tmp", "a", "/w/a");
        check("a", "/etc/x", "/etc/x");
    }
}
