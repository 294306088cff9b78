//! What a file says of what was made: its content, as a rule, but not always.
//!
//! - An empty file that an action makes, and a directory, are stamps: they say that something
//!   was made, and not what. They stand for what they were made of, and an empty file for the
//!   time at which it was last touched as well, which is all that it has to say.
//! - A thin archive holds the names and sizes of objects: it stays the same when an object
//!   changes and keeps its size. It stands for what it was made of.
//!
//! Stamps are known to plans whose paths are entries (make, ninja), whose authors use them for
//! want of anything else; in others a dependency can be declared without a file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use walk_core::fingerprint::{Depth, FileKind, FileState, Observed};
use walk_core::{Checksum, Value};

use crate::{FileId, Paths, Plan};

/// How the value of a stamp begins.
const WRITTEN: &str = "written ";

/// Returns the value of the element that stands for a file.
pub(super) fn value(plan: &Plan, id: FileId, seen: &Observed) -> Value {
    let is_made = plan.settings.paths == Paths::Entries && plan.files.producer(id).is_some();
    match (seen.state, seen.stamp) {
        // Others may write into it too.
        (FileState::Directory(_), _) if is_made => "directory".into(),
        (FileState::File(_), Some(stamp)) if is_made && stamp.size == 0 => {
            format!("{WRITTEN}{}", stamp.mtime_ns).as_str().into()
        }
        (FileState::File(digest) | FileState::Directory(digest), _) => digest.into(),
        (FileState::Missing, _) => "missing".into(),
    }
}

/// Returns the value of an output that was just made, or not: then it differs from one that
/// is missing, so that the action runs again.
pub(super) fn made(plan: &Plan, id: FileId, seen: &Observed) -> Value {
    match seen.state {
        FileState::Missing => "not made".into(),
        _ => value(plan, id, seen),
    }
}

/// Returns the digest of the content that had this value, if it had one.
pub(super) fn digest(value: &Value) -> Option<Checksum> {
    match value {
        Value::Digest(digest) => Some(*digest),
        value if is_stamp(value) => Some(Checksum::of(b"")),
        Value::Text(_) => None,
    }
}

/// Returns whether this is the value of a stamp.
pub(super) fn is_stamp(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.starts_with(WRITTEN))
}

/// Returns whether the content of an output does not say what was made: whoever reads it
/// depends on what it was made of.
pub(super) fn says_nothing(depth: Depth, path: &Path, seen: &Observed) -> bool {
    let is_stamp = || seen.stamp.is_none_or(|it| it.kind == FileKind::Directory || it.size == 0);
    (depth == Depth::Names && is_stamp()) || is_thin_archive(path)
}

/// Only what is called like an archive is opened: every output is asked, in every walk.
fn is_thin_archive(path: &Path) -> bool {
    const MAGIC: [u8; 8] = *b"!<thin>\n";
    let mut start = [0; MAGIC.len()];
    path.extension().is_some_and(|it| it == "a")
        && path.is_file()
        && File::open(path).and_then(|mut it| it.read_exact(&mut start)).is_ok()
        && start == MAGIC
}
