//! What the operating system is asked for, and signals.

mod family;
mod host;
mod makeflags;
mod signals;
mod system;
mod tty;

pub(crate) use family::{is_alive, is_ancestor};
pub(crate) use host::host;
pub(crate) use makeflags::{FromMake, from_make};
pub(crate) use signals::{Listener, Signals};
pub(crate) use system::{FileSystem, file_system, has_pidfd, has_subreaper, open_files};
pub(crate) use tty::{columns, is_foreground, lines};
