//! Words of the language, and texts with `$` in them.
//!
//! A scanner is a position; the text is handed in with every call, because it may grow while a
//! file is read that includes another one. There is no NUL in it: who loads a file refuses that.

use std::ops::Range;

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Build,
    Pool,
    Rule,
    Default,
    Include,
    Subninja,
    Name,
    Equals,
    Colon,
    Pipe,
    PipePipe,
    PipeAt,
    Newline,
    Indent,
    End,
    /// No word of the language begins like this.
    Unknown,
}

impl Token {
    /// Returns what the word is called in a message.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Build => "'build'",
            Self::Pool => "'pool'",
            Self::Rule => "'rule'",
            Self::Default => "'default'",
            Self::Include => "'include'",
            Self::Subninja => "'subninja'",
            Self::Name => "identifier",
            Self::Equals => "'='",
            Self::Colon => "':'",
            Self::Pipe => "'|'",
            Self::PipePipe => "'||'",
            Self::PipeAt => "'|@'",
            Self::Newline => "newline",
            Self::Indent => "indent",
            Self::End => "eof",
            Self::Unknown => "lexing error",
        }
    }

    /// Returns what to add when something else was found in its place.
    pub(crate) fn hint(self) -> &'static str {
        if self == Self::Colon { " ($ also escapes ':')" } else { "" }
    }
}

/// What is wrong with a text, and at which byte.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) at: usize,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), at }
    }
}

/// A text as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw {
    pub(crate) start: u32,
    pub(crate) len: u32,
    /// Whether there is no `$` in it, so that it means itself.
    pub(crate) is_plain: bool,
}

impl Raw {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// A position in a text, up to the end of a file.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) at: usize,
    end: usize,
    /// Where the last word began.
    pub(crate) word: usize,
    /// Whether there is a carriage return in the file at all.
    has_returns: bool,
}

impl Scanner {
    pub(crate) fn new(text: &[u8], range: Range<usize>) -> Self {
        let has_returns = memchr::memchr(b'\r', &text[range.clone()]).is_some();
        Self { at: range.start, end: range.end, word: range.start, has_returns }
    }

    fn peek(&self, text: &[u8], offset: usize) -> u8 {
        if self.at + offset < self.end { text[self.at + offset] } else { 0 }
    }

    /// Reads a word, and the blanks after it.
    pub(crate) fn next(&mut self, text: &[u8]) -> Token {
        loop {
            self.word = self.at;
            let blanks = text[self.at..self.end].iter().take_while(|it| **it == b' ').count();
            match self.peek(text, blanks) {
                b'#' => match memchr::memchr(b'\n', &text[self.at..self.end]) {
                    Some(length) => {
                        self.at += length + 1;
                        continue;
                    }
                    None => return self.unknown(blanks),
                },
                b'\n' => return self.take(blanks + 1, Token::Newline),
                b'\r' if self.peek(text, blanks + 1) == b'\n' => {
                    return self.take(blanks + 2, Token::Newline);
                }
                _ if blanks > 0 => return self.take(blanks, Token::Indent),
                _ if self.at == self.end => return Token::End,
                _ => {}
            }
            let token = self.word(text);
            self.skip_blanks(text);
            return token;
        }
    }

    fn take(&mut self, length: usize, token: Token) -> Token {
        self.at += length;
        token
    }

    fn unknown(&mut self, blanks: usize) -> Token {
        self.word += blanks;
        Token::Unknown
    }

    fn word(&mut self, text: &[u8]) -> Token {
        match (self.peek(text, 0), self.peek(text, 1)) {
            (b'=', _) => return self.take(1, Token::Equals),
            (b':', _) => return self.take(1, Token::Colon),
            (b'|', b'@') => return self.take(2, Token::PipeAt),
            (b'|', b'|') => return self.take(2, Token::PipePipe),
            (b'|', _) => return self.take(1, Token::Pipe),
            _ => {}
        }
        let name = self.bare_name(text);
        match &text[name] {
            b"" => Token::Unknown,
            b"build" => Token::Build,
            b"pool" => Token::Pool,
            b"rule" => Token::Rule,
            b"default" => Token::Default,
            b"include" => Token::Include,
            b"subninja" => Token::Subninja,
            _ => Token::Name,
        }
    }

    fn bare_name(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.at;
        let length = text[start..self.end].iter().take_while(|it| is_name(**it)).count();
        self.at += length;
        start..self.at
    }

    /// Reads a name, which may also be a word of the language, and the blanks after it.
    pub(crate) fn name(&mut self, text: &[u8]) -> Option<Range<usize>> {
        self.word = self.at;
        let name = self.bare_name(text);
        self.skip_blanks(text);
        (!name.is_empty()).then_some(name)
    }

    /// Reads the next word if it is `token`.
    pub(crate) fn take_if(&mut self, text: &[u8], token: Token) -> bool {
        let before = (self.at, self.word);
        let found = self.next(text) == token;
        if !found {
            (self.at, self.word) = before;
        }
        found
    }

    /// Returns whether the last word is none because it begins with a blank that is no space.
    pub(crate) fn is_at_other_blank(&self, text: &[u8]) -> bool {
        matches!(self.peek(text, 0), b'\t' | b'\r')
    }

