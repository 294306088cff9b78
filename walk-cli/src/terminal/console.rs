//! The terminal as all threads see it: what the run tells, what the log says, what signals
//! do to it, and the thread that redraws the block.
//!
//! What ends without a job is only counted, without a lock: in most walks that is nearly
//! everything.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::eta::Outlook;
use super::screen::Screen;
use super::sink::Sink;
use super::taskbar::Taskbar;
use super::text::{brief, whole};
use super::{Palette, Progress};
use crate::os;

const REDRAW: Duration = Duration::from_millis(100);
const ESTIMATE: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The columns that the block leaves free: terminals disagree about some characters.
const MARGIN: usize = 3;

/// The width where there is no terminal.
const COLUMNS: usize = 80;

/// The height where the terminal does not tell.
const LINES: usize = 24;

/// The terminal of a run; clones are the same.
#[derive(Clone)]
pub(crate) struct Console {
    shared: Arc<Shared>,
}

/// How to show a run.
pub(crate) struct Setup {
    pub(crate) out: Box<dyn Write + Send>,
    pub(crate) err: Box<dyn Write + Send>,
    pub(crate) progress: Progress,
    pub(crate) palette: Palette,
    /// Whether the terminal shows progress in its taskbar.
    pub(crate) has_taskbar: bool,
}

struct Shared {
    stayed: AtomicUsize,
    state: Mutex<State>,
}

struct State {
    sink: Sink,
    err: Box<dyn Write + Send>,
    screen: Screen,
    /// What has to be read before anything is expected.
    looking: Option<Looking>,
    taskbar: Taskbar,
    grace: Duration,
    next_estimate: Option<Instant>,
    progress: Progress,
    palette: Palette,
    ticker: Option<Ticker>,
    /// Somebody else has the terminal: nothing may be written.
    is_held: bool,
    suspended_at: Option<Instant>,
}

/// Reads what happened in earlier walks.
type Looking = Box<dyn FnOnce() -> Outlook + Send>;

struct Ticker {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Console {
    pub(crate) fn new(setup: Setup) -> Self {
        let state = State {
            sink: Sink::new(setup.out),
            err: setup.err,
            screen: Screen::default(),
            looking: None,
            taskbar: Taskbar::new(setup.has_taskbar && setup.progress == Progress::Bar),
            grace: Duration::ZERO,
            next_estimate: None,
            progress: setup.progress,
            palette: setup.palette,
            ticker: None,
            is_held: false,
            suspended_at: None,
        };
        Self { shared: Arc::new(Shared { stayed: AtomicUsize::new(0), state: Mutex::new(state) }) }
    }

    /// Sets how many actions there are, and how long each is given to stop.
    pub(crate) fn begin(&self, total: usize, grace: Duration) {
        let mut state = self.state();
        state.screen.set_total(total);
        state.grace = grace;
    }

    /// Returns whether there is a block, which shows what is expected.
    pub(crate) fn has_block(&self) -> bool {
        self.state().progress == Progress::Bar
    }

    /// Has another thread find out what is to be expected of the walk.
    pub(crate) fn look_ahead(&self, looking: impl FnOnce() -> Outlook + Send + 'static) {
        self.state().looking = Some(Box::new(looking));
    }

    /// Counts actions that ended without a job.
    pub(crate) fn stayed(&self, count: usize) {
        self.shared.stayed.fetch_add(count, Ordering::Relaxed);
    }

    /// Changes the picture; with the first change it starts to be drawn.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Screen)) {
        let mut state = self.state();
        change(&mut state.screen);
        if state.ticker.is_none() && state.progress != Progress::None {
            state.ticker = self.start(state.progress);
        }
    }

    /// Prints text, which ends with a line feed, above the block.
    pub(crate) fn print(&self, text: &[u8]) {
        let mut state = self.state();
        state.sink.print(text);
        state.settle();
    }

    /// Prints text to where errors go.
    pub(crate) fn complain(&self, text: &[u8]) {
        let mut state = self.state();
        if state.progress == Progress::Bar {
            // The block is on the same terminal.
            state.sink.print(text);
            state.settle();
        } else {
            let _ = state.err.write_all(text);
        }
    }

    /// Leaves the terminal to somebody else, until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        let mut state = self.state();
        state.erase();
        state.is_held = true;
    }

    /// Takes the terminal back.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.is_held = false;
        state.settle();
    }

    /// Returns whether the reader has gone.
    pub(crate) fn is_broken(&self) -> bool {
        self.state().sink.is_broken()
    }

    /// Removes the block for good, and writes what is left.
    pub(crate) fn finish(&self) {
        let ticker = self.state().ticker.take();
        if let Some(Ticker { stop, thread }) = ticker {
            drop(stop);
            // If it panicked, the hook has said so.
            let _ = thread.join();
        }
        let mut state = self.state();
        state.is_held = false;
        state.erase();
        state.progress = Progress::None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, progress: Progress) -> Option<Ticker> {
        let (stop, stopped) = mpsc::channel();
        let console = self.clone();
        let tick = move || {
            let period = if progress == Progress::Bar { REDRAW } else { HEARTBEAT };
            console.look();
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                console.tick();
            }
        };
        // Without a thread there is no picture; nothing else is lost.
        let thread = thread::Builder::new().name("terminal".into()).spawn(tick).ok()?;
        Some(Ticker { stop, thread })
    }

    /// Does what [`look_ahead`](Self::look_ahead) asked for, without the lock.
    fn look(&self) {
        let looking = self.state().looking.take();
        if let Some(outlook) = looking.map(|it| it()) {
            let mut state = self.state();
            state.screen.set_outlook(outlook);
            state.next_estimate = None;
        }
    }

    fn tick(&self) {
        self.look();
        let mut state = self.state();
        state.screen.set_stayed(self.shared.stayed.load(Ordering::Relaxed));
        match state.progress {
            Progress::Bar => state.draw(),
            Progress::Plain => state.beat(),
            Progress::None => {}
        }
    }
}

