//! What the operating system is asked for, and signals.

mod makeflags;
mod signals;
mod tty;

pub(crate) use makeflags::jobs_of_make;
pub(crate) use signals::{Listener, Signals};
pub(crate) use tty::{columns, is_foreground};
