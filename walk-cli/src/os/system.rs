//! What a system offers of what a walk makes use of.

use std::path::Path;

/// What a file system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileSystem {
    /// On this machine, or nobody knows.
    Local,
    /// Gone after the next boot.
    Memory,
    /// On another machine; its name.
    Network(&'static str),
    /// Made by a program.
    Fuse,
}

/// Returns what file system a path is on.
#[cfg(target_os = "linux")]
pub(crate) fn file_system(path: &Path) -> FileSystem {
    let Ok(found) = rustix::fs::statfs(path) else { return FileSystem::Local };
    // The kernel's numbers have 32 bits, whatever the type they come in.
    match u64::try_from(found.f_type).unwrap_or(0) & 0xffff_ffff {
        0x6969 => FileSystem::Network("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => FileSystem::Network("SMB"),
        0x0102_1997 => FileSystem::Network("9p"),
        0x5346_414f | 0x6b41_4653 => FileSystem::Network("AFS"),
        0x00c3_6400 => FileSystem::Network("Ceph"),
        0x0bd0_0bd0 => FileSystem::Network("Lustre"),
        0x4750_4653 => FileSystem::Network("GPFS"),
        0x1983_0326 => FileSystem::Network("BeeGFS"),
        0xaad7_aaea => FileSystem::Network("PanFS"),
        0x6573_5546 => FileSystem::Fuse,
        0x0102_1994 => FileSystem::Memory,
        _ => FileSystem::Local,
    }
}

/// Returns what file system a path is on.
#[cfg(not(target_os = "linux"))]
pub(crate) fn file_system(_path: &Path) -> FileSystem {
    FileSystem::Local
}

/// Returns how many files this process may have open; `None` for as many as it likes.
pub(crate) fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// Returns whether the end of a process can be waited for by a descriptor.
#[cfg(target_os = "linux")]
pub(crate) fn has_pidfd() -> bool {
    use rustix::process::{PidfdFlags, getpid, pidfd_open};
    pidfd_open(getpid(), PidfdFlags::empty()).is_ok()
}

/// Returns whether orphans come to this process, so that it can end them.
#[cfg(target_os = "linux")]
pub(crate) fn has_subreaper() -> bool {
    use rustix::process::{child_subreaper, getpid, set_child_subreaper};
    set_child_subreaper(Some(getpid())).is_ok() && child_subreaper().is_ok_and(|it| it.is_some())
}

/// Returns whether the end of a process can be waited for by a descriptor.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_pidfd() -> bool {
    false
}

/// Returns whether orphans come to this process, so that it can end them.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_subreaper() -> bool {
    false
}
