//! What a file says of what was made: its content, as a rule, but not always.
//!
//! - An empty file that an action makes, and a directory, are stamps: they say that something
//!   was made, and not what. They stand for what they were made of, and an empty file for the
//!   time at which it was last touched as well, which is all that it has to say.
//! - What a generator makes stands for its content, and for the time as well: rules of that kind
//!   are about times, and touch a file to have what reads it run again.
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
/// The value of a file that is not there.
const MISSING: &str = "missing";
/// The value of an output that was not made.
const UNMADE: &str = "not made";

/// Returns the value of the element that stands for a file.
pub(super) fn value(plan: &Plan, id: FileId, seen: &Observed) -> Value {
    let is_entry = plan.settings.paths == Paths::Entries;
    let maker = plan.files.producer(id).filter(|_| is_entry);
    let is_made = maker.is_some();
    let is_generated = maker.is_some_and(|it| plan.actions[it.index()].generator);
    match (seen.state, seen.stamp) {
        // Others may write into it too.
        (FileState::Directory(_), _) if is_made => "directory".into(),
        (FileState::File(_), Some(stamp)) if is_made && stamp.size == 0 => {
            format!("{WRITTEN}{}", stamp.mtime_ns).as_str().into()
        }
        (FileState::File(digest), Some(stamp)) if is_generated => {
            format!("{WRITTEN}{} {digest}", stamp.mtime_ns).as_str().into()
        }
        (FileState::File(digest) | FileState::Directory(digest), _) => digest.into(),
        (FileState::Missing, _) => MISSING.into(),
    }
}

/// Returns the value of an output that was just made, or not: then it differs from one that
/// is missing, so that the action runs again.
pub(super) fn made(plan: &Plan, id: FileId, seen: &Observed) -> Value {
    match seen.state {
        FileState::Missing => UNMADE.into(),
        _ => value(plan, id, seen),
    }
}

/// Returns the digest of the content that had this value, if it had one.
pub(super) fn digest(value: &Value) -> Option<Checksum> {
    match value {
        Value::Digest(digest) => Some(*digest),
        Value::Text(text) => match text.strip_prefix(WRITTEN)?.split_once(' ') {
            Some((_, digest)) => digest.parse().ok(),
            None => Some(Checksum::of(b"")),
        },
    }
}

/// Returns whether a value says that there is no file.
pub(super) fn is_missing(value: &Value) -> bool {
    matches!(value, Value::Text(text) if **text == *MISSING)
}

/// Returns whether a value says that an output was not made.
pub(super) fn is_unmade(value: &Value) -> bool {
    matches!(value, Value::Text(text) if **text == *UNMADE)
}

/// Returns whether a value says when the file was written.
pub(super) fn is_timed(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.starts_with(WRITTEN))
}

/// Returns whether two values say that the content is the same, whenever it was written.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    one == other || (is_timed(one) && is_timed(other) && digest(one) == digest(other))
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
