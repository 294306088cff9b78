//! The record that every run leaves that runs something, for the questions that come afterwards.
//!
//! The file is made when the first action is queued, so that a run that finds nothing to do costs
//! nothing and leaves nothing. Whatever goes wrong with it is said once and is no failure of the
//! run.

use std::time::Duration;

use walk_core::Event;
use walk_plan::StateDir;

use super::events::{Events, Subject};
use super::line::Start;
use crate::exit::Exit;
use crate::run::Tally;

/// The recorder of one run.
pub(crate) struct Recorder {
    state: StateDir,
    progress: Progress,
}

enum Progress {
    /// Nothing was queued yet.
    Waiting(Box<Start>),
    Writing(Box<Events>),
    /// It ended, or cannot be written.
    Over,
}

impl Recorder {
    pub(crate) fn new(state: StateDir) -> Self {
        Self { state, progress: Progress::Waiting(Box::default()) }
    }

    /// Takes in what the run begins with; of a run in stages, what its last stage does until
    /// something is queued.
    pub(crate) fn start(&mut self, start: &Start) {
        if let Progress::Waiting(waiting) = &mut self.progress {
            **waiting = start.clone();
        }
    }

    pub(crate) fn hear<D>(&mut self, event: &Event<'_, D>, subject: &Subject<'_>) {
        if let Progress::Waiting(start) = &mut self.progress
            && matches!(event, Event::Queued { .. })
        {
            self.progress = open(&self.state, std::mem::take(start));
        }
        if let Progress::Writing(events) = &mut self.progress {
            events.hear(event, subject);
        }
    }

    /// Writes how the run ended.
    pub(crate) fn close(&mut self, tally: Tally, exit: Exit, duration: Duration) {
        let progress = std::mem::replace(&mut self.progress, Progress::Over);
        let Progress::Writing(mut events) = progress else { return };
        events.finish(tally, exit, duration);
        if let Some(error) = events.take_error() {
            log::warn!(target: "walk", "the record of this run is not whole: {error}");
        }
    }
}

fn open(state: &StateDir, mut start: Box<Start>) -> Progress {
    match state.create_run_record() {
        Ok((record, file)) => {
            start.run = Some(record.number);
            let mut events = Events::of_record(file);
            events.start(&start);
            Progress::Writing(Box::new(events))
        }
        Err(error) => {
            log::warn!(target: "walk", "this run is not recorded: {error}");
            Progress::Over
        }
    }
}
