//! What differs between operating systems.
//!
//! Linux first. Elsewhere the answer is the careful one: an unknown boot is taken for another.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Makes opening a fifo return at once instead of waiting for a writer.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    any(
        target_arch = "x86_64",
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "riscv64",
        target_arch = "s390x",
        target_arch = "powerpc64"
    )
))]
const NONBLOCK: i32 = 0o4000;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
const NONBLOCK: i32 = 0x4;
#[cfg(not(any(
    all(
        any(target_os = "linux", target_os = "android"),
        any(
            target_arch = "x86_64",
            target_arch = "x86",
            target_arch = "aarch64",
            target_arch = "arm",
            target_arch = "riscv64",
            target_arch = "s390x",
            target_arch = "powerpc64"
        )
    ),
    target_vendor = "apple",
    target_os = "freebsd"
)))]
const NONBLOCK: i32 = 0;

/// Opens a file for reading and never waits for it.
pub(crate) fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)
}

/// Returns a text that is another after every boot, if the system has one.
pub(crate) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// What tells a file from every other one: its device and its inode.
pub(crate) type FileId = (u64, u64);

/// Returns which file a path leads to, if any.
pub(crate) fn file_id(path: &Path) -> Option<FileId> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
