//! Walks a graph of actions, running only those whose result would change.
//!
//! Three things make a walk. A [`Dag`] says what there is to do and in which order. An
//! implementation of [`Walk`] says what each action is: its job, and the fingerprint of
//! all that its result depends on. [`run`] brings them together: it decides, starts what
//! fits within the limits of the queues, waits, and collects, until nothing is left.
//!
//! Only [`Walk::create_job`] has to be written; without fingerprints every action runs:
//!
//! ```
//! use walk_core::{Dag, Job, JobContext, JobStatus, run, walk_fn};
//!
//! let mut dag = Dag::builder();
//! dag.add_vertex("fetch", "curl", [""; 0]);
//! dag.add_vertex("build", "make", ["fetch"]);
//! let dag = dag.build()?;
//!
//! let mut walk = walk_fn(|action| {
//!     let tool = *action.data();
//!     Job::new(move |_: &JobContext| {
//!         println!("{tool}");
//!         JobStatus::Success
//!     })
//!     .into()
//! });
//! let report = run(&mut walk, &dag)?;
//! assert!(report.is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With fingerprints the second walk runs nothing. Three hooks add them:
//! [`compute_fingerprint`](Walk::compute_fingerprint),
//! [`load_previous_fingerprint`](Walk::load_previous_fingerprint) and
//! [`save_fingerprint`](Walk::save_fingerprint). Every other hook has a default, described
//! where it is declared, and each default can be called from an override: they are the
//! functions of [`defaults`].
//!
//! What happened is told twice: as [`Event`]s while it happens, and in the [`Report`] at
//! the end. The library prints nothing, installs no signal handler and reads no
//! configuration; it logs to the target `walk`.
//!
//! The hooks and their rules are those of `e3.job.walk` of e3-core.
//!
//! # Closures
//!
//! A job costs about a microsecond: it is decided upon, queued, watched and collected. Where a
//! vertex stands for less work than that, and nothing is to be remembered, [`for_each`] calls a
//! closure for each vertex, in order and on several threads, for some ten nanoseconds:
//!
//! ```
//! use std::sync::OnceLock;
//! use walk_core::{Dag, ForEach};
//!
//! struct Cell { formula: fn(f64) -> Result<f64, String>, value: OnceLock<f64> }
//! let cell = |formula| Cell { formula, value: OnceLock::new() };
//!
//! let mut sheet = Dag::builder();
//! sheet.add_vertex("net", cell(|_| Ok(100.0)), [""; 0]);
//! sheet.add_vertex("tax", cell(|net| Ok(net * 0.19)), ["net"]);
//! sheet.add_vertex("gross", cell(|sum| Ok(sum)), ["net", "tax"]);
//! sheet.add_vertex("ratio", cell(|_| Err("no such thing".into())), ["gross"]);
//! let sheet = sheet.build()?;
//!
//! let report = ForEach::new(&sheet).run(|vertex, cell| {
//!     // What a visit wrote can be read by the visits of all that depends on it.
//!     let inputs = sheet.predecessors(vertex).iter().filter_map(|it| sheet[*it].value.get());
//!     cell.value.set((cell.formula)(inputs.sum())?).expect("a vertex is visited once");
//!     Ok::<(), String>(())
//! });
//! assert_eq!(sheet[sheet.vertex("gross").unwrap()].value.get(), Some(&119.0));
//! assert_eq!(report.succeeded(), 3);
//! assert_eq!(report.failures()[0].to_string(), "`ratio` failed: no such thing");
//! # Ok::<(), walk_core::DagError>(())
//! ```

mod driver;

mod walk;

mod action;
mod decision;
pub mod defaults;
mod error;
mod event;
mod failure;
mod report;
mod state;
mod walk_fn;

mod for_each;

pub use walk_dag::{CriticalPaths, Dag, DagBuilder, DagError, Frontier, Vertex};
pub use walk_fingerprint as fingerprint;
pub use walk_fingerprint::{Checksum, Diff, Fingerprint, MemoryStore, SqliteStore, Store, Value};
pub use walk_scheduler as scheduler;
pub use walk_scheduler::{
    Ending, Interrupt, InterruptCause, Job, JobContext, JobOutcome, JobStatus, Process,
    SchedulingParams, SubmitError, Work,
};

pub use action::Action;
pub use decision::{Decision, DirtyReason, Freshness, Phase, Requeue, SkipReason};
pub use driver::run;
pub use error::Error;
pub use event::Event;
pub use for_each::{Failure, FailureCause, ForEach, ForEachReport, for_each};
pub use report::{ActionReport, Report};
pub use walk::Walk;
pub use walk_fn::{FnWalk, walk_fn};

/// The Rust of the README, as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
