//! The one writer to the terminal: lines that scroll by, and a block below them that is
//! written over.
//!
//! Lines are collected and written together with the block, in one call, so that neither
//! flickers. After that the cursor goes back to the start of the block. Whatever a terminal makes
//! of the lines when its size changes (some wrap them anew, some cut them), the cursor stays with
//! the text that it is on, so that all from there on is the block and can be written over. While
//! the block is written nothing wraps: a terminal may be narrower already than it says.

use std::io::{self, Write};

/// How much may be collected before it is written.
const ENOUGH: usize = 64 * 1024;

/// The one writer.
pub(crate) struct Sink {
    out: Box<dyn Write + Send>,
    lines: Vec<u8>,
    /// What the terminal is told beside text.
    commands: Vec<u8>,
    /// Whether there is a block on the terminal.
    is_drawn: bool,
    is_broken: bool,
}

impl Sink {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, lines: Vec::new(), commands: Vec::new(), is_drawn: false, is_broken: false }
    }

    /// Collects text, which ends with a line feed.
    pub(crate) fn print(&mut self, text: &[u8]) {
        self.lines.extend_from_slice(text);
    }

    /// Tells the terminal something that takes no place, with what is written next.
    pub(crate) fn command(&mut self, text: &str) {
        self.commands.extend_from_slice(text.as_bytes());
    }

    /// Returns whether so much is collected that it should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= ENOUGH
    }

    /// Returns whether the reader has gone.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Writes what was collected, without a block.
    pub(crate) fn flush(&mut self) {
        self.draw(&[]);
    }

    /// Writes what was collected, and the block below it.
    pub(crate) fn draw(&mut self, block: &[String]) {
        let mut text = Vec::with_capacity(self.lines.len() + 256);
        text.append(&mut self.commands);
        if self.is_drawn {
            let erases_first = !self.lines.is_empty() || block.is_empty();
            text.extend_from_slice(if erases_first { b"\r\x1b[J" } else { b"\r" });
        }
        text.append(&mut self.lines);
        push_block(&mut text, block);
        self.is_drawn = !block.is_empty();
        self.write(&text);
    }

    fn write(&mut self, text: &[u8]) {
        if text.is_empty() || self.is_broken {
            return;
        }
        if let Err(error) = self.out.write_all(text).and_then(|()| self.out.flush()) {
            self.is_broken = error.kind() == io::ErrorKind::BrokenPipe;
        }
    }
}

