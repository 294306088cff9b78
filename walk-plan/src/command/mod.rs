//! Walking a [`Plan`](crate::Plan): what its actions run, and when they are up to date.
//!
//! [`CommandWalk`] is the [`Walk`](walk_core::Walk) of declared commands. Each file here
//! knows one thing:
//!
//! - `walk` sets a walk up and owns its state, `hooks` answers the hooks; only they know the
//!   others.
//! - `elements` says what a fingerprint is made of: one function for before and after.
//! - `content` is what a file says of what was made, which may be nothing.
//! - `files` is what is known of each file during a run, and when to look again.
//! - `describe` says what is to be run for an action; `work` runs one command on its thread, and
//!   looks at what it made.
//! - `includes` finds what `cl /showIncludes` names in what a command wrote.
//! - `entries` holds the rules of make and ninja, for plans that ask for them: aliases, stamps,
//!   the action that makes the manifest.
//! - `note` is what is remembered of an action's last run, for `why`, `list` and `clean`;
//!   `history` the part of it that is about all runs; `urgency` makes the order of jobs of it.
//! - `outcome` is what a worker thread hands back, `partial` removes what a failed command wrote.
//! - `state_dir` is the directory where all that lives, `lock` its lock, `loaded` what is read of
//!   it at the beginning, `runs` the files in which runs are recorded.
//! - `memo` is what a walk depended on that found nothing to do, so that the next one need not
//!   begin.
//! - `steady` says whether what a job read held still meanwhile.
//! - `secrets` are never written down.
//! - `tools` asks programs for their versions, `shell` quotes words, and
//!   `plain` knows the texts that need no shell.

mod cached;
mod compiled;
mod content;
mod describe;
mod elements;
mod engine;
mod entries;
mod error;
mod files;
mod history;
mod hooks;
mod includes;
mod loaded;
mod lock;
mod memo;
mod note;
mod outcome;
mod partial;
mod plain;
mod programs;
mod runs;
mod secrets;
mod shell;
mod state_dir;
mod steady;
mod surroundings;
mod tools;
mod urgency;
mod walk;
mod work;

pub use cached::{CACHE_TOKEN, CacheQuestion, Restored, ResultCache, SharedCache};
#[cfg(fuzzing)]
pub use compiled::fuzz as fuzz_graph;
pub use compiled::{Partial, Rest};
pub use engine::{Engine, Errand, SharedEngine, Trip};
pub use error::WalkError;
pub use history::{History, Usual};
pub use loaded::Loaded;
pub use lock::{Held, Lock};
pub use memo::{Memo, Recall};
pub use note::{Change, Lapse, Made, Note, Reason};
pub use outcome::{Captured, Conduct};
pub use runs::RunRecord;
pub use secrets::Secrets;
pub use shell::join;
pub use state_dir::StateDir;
pub use walk::{CommandWalk, Observer, Options};
