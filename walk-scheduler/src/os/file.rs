//! What the standard library does not ask of the file system.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Access, Mode, OFlags, access, fcntl_setfl, open};

/// Makes an empty file, for the user alone, to which all who have it append.
pub(crate) fn create_to_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::APPEND | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Empties or makes a file as a shell does for `>`; a pipe that nobody reads is an error, and not
/// waited for.
pub(crate) fn create_as_shells_do(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOCTTY;
    let mode = Mode::from_raw_mode(0o666);
    let file = open(path, flags | OFlags::NONBLOCK, mode)?;
    // Whoever is given it sees what a shell would have opened.
    fcntl_setfl(&file, OFlags::WRONLY)?;
    Ok(file.into())
}

/// Checks that this process may execute the file.
pub(crate) fn may_execute(path: &Path) -> io::Result<()> {
    Ok(access(path, Access::EXEC_OK)?)
}

/// Returns the system's own words for a file that is not there.
pub(crate) fn not_found() -> io::Error {
    rustix::io::Errno::NOENT.into()
}
