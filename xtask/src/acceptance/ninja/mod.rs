//! `cargo xtask acceptance ninja`: real projects, configured by `cmake` and Meson, built by walk
//! under the name of `ninja`.
//!
//! For each change of the sources it is computed here which steps have to run, from the manifest
//! and the depfiles, and compared with those that did. A ninja that goes by times can be checked
//! in walk's place, to know what is the checks' own fault.

mod catalog;
mod changes;
mod depfile;
mod expect;
mod graph;
mod kit;
mod manifest;
mod measure;
mod report;
mod run;
mod source;
mod tools;
mod tree;

pub(crate) use run::{Options, run};
