//! What is said of each edge, and how the numbers before it come about.
//!
//! ninja knows before it starts how many edges will run. Walk finds out while it goes: the
//! total is that of all edges, less those that were found to be up to date so far.

use std::time::{Duration, Instant};

use super::args::Volume;
use super::pace::{Forecast, Rate};
use super::printer::Printer;
use super::template::{Progress, Template};

/// Counts edges and prints their lines.
pub(super) struct Status {
    pub(super) printer: Printer,
    template: Template,
    volume: Volume,
    progress: Progress,
    began: Instant,
    rate: Rate,
    forecast: Forecast,
}

/// An edge that ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended<'a> {
    /// Its description, or command.
    pub(super) text: &'a [u8],
    pub(super) has_terminal: bool,
    /// How long it took.
    pub(super) time: Duration,
    /// How long it took the last time.
    pub(super) last_time: Option<Duration>,
    /// How it failed.
    pub(super) failure: Option<Failure<'a>>,
    /// What it printed.
    pub(super) output: &'a [u8],
}

/// How an edge failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub(super) code: u8,
    /// The names of its outputs, with a space between them.
    pub(super) outputs: &'a [u8],
    pub(super) command: &'a [u8],
}

impl Status {
    pub(super) fn new(
        printer: Printer,
        template: Template,
        volume: Volume,
        jobs: Option<u32>,
    ) -> Self {
        Self {
            printer,
            template,
            volume,
            progress: Progress::default(),
            began: Instant::now(),
            rate: Rate::over(jobs),
            forecast: Forecast::default(),
        }
    }

    /// Begins to count from zero.
    pub(super) fn reset(&mut self) {
        self.progress = Progress::default();
        self.began = Instant::now();
        self.forecast = Forecast::default();
    }

    /// Counts an edge that may run; it took `last_time` the last time.
    pub(super) fn add(&mut self, last_time: Option<Duration>) {
        self.progress.total += 1;
        self.forecast.add(last_time);
    }

    /// Takes back an edge that was found to be up to date.
    pub(super) fn remove(&mut self, last_time: Option<Duration>) {
        self.progress.total = self.progress.total.saturating_sub(1);
        self.forecast.remove(last_time);
    }

    /// Says that an edge starts; where lines stay, only if it has the terminal for itself.
    pub(super) fn start(&mut self, text: &[u8], has_terminal: bool) {
        self.progress.started += 1;
        self.progress.running += 1;
        if has_terminal || self.printer.is_live() {
            self.print_line(text);
        }
        if has_terminal {
            self.printer.hold();
        }
    }

    /// Says that an edge ended, and how.
    pub(super) fn end(&mut self, edge: &Ended<'_>) {
        self.progress.finished += 1;
        self.forecast.end(edge.last_time, edge.time);
        if edge.has_terminal {
            self.printer.release();
        } else {
            self.print_line(edge.text);
        }
        self.progress.running = self.progress.running.saturating_sub(1);
        if let Some(failure) = &edge.failure {
            let text = failure.render(self.printer.has_color());
            self.printer.below(&text);
        }
        if !edge.output.is_empty() {
            self.printer.below(edge.output);
        }
    }

    /// Counts an edge that was stopped, without a word.
    pub(super) fn stopped(&mut self, has_terminal: bool) {
        self.progress.running = self.progress.running.saturating_sub(1);
        if has_terminal {
            self.printer.release();
        }
    }

    /// Prints what is said of the whole build, unless nothing is to be said.
    pub(super) fn inform(&mut self, message: &str) {
        if self.volume != Volume::Quiet {
            self.printer.below(format!("ninja: {message}\n").as_bytes());
        }
    }

    /// Prints how the build stopped.
    pub(super) fn stop(&mut self, why: &str) {
        self.printer.below(format!("ninja: build stopped: {why}.\n").as_bytes());
    }

    fn print_line(&mut self, text: &[u8]) {
        if self.volume == Volume::Quiet {
            return;
        }
        self.progress.elapsed = self.began.elapsed();
        self.progress.rate = self.rate.after(self.progress.finished, self.progress.elapsed);
        self.progress.predicted = self.forecast.part();
        let mut line = Vec::with_capacity(text.len() + 16);
        self.template.render(&self.progress, &mut line);
        line.extend_from_slice(text);
        self.printer.status(&line);
    }
}

impl Failure<'_> {
    fn render(&self, has_color: bool) -> Vec<u8> {
        let [red, plain] = if has_color { ["\x1b[31m", "\x1b[0m"] } else { ["", ""] };
        let mut text = format!("{red}FAILED: [code={}] {plain}", self.code).into_bytes();
        text.extend_from_slice(self.outputs);
        text.extend_from_slice(b" \n");
        text.extend_from_slice(self.command);
        text.push(b'\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::printer::Kind;
    use super::super::printer::tests::{PIPE, TERMINAL, printer};
    use super::*;
    use crate::terminal::Written;

    fn status(kind: Kind, volume: Volume, template: &str) -> (Status, Written) {
        let (printer, written) = printer(kind);
        let template = Template::read(Some(template.as_bytes())).expect("it is right");
        (Status::new(printer, template, volume, Some(2)), written)
    }

    /// A build of four edges: one is up to date, one prints, one has the terminal, one fails.
    fn build(kind: Kind, volume: Volume) -> String {
        let (mut status, written) = status(kind, volume, "[%f/%t %r %u] ");
        for _ in 0..4 {
            status.add(None);
        }
        status.remove(None);
        status.start(b"one", false);
        status.start(b"con", true);
        let one = Ended { text: b"one", output: b"of one\n", ..Ended::default() };
        status.end(&one);
        status.end(&Ended { text: b"con", has_terminal: true, ..Ended::default() });
        status.start(b"bad", false);
        let failure = Failure { code: 3, outputs: b"x y", command: b"exit 3" };
        let bad = Ended { text: b"bad", failure: Some(failure), output: b"oops", ..one };
        status.end(&bad);
        status.stop("subcommand failed");
        status.inform("no work to do.");
        written.take()
    }

    #[test]
    fn a_build_on_a_pipe() {
        insta::assert_snapshot!(build(PIPE, Volume::Normal));
    }

    #[test]
    fn a_build_on_a_terminal() {
        insta::assert_snapshot!(build(TERMINAL, Volume::Normal).escape_debug().to_string());
    }

    #[test]
    fn a_build_that_is_quiet() {
        insta::assert_snapshot!(build(PIPE, Volume::Quiet));
    }

    #[test]
    fn a_new_count_begins_at_zero() {
        let (mut status, written) = status(PIPE, Volume::Normal, "[%f/%t] ");
        status.add(None);
        status.start(b"one", false);
        status.end(&Ended { text: b"one", ..Ended::default() });
        status.reset();
        status.add(None);
        status.add(None);
        status.start(b"two", false);
        status.end(&Ended { text: b"two", ..Ended::default() });
        assert_eq!(written.take(), "[1/1] one\n[1/2] two\n");
    }
}
