//! The tools of `-t`.

use walk_ninja::Frame;

use super::args::ToolWish;
use super::stop::{Result, Stop};
use crate::exit::Exit;

/// Runs a tool.
pub(super) fn run(_: Frame, tool: &ToolWish) -> Result<Exit> {
    Err(Stop::Fatal(format!("tool '{}'", tool.name)))
}
