//! `cargo xtask acceptance`: a real C project, built by walk, and what walk ran for which change.
//!
//! Zstandard's sources come from the Debian archive; the manifest is `acceptance/zstd.walk.toml`.
//! The compiler is the judge: which files a header reaches is asked from `cc -MM`, not from walk.

mod apt;
mod changes;
mod checks;
mod project;
mod run;

pub(crate) use run::{Options, run};
