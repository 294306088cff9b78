//! `walk watch`: brings targets up to date, waits for changes, and does it again.
//!
//! ```text
//! eyes (inotify, or polling) ─▶ news ─▶ rounds ─▶ a run of its own, as `walk run` would
//!                                ▲                  │ which actions started
//!                              scope ◀──────────────┘ which files they read
//! ```
//!
//! - `scope` is what there is to look at, and what a change of it means.
//! - `eyes` look at directories: the kernel tells, or `poll` asks.
//! - `news` is what changed and nobody has acted on, shared with the thread that hears of it.
//! - `patience` ends rounds that would go on for ever, because actions change what they read.
//! - `rounds` is the loop.
//!
//! What runs is decided by the runs, by content as ever: a watch only knows when to ask.

mod eyes;
mod news;
mod patience;
mod poll;
mod rounds;
mod scope;

pub(crate) use rounds::watch;
