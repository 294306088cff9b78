//! The two questions to the file system that the standard library does not ask.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Access, Mode, OFlags, access, open};

/// Makes an empty file, for the user alone, to which all who have it append.
pub(crate) fn create_to_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::APPEND | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Checks that this process may execute the file.
pub(crate) fn may_execute(path: &Path) -> io::Result<()> {
    Ok(access(path, Access::EXEC_OK)?)
}

/// Returns the system's own words for a file that is not there.
pub(crate) fn not_found() -> io::Error {
    rustix::io::Errno::NOENT.into()
}
