//! `cargo xtask acceptance`: a real C project, built by walk, and what walk ran for which change.
//!
//! Zstandard's sources come from the Debian archive; the manifest is `acceptance/zstd.walk.toml`.
//! `cargo xtask acceptance cache` shares a cache of results, which is damaged meanwhile.
//! `cargo xtask acceptance ninja` builds projects that `cmake` and Meson have configured for ninja.
//! `cargo xtask acceptance report` uses the page of a run in a browser.
//! `cargo xtask acceptance slurm` runs actions on a Slurm cluster that is damaged while they do.
//! The compiler is the judge: which files a header reaches is asked from `cc -MM`, not from walk.

mod apt;
mod cache;
mod changes;
mod checks;
mod ninja;
mod project;
mod report;
mod run;
mod script;
mod slurm;

pub(crate) use run::{Options, run};
pub(crate) use script::{CACHE, SLURM, Script};
