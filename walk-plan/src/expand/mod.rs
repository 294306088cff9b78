//! From documents to a plan: variables, members, globs, names, and every check.
//!
//! # What a text may hold
//!
//! | written | means |
//! |---|---|
//! | `${name}` | the variable of `[vars]`; unknown is an error |
//! | `$${name}` | `${name}` for the shell |
//! | `$name`, `$(..)`, `$$`, `${name:-x}`, `${#name}` | themselves: the shell's own |
//! | `{file}` `{dir}` `{name}` `{stem}` `{ext}` | the match of `foreach` |
//! | `{key}` | the value of a key of `matrix` |
//! | `{in}` `{out}` | all inputs, all outputs; in `run`, `late`, `env` and `depfile` |
//! | `{{name}}` | `{name}` |
//! | any other brace: `{ a; b; }`, `{}`, `{1}`, `{a,b}`, `{{.ID}}` | itself |
//!
//! A placeholder is an identifier alone between braces (`[A-Za-z_][A-Za-z0-9_-]*`);
//! one that is not known is an error. The text of a variable may hold placeholders.
//! In `run` and `late` paths are written as seen from the action's `cwd`. In a `run` for
//! the shell a path is quoted where it needs to be; the value of a matrix never is.
//!
//! # Paths
//!
//! Every path, also in an included manifest, is relative to the directory of the first
//! manifest. A glob is a path with `*`, `?`, `[..]` or `{a,b}`; `**` is any number of
//! directories. A wildcard matches no name that begins with a dot unless the glob has one
//! there, and only files. It sees files on disk and the outputs of other actions, but no
//! depfile; so `{in}` in the path of a depfile stands for one plain path, not a glob. A text
//! that is exactly the path of a file or of an output is that file, whatever it looks like.

mod text;
mod vars;

mod glob;
mod tree;

mod include;
mod settings;

mod depfiles;
mod inputs;
mod members;
mod outputs;

mod actions;
mod read;

pub(crate) use text::literal;
