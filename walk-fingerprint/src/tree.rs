//! The digest of a directory: contents, names, executable bit and link targets (F11).
//!
//! Lists first, one directory after the other and without recursion, so that depth costs no
//! stack; then hashes the files in parallel; then lists again if anything was read, to be sure
//! that the tree held still. Links are not followed, so that loops are harmless. It asks whoever
//! calls for digests that are already known.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::checksum::{Checksum, Hasher};
use crate::hash::{ATTEMPTS, Hashed, Look, look, not_regular, unstable};
use crate::pool::in_parallel;
use crate::stamp::{FileStamp, is_missing, naming};

/// Asks for the digest of a file below the tree, given its path from the tree's root.
pub(crate) type Known<'a> = &'a (dyn Fn(&Path, &FileStamp) -> Option<Checksum> + Sync);

/// The digest of a tree, and what had to be read to get it.
pub(crate) struct Tree {
    pub(crate) checksum: Checksum,
    /// The files that were hashed, by their paths from the tree's root.
    pub(crate) learned: Vec<(PathBuf, Hashed)>,
}

/// Returns the digest of a directory: contents, names, executable bit and link targets of
/// everything below it.
///
/// # Errors
///
/// When the directory is missing or none, when anything below cannot be read, is neither file,
/// directory nor link, or keeps changing; the error names the path.
pub fn hash_dir(path: impl AsRef<Path>) -> io::Result<Checksum> {
    hash_tree(path.as_ref(), &|_, _| None).map(|tree| tree.checksum)
}

/// Returns the digest of the names directly in a directory, which is all that its own times tell of.
pub(crate) fn hash_names(directory: &Path) -> io::Result<Checksum> {
    let refused = |error| naming(directory, "cannot list", &error);
    let listing = fs::read_dir(directory).map_err(refused)?;
    let names: io::Result<Vec<OsString>> = listing.map(|it| Ok(it?.file_name())).collect();
    let mut names = names.map_err(refused)?;
    names.sort_unstable();
    let mut whole = Hasher::of_fields("walk names 1");
    for name in names {
        whole.field(name.as_bytes());
    }
    Ok(whole.finish())
}

/// Hashes the tree below `root`, asking `known` before reading a file.
pub(crate) fn hash_tree(root: &Path, known: Known<'_>) -> io::Result<Tree> {
    for _ in 0..ATTEMPTS {
        if let Some(tree) = hash_once(root, known)? {
            return Ok(tree);
        }
    }
    Err(unstable(root))
}

/// `None`: the tree was not the same before and after.
fn hash_once(root: &Path, known: Known<'_>) -> io::Result<Option<Tree>> {
    let Some(entries) = list(root)? else { return Ok(None) };
    let Some(digests) = digest_files(root, &entries, known)? else { return Ok(None) };
    let read_any = digests.iter().any(|digest| matches!(digest, Content::Read(_)));
    let held_still = !read_any || list(root)?.as_ref() == Some(&entries);
    Ok(held_still.then(|| conclude(entries, digests)))
}

/// One entry of a tree.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// From the tree's root.
    path: PathBuf,
    kind: EntryKind,
}

#[derive(Debug, PartialEq, Eq)]
enum EntryKind {
    Directory,
    Link(OsString),
    File { stamp: FileStamp, executable: bool },
}

enum Content {
    /// Directories and links have none.
    None,
    Known(Checksum),
    Read(Hashed),
}

/// Lists everything below `root`, sorted by path; `None` if something went away meanwhile.
fn list(root: &Path) -> io::Result<Option<Vec<Entry>>> {
    let mut entries = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        let listed = match list_one(root, &directory) {
            Ok(listed) => listed,
            Err(error) if is_missing(&error) && root.is_dir() => return Ok(None),
            Err(error) => return Err(error),
        };
        let below = listed.iter().filter(|entry| entry.kind == EntryKind::Directory);
        pending.extend(below.map(|entry| entry.path.clone()));
        entries.extend(listed);
    }
    entries.sort_by(|left, right| left.path.as_os_str().cmp(right.path.as_os_str()));
    Ok(Some(entries))
}

fn list_one(root: &Path, directory: &Path) -> io::Result<Vec<Entry>> {
    let full = root.join(directory);
    let refused = |error| naming(&full, "cannot list", &error);
    let listing = fs::read_dir(&full).map_err(refused)?;
    let entry = |found: io::Result<DirEntry>| {
        let found = found.map_err(refused)?;
        Ok(Entry { path: directory.join(found.file_name()), kind: kind_of(&found)? })
    };
    listing.map(entry).collect()
}

fn kind_of(found: &DirEntry) -> io::Result<EntryKind> {
    let path = found.path();
    let refused = |error| naming(&path, "cannot look at", &error);
    let metadata = found.metadata().map_err(refused)?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        Ok(EntryKind::Directory)
    } else if kind.is_symlink() {
        fs::read_link(&path).map(|target| EntryKind::Link(target.into())).map_err(refused)
    } else if kind.is_file() {
        let executable = metadata.permissions().mode() & 0o111 != 0;
        Ok(EntryKind::File { stamp: FileStamp::from(&metadata), executable })
    } else {
        Err(not_regular(&path))
    }
}

/// `None`: a file went away or became another one since the list was made.
fn digest_files(
    root: &Path,
    entries: &[Entry],
    known: Known<'_>,
) -> io::Result<Option<Vec<Content>>> {
    in_parallel(|| entries.par_iter().map(|entry| digest_file(root, entry, known)).collect())
}

fn digest_file(root: &Path, entry: &Entry, known: Known<'_>) -> io::Result<Option<Content>> {
    let EntryKind::File { stamp, .. } = &entry.kind else { return Ok(Some(Content::None)) };
    if let Some(checksum) = known(&entry.path, stamp) {
        return Ok(Some(Content::Known(checksum)));
    }
    match look(&root.join(&entry.path))? {
        Look::File(hashed) if hashed.stamp == *stamp => Ok(Some(Content::Read(hashed))),
        Look::File(_) | Look::Missing | Look::Directory(_) => Ok(None),
    }
}

/// Puts names and contents together; every entry has the same number of fields.
fn conclude(entries: Vec<Entry>, digests: Vec<Content>) -> Tree {
    let mut whole = Hasher::of_fields("walk directory 1");
    let mut learned = Vec::new();
    for (entry, content) in entries.into_iter().zip(digests) {
        whole.field(entry.path.as_os_str().as_bytes());
        whole.raw(entry.kind.letter());
        match (&entry.kind, &content) {
            (EntryKind::Link(target), _) => whole.field(target.as_bytes()),
            (_, Content::None) => whole.field(b""),
            (_, Content::Known(checksum)) => whole.field(checksum.as_bytes()),
            (_, Content::Read(hashed)) => whole.field(hashed.checksum.as_bytes()),
        }
        if let Content::Read(hashed) = content {
            learned.push((entry.path, hashed));
        }
    }
    Tree { checksum: whole.finish(), learned }
}

impl EntryKind {
    fn letter(&self) -> &'static [u8; 1] {
        match self {
            Self::Directory => b"d",
            Self::Link(_) => b"l",
            Self::File { executable: false, .. } => b"f",
            Self::File { executable: true, .. } => b"x",
        }
    }
}
