//! The tests of `walk-plan` through its public interface.

mod support;

mod actions;
mod builder;
mod depfile;
mod errors;
mod files;
mod graph_errors;
mod hostile;
mod json_errors;
mod makers;
mod members;
mod select;
mod settings;
mod walking;
