//! All that depends on the platform: children, their signals, their descendants.
//!
//! Linux first: a pidfd wakes the thread that waits for a child, `/proc` shows the descendants
//! that left the group, and being the subreaper keeps them in sight. Elsewhere the child is looked
//! at every few milliseconds, and only its group is killed. Everything else is the same code.

mod child;
mod family;
mod file;
mod guardian;
mod leash;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
mod scarcity;
mod signal;
mod spawn;
mod tokens;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

pub(crate) use child::{Child, Kinship};
pub(crate) use file::{create_as_shells_do, create_to_append, may_execute, not_found};
pub(crate) use guardian::Guardian;
pub(crate) use leash::{Bell, Leash};
pub(crate) use platform::{adopt_orphans, load_average};
pub(crate) use scarcity::is_scarcity;
pub(crate) use signal::signal_name;
pub(crate) use spawn::{Changes, Environment, Spawn};
pub(crate) use tokens::Tokens;
