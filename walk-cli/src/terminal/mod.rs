//! What people see.
//!
//! - `color` decides whether there are colors and a live block, from what is known of the
//!   surroundings; `text` measures, shortens and tames text.
//! - `line` makes the line of an action that ended, `output` what it wrote, `screen` the
//!   live block, `eta` the time that is left, `asking` what only waits for a cache, `taskbar`
//!   what the window around the terminal shows: from values to text, no terminal needed.
//! - `ci` is what services that run builds make of it.
//! - `sink` is the one writer; `console` joins the screen and the sink for all threads.

mod color;
mod text;

mod asking;
mod ci;
mod eta;
mod line;
mod output;
mod screen;
mod taskbar;

mod console;
mod sink;

#[cfg(test)]
mod written;

pub(crate) use asking::Asking;
pub(crate) use ci::{Ci, Told};
pub(crate) use color::{Palette, Progress, Surroundings};
pub(crate) use console::{Console, LogPipe, Setup};
pub(crate) use eta::Outline;
pub(crate) use line::{Line, Verdict, name_width};
pub(crate) use output::{INDENT, Output};
pub(crate) use screen::Screen;
pub(crate) use taskbar::Hints;
pub(crate) use text::{age, brief, seconds, tame, width};
#[cfg(test)]
pub(crate) use written::Written;
