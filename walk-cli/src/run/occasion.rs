//! What a run is part of: a command, after which the process ends, or a watch, which goes on.

use std::mem;
use std::sync::Arc;

use walk_core::{Event, Interrupt};
use walk_plan::ActionId;

use super::tally::Tally;
use crate::error::{CliError, Result};
use crate::os::Signals;
use crate::terminal::Console;

/// Hears in a watch which actions are to start, and start, by name.
pub(crate) type Tap = Arc<dyn Fn(&str, Step) + Send + Sync>;

/// What a watch hears of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was decided that it is to run.
    Decided,
    /// It starts.
    Started,
}

/// What a run is part of.
#[derive(Clone, Default)]
pub(crate) struct Occasion {
    interrupt: Interrupt,
    watch: Option<Watched>,
}

#[derive(Clone)]
struct Watched {
    signals: Signals,
    tap: Tap,
    is_news: bool,
}

impl Occasion {
    /// A run of a watch that `interrupt` stops as well. `is_news` tells whether it is worth a word
    /// that nothing had to be done.
    pub(crate) fn watched(interrupt: Interrupt, signals: Signals, tap: Tap, is_news: bool) -> Self {
        Self { interrupt, watch: Some(Watched { signals, tap, is_news }) }
    }

    /// Returns what stops the run.
    pub(crate) fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Has signals reach the run.
    pub(super) fn signals(&self, console: &Console) -> Result<Signals> {
        if let Some(watch) = &self.watch {
            watch.signals.aim(self.interrupt(), console.clone());
            return Ok(watch.signals.clone());
        }
        let cannot = |source| CliError::File { verb: "handle", path: "signals".into(), source };
        Signals::handle(self.interrupt(), console.clone()).map_err(cannot)
    }

    /// Hears what happens.
    pub(super) fn hear(&self, event: &Event<'_, ActionId>) {
        let Some(watch) = &self.watch else { return };
        match event {
            Event::Queued { action, .. } => (watch.tap)(action.uid(), Step::Decided),
            Event::Started { action, .. } => (watch.tap)(action.uid(), Step::Started),
            _ => {}
        }
    }

    /// Returns whether there is nothing to be said at the end of the run: a file that matters to
    /// nobody set it off, or one that changed put an end to it.
    pub(super) fn is_silent(&self, tally: Tally) -> bool {
        let Some(watch) = &self.watch else { return false };
        let did_nothing = tally.up_to_date == tally.total();
        let is_obsolete = self.interrupt.is_triggered() && watch.signals.received().is_none();
        is_obsolete || (did_nothing && !watch.is_news)
    }

    /// Ends the run.
    pub(super) fn leave<T>(&self, left: T) {
        self.forget(left);
        if let Some(watch) = &self.watch {
            watch.signals.rest();
        }
    }

    /// Tidies up what a run leaves, if the process goes on: before its end there is no use in that.
    pub(super) fn forget<T>(&self, left: T) {
        match &self.watch {
            Some(_) => drop(left),
            None => mem::forget(left),
        }
    }
}
