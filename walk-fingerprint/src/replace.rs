//! Files that are replaced as a whole, and how to tell that they are whole.
//!
//! What is in them can be made again, so that nothing waits for the disk: a file that did not
//! survive is told by its checksum.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process;

/// Writes `bytes` beside `path`, then renames: a reader sees the old content or the new one. The
/// file is for its user alone.
///
/// # Errors
///
/// When the file cannot be written.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(format!(".{}.tmp", process::id()));
    let open =
        || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside);
    let written = open().and_then(|mut it| it.write_all(bytes));
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        drop(fs::remove_file(&beside));
    }
    replaced
}

/// Returns the CRC-32 (IEEE) of `bytes`: against damage, not against anybody.
///
/// ```
/// assert_eq!(walk_fingerprint::crc32(b"123456789"), 0xcbf4_3926);
/// ```
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}