    /// Says what is wrong if the next line is indented, but not with spaces.
    pub(crate) fn refuse_other_blank(&mut self, text: &[u8]) -> Result<(), Wrong> {
        if !self.is_at_other_blank(text) {
            return Ok(());
        }
        self.word = self.at;
        Err(self.complain(text))
    }

    /// Says what is wrong with the last word, which is none.
    pub(crate) fn complain(&self, text: &[u8]) -> Wrong {
        let message = match self.peek(text, 0) {
            b'\t' => "tabs are not allowed, use spaces",
            b'\r' => "carriage returns are not allowed, use newlines",
            _ if text[self.at..self.end].starts_with(b"<<<<<<<") => {
                "lexing error: a merge left a conflict here"
            }
            _ => "lexing error",
        };
        Wrong::new(message, self.word)
    }

    fn skip_blanks(&mut self, text: &[u8]) {
        loop {
            match (self.peek(text, 0), self.peek(text, 1), self.peek(text, 2)) {
                (b' ', ..) => self.at += 1,
                (b'$', b'\n', _) => self.at += 2,
                (b'$', b'\r', b'\n') => self.at += 3,
                _ => return,
            }
        }
    }

    /// Reads a path, up to a blank or a word of the language, and the blanks after it.
    pub(crate) fn path(&mut self, text: &[u8]) -> Result<Raw, Wrong> {
        let start = self.at;
        let mut is_plain = true;
        self.word = start;
        loop {
            let rest = &text[self.at..self.end];
            self.at += rest.iter().position(|it| ENDS_PATH[usize::from(*it)]).unwrap_or(rest.len());
            match self.peek(text, 0) {
                b'$' => {
                    is_plain = false;
                    self.escape(text)?;
                }
                b'\r' if self.peek(text, 1) != b'\n' => {
                    self.word = self.at;
                    return Err(self.complain(text));
                }
                0 => return Err(Wrong::new("unexpected EOF", self.at)),
                _ => break,
            }
        }
        let raw = raw(start..self.at, is_plain);
        self.skip_blanks(text);
        Ok(raw)
    }

    /// Reads a value, up to the end of the line, and that.
    pub(crate) fn value(&mut self, text: &[u8]) -> Result<Raw, Wrong> {
        let start = self.at;
        let mut is_plain = true;
        self.word = start;
        loop {
            let rest = &text[self.at..self.end];
            let Some(length) = memchr::memchr2(b'\n', b'$', rest) else {
                return Err(Wrong::new("unexpected EOF", self.end));
            };
            self.at += length;
            if text[self.at] == b'\n' {
                break;
            }
            is_plain = false;
            self.escape(text)?;
        }
        let mut end = self.at;
        self.at += 1;
        if self.has_returns {
            end -= usize::from(end > start && text[end - 1] == b'\r');
            let stray = text[start..end].iter().enumerate();
            let mut stray = stray.filter(|(at, it)| **it == b'\r' && text[start + at + 1] != b'\n');
            if let Some((at, _)) = stray.next() {
                let message = "carriage returns are not allowed, use newlines";
                return Err(Wrong::new(message, start + at));
            }
        }
        Ok(raw(start..end, is_plain))
    }

    /// Skips what begins with `$`.
    fn escape(&mut self, text: &[u8]) -> Result<(), Wrong> {
        match escape(&text[self.at..self.end]) {
            Some((_, length)) => {
                self.at += length;
                Ok(())
            }
            None => Err(Wrong::new("bad $-escape (literal $ must be written as $$)", self.at)),
        }
    }
}

fn raw(range: Range<usize>, is_plain: bool) -> Raw {
    let position = |it| u32::try_from(it).expect("who loads a file counts its bytes");
    Raw { start: position(range.start), len: position(range.len()), is_plain }
}

/// What stands behind a `$`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// This byte.
    Byte(u8),
    /// The end of a line that goes on.
    Continue,
    /// A variable; where its name is.
    Variable(Range<usize>),
}

/// Returns what `text`, which begins with `$`, begins with, and how long that is.
pub(crate) fn escape(text: &[u8]) -> Option<(Escape, usize)> {
    let blanks = |from: usize| text[from..].iter().take_while(|it| **it == b' ').count();
    match *text.get(1)? {
        byte @ (b'$' | b' ' | b':') => Some((Escape::Byte(byte), 2)),
        b'\n' => Some((Escape::Continue, 2 + blanks(2))),
        b'\r' if text.get(2) == Some(&b'\n') => Some((Escape::Continue, 3 + blanks(3))),
        b'{' => {
            let length = text[2..].iter().take_while(|it| is_name(**it)).count();
            let is_closed = length > 0 && text.get(2 + length) == Some(&b'}');
            is_closed.then(|| (Escape::Variable(2..2 + length), length + 3))
        }
        _ => {
            let is_simple = |it: &&u8| is_name(**it) && **it != b'.';
            let length = text[1..].iter().take_while(is_simple).count();
            (length > 0).then(|| (Escape::Variable(1..1 + length), length + 1))
        }
    }
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// The bytes at which a path may end.
const ENDS_PATH: [bool; 256] = {
    let mut table = [false; 256];
    let ends = b" :|$\n\r";
    let mut index = 0;
    while index < ends.len() {
        table[ends[index] as usize] = true;
        index += 1;
    }
    table
};
