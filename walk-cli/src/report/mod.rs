//! `walk report`: a recorded run as one page that needs nothing else.
//!
//! - `data` is what the page is made from: a run, worked out as far as the page need not think.
//! - `page` puts data, style and scripts together; what stands in `page/` is theirs.
//! - `formats` makes of a run what `--trace` and `--junit` would have written.
//! - `command` chooses the run, and writes the file.
//!
//! The page is written by hand, without a framework: it has to open from a disk without a network
//! in ten years, and draws ten thousand actions, for which elements of a page are too slow. Names
//! and output come from anywhere: they are data and text, never markup.

mod command;
mod data;
mod formats;
mod page;

pub(crate) use command::report;
