//! The tokens of a [`Jobserver`] that this run holds: one for each running job but the first.
//!
//! To take one never waits. When there is none, a thread waits for it and has the scheduler look
//! again; there is one at most, from the first time on that a token was missing. What is held and not
//! needed is given back before the scheduler sleeps.

use std::io::{self, PipeReader, PipeWriter};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::Jobserver;
use crate::os::Tokens;
use crate::run::Run;
use crate::worker::Message;

/// The tokens that a run holds.
#[derive(Debug)]
pub(crate) struct Permits {
    jobserver: Option<Jobserver>,
    held: Vec<u8>,
    /// A job could start, had it a token.
    wants: bool,
    watcher: Option<Watcher>,
    run: Arc<Run>,
}

/// A thread that waits for a token to come.
#[derive(Debug)]
struct Watcher {
    orders: Sender<()>,
    /// Closed, it ends the thread.
    rope: PipeWriter,
    thread: JoinHandle<()>,
}

impl Permits {
    pub(crate) fn new(jobserver: Option<Jobserver>, run: &Arc<Run>) -> Self {
        Self { jobserver, held: Vec::new(), wants: false, watcher: None, run: Arc::clone(run) }
    }

    /// Returns whether one more job may start beside `active` ones; takes a token for it.
    pub(crate) fn allow(&mut self, active: usize) -> bool {
        self.wants = false;
        let Some(jobserver) = &self.jobserver else { return true };
        while self.held.len() < active {
            let Some(token) = jobserver.take() else {
                self.wants = true;
                return false;
            };
            self.held.push(token);
            self.run.hold_tokens(self.held.len());
        }
        true
    }

    /// Returns whether a job waits for a token, and there may be one for it now.
    pub(crate) fn are_there(&mut self, active: usize) -> bool {
        self.wants && self.allow(active)
    }

    /// Gives back what `active` jobs do not need, and has a thread wait for what is missing: the
    /// scheduler is about to sleep.
    pub(crate) fn settle(&mut self, active: usize) {
        let Some(jobserver) = &self.jobserver else { return };
        while self.held.len() > active.saturating_sub(1)
            && let Some(token) = self.held.pop()
        {
            // Counted no more first: one too few is better than one too many.
            self.run.hold_tokens(self.held.len());
            jobserver.give(token);
        }
        if active == 0 {
            jobserver.refill();
        }
        if self.wants
            && let Err(error) = self.watch()
        {
            log::warn!("cannot wait for a token of the jobserver: {error}");
        }
    }

    fn watch(&mut self) -> io::Result<()> {
        let Some(jobserver) = &self.jobserver else { return Ok(()) };
        if self.watcher.is_none() {
            self.watcher =
                Some(Watcher::start(Arc::clone(jobserver.tokens()), Arc::clone(&self.run))?);
        }
        // One order is enough: it is still waiting for that.
        let _ = self.watcher.as_ref().map(|it| it.orders.try_send(()));
        Ok(())
    }
}

impl Drop for Permits {
    fn drop(&mut self) {
        self.wants = false;
        self.settle(0);
        if let Some(Watcher { orders, rope, thread }) = self.watcher.take() {
            drop((orders, rope));
            if thread.join().is_err() {
                log::error!("the thread that waits for tokens panicked");
            }
        }
    }
}

impl Watcher {
    fn start(tokens: Arc<Tokens>, run: Arc<Run>) -> io::Result<Self> {
        let (orders, inbox) = bounded(1);
        let (bell, rope) = io::pipe()?;
        let thread = thread::Builder::new()
            .name("walk-tokens".to_owned())
            .spawn(move || wait(&inbox, &tokens, &bell, &run))?;
        Ok(Self { orders, rope, thread })
    }
}

fn wait(orders: &Receiver<()>, tokens: &Tokens, bell: &PipeReader, run: &Run) {
    while orders.recv().is_ok() && tokens.wait(bell) {
        run.send(Message::Notice);
    }
}
