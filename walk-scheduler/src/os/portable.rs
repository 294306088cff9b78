//! What stands in for Linux's means elsewhere: nothing is seen of a child but its own exit.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::process::Pid;

/// One process; none is ever seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) is_alive: bool,
    pub(crate) start: u64,
}

/// Opens nothing: the child has to be looked at.
pub(crate) fn exit_fd(_child: Pid) -> Option<OwnedFd> {
    None
}

/// Tells no load.
pub(crate) fn load_average() -> Option<f64> {
    None
}

/// Does nothing: orphans go to the first process.
pub(crate) fn adopt_orphans() {}

/// Makes no file: without `/proc` a guardian could not read it.
pub(crate) fn memory_file(_name: &str) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lists no processes.
pub(crate) fn processes() -> Vec<Stat> {
    Vec::new()
}

/// Cannot tell.
pub(crate) fn has_variable(_pid: i32, _name: &str, _value: &str) -> Option<bool> {
    None
}