/// Pushes the block, and the way back to its start.
fn push_block(text: &mut Vec<u8>, block: &[String]) {
    if block.is_empty() {
        return;
    }
    text.extend_from_slice(b"\x1b[?7l");
    for (position, row) in block.iter().enumerate() {
        text.extend_from_slice(if position > 0 { b"\r\n" } else { b"" });
        text.extend_from_slice(row.as_bytes());
        text.extend_from_slice(b"\x1b[K");
    }
    text.extend_from_slice(b"\x1b[J\x1b[?7h\r");
    if block.len() > 1 {
        text.extend_from_slice(format!("\x1b[{}A", block.len() - 1).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Written;

    /// As much of a terminal as the sink needs.
    struct Terminal {
        columns: usize,
        rows: Vec<Vec<char>>,
        row: usize,
        column: usize,
        wraps: bool,
    }

    impl Terminal {
        fn new(columns: usize) -> Self {
            Self { columns, rows: vec![Vec::new()], row: 0, column: 0, wraps: true }
        }

        fn feed(&mut self, text: &str) {
            let mut characters = text.chars();
            while let Some(character) = characters.next() {
                match character {
                    '\n' => self.line_feed(),
                    '\r' => self.column = 0,
                    '\x1b' => {
                        let sequence: String = characters.by_ref().skip(1).take_while_inclusive();
                        self.escape(&sequence);
                    }
                    other => self.put(other),
                }
            }
        }

        fn line_feed(&mut self) {
            (self.row, self.column) = (self.row + 1, 0);
            if self.rows.len() == self.row {
                self.rows.push(Vec::new());
            }
        }

        fn put(&mut self, character: char) {
            if self.column == self.columns && !self.wraps {
                self.column -= 1;
            } else if self.column == self.columns {
                self.line_feed();
            }
            let row = &mut self.rows[self.row];
            row.resize(row.len().max(self.column + 1), ' ');
            row[self.column] = character;
            self.column += 1;
        }

        fn escape(&mut self, sequence: &str) {
            match sequence {
                "?7l" => self.wraps = false,
                "?7h" => self.wraps = true,
                "K" => self.rows[self.row].truncate(self.column),
                "J" => {
                    self.rows[self.row].truncate(self.column);
                    self.rows.truncate(self.row + 1);
                }
                up => {
                    let count = up.strip_suffix('A').expect("up").parse::<usize>().expect("rows");
                    self.row = self.row.checked_sub(count).expect("it stays on the screen");
                }
            }
        }

        /// Wraps the rows that are too long now, and stays with the text that the cursor is on.
        fn narrow(&mut self, columns: usize) {
            let wrap = |row: &Vec<char>| row.chunks(columns).map(<[char]>::to_vec).collect();
            let wrapped: Vec<Vec<Vec<char>>> = self.rows.iter().map(wrap).collect();
            self.row = wrapped[..self.row].iter().map(Vec::len).sum();
            (self.rows, self.columns) = (wrapped.concat(), columns);
        }

        fn text(&self) -> String {
            let rows: Vec<String> = self.rows.iter().map(|it| it.iter().collect()).collect();
            rows.join("\n")
        }
    }

    trait TakeWhileInclusive {
        fn take_while_inclusive(self) -> String;
    }

    impl<I: Iterator<Item = char>> TakeWhileInclusive for I {
        /// Takes up to the letter that ends a sequence.
        fn take_while_inclusive(self) -> String {
            let mut taken = String::new();
            for character in self {
                taken.push(character);
                if character.is_ascii_alphabetic() {
                    break;
                }
            }
            taken
        }
    }

    struct Test {
        sink: Sink,
        written: Written,
        terminal: Terminal,
    }

    impl Test {
        fn new(columns: usize) -> Self {
            let written = Written::default();
            let sink = Sink::new(Box::new(written.clone()));
            Self { sink, written, terminal: Terminal::new(columns) }
        }

        fn draw(&mut self, lines: &str, block: &[&str]) -> String {
            self.sink.print(lines.as_bytes());
            let rows: Vec<String> = block.iter().map(|it| (*it).to_owned()).collect();
            self.sink.draw(&rows);
            let bytes = self.written.take().into_bytes();
            self.terminal.feed(std::str::from_utf8(&bytes).expect("text"));
            self.terminal.text()
        }
    }

    #[test]
    fn lines_scroll_above_the_block_and_nothing_of_it_is_left() {
        let mut test = Test::new(40);
        assert_eq!(test.draw("", &["0/3", "  a 1s"]), "0/3\n  a 1s");
        assert_eq!(test.draw("", &["0/3", "  a 2s"]), "0/3\n  a 2s");
        assert_eq!(test.draw("ok a\n", &["1/3", "  b 1s", "  w"]), "ok a\n1/3\n  b 1s\n  w");
        assert_eq!(test.draw("ok b\nok c\n", &["3/3"]), "ok a\nok b\nok c\n3/3");
        assert_eq!(test.draw("", &["3"]), "ok a\nok b\nok c\n3");
        assert_eq!(test.draw("", &[]), "ok a\nok b\nok c\n");
        assert_eq!(test.draw("end\n", &[]), "ok a\nok b\nok c\nend\n");
    }

    #[test]
    fn a_long_line_wraps_and_the_block_stays_whole() {
        let mut test = Test::new(10);
        test.draw("", &["block"]);
        assert_eq!(test.draw("0123456789abc\n", &["block"]), "0123456789\nabc\nblock");
        assert_eq!(test.draw("", &[]), "0123456789\nabc\n");
    }

    #[test]
    fn a_block_that_wraps_since_the_terminal_became_narrower_is_erased_whole() {
        let mut test = Test::new(10);
        test.draw("ok a\n", &["012345678", "abcdefghi"]);
        test.terminal.narrow(4);
        assert_eq!(test.terminal.text(), "ok a\n0123\n4567\n8\nabcd\nefgh\ni");
        assert_eq!(test.draw("", &["x", "y"]), "ok a\nx\ny");
        assert_eq!(test.draw("", &[]), "ok a\n");
    }

    /// A terminal may wrap its lines anew before it says how wide it is now.
    #[test]
    fn a_block_that_is_too_wide_is_cut_and_leaves_nothing() {
        let mut test = Test::new(4);
        assert_eq!(test.draw("ok a\n", &["012345678", "abc"]), "ok a\n0128\nabc");
        assert_eq!(test.draw("ok b\n", &["1", "2"]), "ok a\nok b\n1\n2");
    }

    #[test]
    fn without_a_block_nothing_but_the_lines_is_written() {
        let mut test = Test::new(80);
        test.sink.print(b"a\n");
        test.sink.flush();
        assert_eq!(test.written.take(), "a\n");
    }

    #[test]
    fn a_reader_that_has_gone_is_noticed() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sink = Sink::new(Box::new(Gone));
        sink.print(b"a\n");
        sink.flush();
        assert!(sink.is_broken());
    }
}
