//! What a walk has of other machines: engines that run its commands, a cache of results, and the
//! runner on a node.
//!
//! The work is done by walk-slurm and walk-cache; here is what joins them to a walk of a plan.

mod cache;
mod engine;
mod runner;

use walk_core::{Dag, Interrupt};
use walk_plan::{ActionId, CommandWalk};

pub(crate) use cache::settings as settings_of_cache;
pub(crate) use engine::stop_left;
pub(crate) use runner::{NAME, run};

use crate::args::Common;
use crate::error::Result;
use crate::terminal::Console;

/// Gives `walk` the engines and the cache that it needs, and has what an earlier walk left running
/// elsewhere stopped, unless this one may take it over.
pub(crate) fn prepare(
    common: &Common,
    walk: &mut CommandWalk,
    dag: &Dag<ActionId>,
    interrupt: &Interrupt,
    console: &Console,
) -> Result<()> {
    cache::prepare(common, walk, console)?;
    engine::prepare(walk, dag, interrupt)
}