impl State {
    fn is_quiet(&self) -> bool {
        self.is_held || self.suspended_at.is_some()
    }

    /// Writes what was collected: at once if nothing is drawn, else with the next picture.
    fn settle(&mut self) {
        if self.is_quiet() {
            return;
        }
        if self.progress != Progress::Bar {
            self.sink.flush();
        } else if self.sink.is_full() {
            self.draw();
        }
    }

    fn draw(&mut self) {
        if self.is_quiet() {
            return;
        }
        if !os::is_foreground() {
            return self.sink.flush();
        }
        let (columns, lines) = size();
        let now = Instant::now();
        if self.next_estimate.is_none_or(|it| it <= now) {
            self.screen.estimate(now);
            self.next_estimate = Some(now + ESTIMATE);
        }
        let (mood, percent) = self.screen.progress();
        if let Some(text) = self.taskbar.show(mood, percent) {
            self.sink.command(&text);
        }
        let room = (columns.saturating_sub(MARGIN), lines.saturating_sub(1));
        let rows = self.screen.rows(now, room, self.palette);
        self.sink.draw(&rows);
    }

    fn beat(&mut self) {
        if self.is_quiet() || self.screen.running() == 0 {
            return;
        }
        let text = self.screen.heartbeat(Instant::now());
        self.sink.print(format!("  ...  {text}\n").as_bytes());
        self.sink.flush();
    }

    fn erase(&mut self) {
        if let Some(text) = self.taskbar.clear() {
            self.sink.command(text);
        }
        self.sink.flush();
    }

    /// Says at once what becomes of the run as a whole.
    fn say(&mut self, text: &str) {
        if self.progress == Progress::None {
            return;
        }
        let text = self.palette.warn(text);
        self.sink.print(format!("  ...  {text}\n").as_bytes());
        match self.progress {
            Progress::Bar => self.draw(),
            _ => self.settle(),
        }
    }
}

impl os::Listener for Console {
    fn stopping(&self, is_kill: bool, again: &str) {
        let mut state = self.state();
        state.screen.set_stopping(if is_kill { "killing" } else { "stopping" });
        let actions = count(state.screen.running());
        let text = match (is_kill, state.screen.running()) {
            (_, 0) => return,
            (true, _) => format!("killing {actions}"),
            (false, _) => {
                let grace = whole(state.grace);
                let whom = if state.screen.running() == 1 { "it" } else { "them" };
                format!("stopping: waiting {grace} for {actions}; {again} kills {whom}")
            }
        };
        state.say(&text);
    }

    fn leaving(&self) {
        self.state().erase();
    }

    fn suspended(&self) {
        let mut state = self.state();
        if !state.is_held {
            let actions = count(state.screen.running());
            state.say(&format!("suspended, with {actions}; `fg` goes on"));
            state.erase();
        }
        state.suspended_at = Some(Instant::now());
    }

    fn resumed(&self) {
        let mut state = self.state();
        if let Some(at) = state.suspended_at.take() {
            state.screen.skip(at.elapsed());
            state.say(&format!("going on after {}", brief(at.elapsed())));
        }
        state.settle();
    }
}

/// Returns the columns and lines of the terminal; both may change at any time.
fn size() -> (usize, usize) {
    (os::columns().unwrap_or(COLUMNS), os::lines().unwrap_or(LINES))
}

fn count(actions: usize) -> String {
    format!("{actions} action{}", if actions == 1 { "" } else { "s" })
}

/// Where the log goes: above the block, like everything.
pub(crate) struct LogPipe(pub(crate) Console);

impl Write for LogPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.complain(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Written;

    fn console(progress: Progress) -> (Console, Written, Written) {
        let (out, err) = (Written::default(), Written::default());
        let console = Console::new(Setup {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            progress,
            palette: Palette::default(),
            has_taskbar: false,
        });
        (console, out, err)
    }

    #[test]
    fn while_somebody_else_has_the_terminal_nothing_is_written() {
        let (console, out, _) = console(Progress::Plain);
        console.print(b"before\n");
        assert_eq!(out.take(), "before\n");
        console.hold();
        console.print(b"held\n");
        assert_eq!(out.take(), "");
        console.release();
        assert_eq!(out.take(), "held\n");
        console.hold();
        console.print(b"last\n");
        console.finish();
        assert_eq!(out.take(), "last\n");
    }

    #[test]
    fn warnings_go_to_stderr_unless_there_is_a_block_to_spare() {
        let (plain, out, err) = console(Progress::Plain);
        LogPipe(plain).write_all(b"warning\n").expect("it is written");
        assert_eq!((out.take().as_str(), err.take().as_str()), ("", "warning\n"));
        let (bar, out, err) = console(Progress::Bar);
        LogPipe(bar.clone()).write_all(b"warning\n").expect("it is written");
        bar.finish();
        assert_eq!((out.take().as_str(), err.take().as_str()), ("warning\n", ""));
    }
}
