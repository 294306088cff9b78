//! Declared command actions: the manifest, its readers, and the walk that runs them.
//!
//! A [`Plan`] is a set of commands, with the files that each reads and writes. It has three
//! faces: a manifest in TOML for people ([`Plan::read`]), JSON or JSON lines for generators,
//! and a [`PlanBuilder`] for programs. All three mean the same, are checked by the same
//! code, and give the same errors, with file, line and column.
//!
//! A [`CommandWalk`] walks a plan: it is the [`Walk`](walk_core::Walk) whose fingerprints
//! are made of commands and of the contents of files, and it keeps what it learns in a
//! [`StateDir`].
//!
//! ```
//! use walk_plan::{ActionSpec, CommandWalk, Options, PlanBuilder, StateDir};
//!
//! let dir = tempfile::tempdir()?;
//! std::fs::write(dir.path().join("in.txt"), "hello\n")?;
//! let mut builder = PlanBuilder::new(dir.path());
//! builder.add(
//!     ActionSpec::new("upper").shell("tr a-z A-Z < {in} > {out}").input("in.txt").output("out.txt"),
//! );
//!
//! let state = StateDir::new(dir.path().join(".walk"));
//! for expected in [1, 0] {
//!     let mut walk = CommandWalk::open(builder.build()?, state.clone(), Options::default())?;
//!     let dag = walk.dag(&walk.plan().select(&[])?)?;
//!     let report = walk.run(&dag)?;
//!     assert!(report.is_success());
//!     assert_eq!(report.actions().iter().filter(|it| it.was_executed()).count(), expected);
//! }
//! assert_eq!(std::fs::read_to_string(dir.path().join("out.txt"))?, "HELLO\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod expand;
mod manifest;
mod plan;

pub mod depfile;
#[cfg(fuzzing)]
pub mod fuzzing;

pub use command::{
    CACHE_TOKEN, CacheQuestion, Captured, Change, CommandWalk, Conduct, Engine, Errand, Held,
    History, Lapse, Loaded, Lock, Made, Memo, Note, Observer, Options, Partial, Reason, Recall,
    Rest, Restored, ResultCache, RunRecord, Secrets, SharedCache, SharedEngine, StateDir, Trip,
    Usual, WalkError, join,
};
pub use manifest::{Diagnostic, ManifestError, Overrides, Source, schema};
pub use plan::{
    ActionId, ActionSpec, AssembleError, CacheMode, CacheSettings, Command, DepfileUse,
    EngineQueue, Env, FileId, Files, GlobMatches, MissingOutputs, Needs, Parts, Paths, Plan,
    PlanBuilder, Response, Retry, Run, Settings, TargetError, Tool, literal,
};
