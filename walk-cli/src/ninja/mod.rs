//! The face of ninja: called through a link named `ninja`, walk takes ninja's flags, prints
//! what ninja prints, and exits as ninja does.
//!
//! - `args` reads the command line, `answer` is what is printed instead of a build.
//! - `command` is the way of one call, `stop` what ends it early.
//! - `template` and `pace` make what `NINJA_STATUS` asks for, `text` fits it to where it goes,
//!   `printer` writes it, `status` joins them: what is said of each edge.
//! - `state` is the directory of what walk remembers, and its lock.
//! - `build` walks one stage after the other, `watch` hears what happens meanwhile; `forecast`
//!   is the same for `-n`, and `stats` what took how long.
//! - `tools` runs the tools of `-t` on the graph, and on the state through `memory`.

mod answer;
mod args;

mod command;
mod stop;

mod pace;
mod printer;
mod status;
mod template;
mod text;

mod state;

mod build;
mod forecast;
mod stats;
mod watch;

mod memory;
mod tools;

pub(crate) use args::is_ninja;
pub(crate) use command::run;
