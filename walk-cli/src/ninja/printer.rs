//! The terminal as ninja uses it: one line that is overwritten, and text below it that stays.
//!
//! Where there is no such terminal, every line stays. While a command has the terminal for
//! itself nothing is written; what would have been is written after it.

use std::env;
use std::io::{self, IsTerminal as _, Write};

use super::args::Volume;
use super::text::{elide_middle, strip_escapes};
use crate::os;

/// Writes lines that are overwritten and text that stays.
pub(super) struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// How wide it is; `None` if nobody knows, and nothing is shortened.
    columns: fn() -> Option<usize>,
    kind: Kind,
    /// Whether the cursor is at the beginning of a line.
    is_at_start: bool,
    /// What waits until the terminal is free: text that stays, and the line below it.
    held: Option<Held>,
    is_broken: bool,
}

/// Where it writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// Whether a line can be overwritten.
    pub(super) is_live: bool,
    pub(super) has_color: bool,
}

#[derive(Default)]
struct Held {
    text: Vec<u8>,
    line: Option<Vec<u8>>,
}

impl Held {
    /// Makes the line one that stays.
    fn settle(&mut self) {
        if let Some(line) = self.line.take() {
            self.text.extend(line);
            self.text.push(b'\n');
        }
    }
}

impl Kind {
    /// Asks the process and its environment.
    pub(super) fn of_process(volume: Volume) -> Self {
        let is_smart = env::var_os("TERM").is_some_and(|it| it != "dumb");
        let is_terminal = io::stdout().is_terminal() && is_smart;
        let is_forced = env::var_os("CLICOLOR_FORCE").is_some_and(|it| it != "0");
        let is_live = is_terminal && volume == Volume::Normal;
        Self { is_live, has_color: is_terminal || is_forced }
    }
}

impl Printer {
    /// Writes to the streams of the process.
    pub(super) fn of_process(kind: Kind) -> Self {
        Self::new(Box::new(io::stdout()), Box::new(io::stderr()), kind, os::columns)
    }

    fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        kind: Kind,
        columns: fn() -> Option<usize>,
    ) -> Self {
        Self { out, err, columns, kind, is_at_start: true, held: None, is_broken: false }
    }

    pub(super) fn has_color(&self) -> bool {
        self.kind.has_color
    }

    /// Returns whether a line can be overwritten.
    pub(super) fn is_live(&self) -> bool {
        self.kind.is_live
    }

    /// Returns whether the reader has gone.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Prints a line that the next one overwrites, where that is possible.
    pub(super) fn status(&mut self, line: &[u8]) {
        if let Some(held) = &mut self.held {
            if !self.kind.is_live {
                held.settle();
            }
            held.line = Some(line.into());
            return;
        }
        if !self.kind.is_live {
            self.start_line();
            return self.write(&[&*self.suited(line), b"\n"].concat());
        }
        // Only one line can be overwritten.
        let line = line.split(|it| *it == b'\n').next().unwrap_or(line);
        let shown = (self.columns)().map_or(line.into(), |it| elide_middle(line, it));
        self.write(&[&b"\r"[..], &shown, b"\x1b[K"].concat());
        self.is_at_start = false;
    }

    /// Prints text that stays, below the line.
    pub(super) fn below(&mut self, text: &[u8]) {
        let text = self.suited(text).into_owned();
        if let Some(held) = &mut self.held {
            held.settle();
            held.text.extend(text);
            return;
        }
        self.start_line();
        self.write(&text);
        self.is_at_start = text.last().is_none_or(|it| *it == b'\n');
    }

    /// Prints text to where errors go; it ends with a line feed.
    pub(super) fn complain(&mut self, text: &[u8]) {
        if self.held.is_none() {
            self.start_line();
        }
        let _ = self.err.write_all(text);
    }

    /// Leaves the terminal to a command, until [`release`](Self::release).
    pub(super) fn hold(&mut self) {
        self.start_line();
        self.held = Some(Held::default());
    }

    /// Takes the terminal back, and writes what waited.
    pub(super) fn release(&mut self) {
        let Some(held) = self.held.take() else { return };
        if !held.text.is_empty() {
            self.below(&held.text);
        }
        if let Some(line) = held.line {
            self.status(&line);
        }
    }

    /// Moves the cursor to the beginning of a line.
    pub(super) fn start_line(&mut self) {
        if !self.is_at_start {
            self.write(b"\n");
            self.is_at_start = true;
        }
    }

    fn suited<'t>(&self, text: &'t [u8]) -> std::borrow::Cow<'t, [u8]> {
        if self.kind.has_color { text.into() } else { strip_escapes(text) }
    }

    fn write(&mut self, text: &[u8]) {
        let written = self.out.write_all(text).and_then(|()| self.out.flush());
        self.is_broken |= written.is_err_and(|it| it.kind() == io::ErrorKind::BrokenPipe);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::terminal::Written;

    pub(crate) const PIPE: Kind = Kind { is_live: false, has_color: false };
    pub(crate) const TERMINAL: Kind = Kind { is_live: true, has_color: true };

    /// A printer of 20 columns, and what it writes to both streams.
    pub(crate) fn printer(kind: Kind) -> (Printer, Written) {
        let written = Written::default();
        let [out, err] = [(); 2].map(|()| Box::new(written.clone()));
        (Printer::new(out, err, kind, || Some(20)), written)
    }

    #[test]
    fn on_a_terminal_the_line_is_overwritten() {
        let (mut printer, written) = printer(TERMINAL);
        printer.status(b"[0/2] one");
        printer.status(b"[1/2] something that is long");
        assert_eq!(written.take(), "\r[0/2] one\x1b[K\r[1/2] so...t is long\x1b[K");
        printer.below(b"\x1b[31mred\x1b[0m\n");
        printer.status(b"[2/2] two\nand more");
        printer.start_line();
        printer.start_line();
        assert_eq!(written.take(), "\n\x1b[31mred\x1b[0m\n\r[2/2] two\x1b[K\n");
    }

    #[test]
    fn elsewhere_lines_stay_whole_and_have_no_color() {
        let (mut printer, written) = printer(PIPE);
        printer.status(b"[1/2] \x1b[1msomething\x1b[0m that is long");
        printer.below(b"\x1b[31mred\x1b[0m");
        printer.status(b"[2/2] two");
        assert_eq!(written.take(), "[1/2] something that is long\nred\n[2/2] two\n");
    }

    #[test]
    fn while_a_command_has_the_terminal_nothing_is_written() {
        let (mut printer, written) = printer(TERMINAL);
        printer.status(b"[0/3] con");
        printer.hold();
        assert_eq!(written.take(), "\r[0/3] con\x1b[K\n");
        printer.status(b"[0/3] a");
        printer.status(b"[1/3] a");
        printer.below(b"of a\n");
        printer.status(b"[2/3] b");
        assert_eq!(written.take(), "");
        printer.release();
        assert_eq!(written.take(), "[1/3] a\nof a\n\r[2/3] b\x1b[K");
    }

    #[test]
    fn on_a_pipe_every_line_that_waited_is_written() {
        let (mut printer, written) = printer(PIPE);
        printer.hold();
        printer.status(b"[1/3] a");
        printer.status(b"[2/3] b");
        printer.release();
        assert_eq!(written.take(), "[1/3] a\n[2/3] b\n");
    }

    #[test]
    fn complaints_begin_on_a_line_of_their_own() {
        let (mut printer, written) = printer(TERMINAL);
        printer.status(b"[0/3] a");
        printer.complain(b"ninja: warning: what\n");
        assert_eq!(written.take(), "\r[0/3] a\x1b[K\nninja: warning: what\n");
    }
}
