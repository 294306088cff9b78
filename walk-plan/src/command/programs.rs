//! Which programs a command calls, as far as its text tells.
//!
//! A result that is shared by machines is that of one compiler, even where nobody declared it as a
//! tool. What stands where a shell takes a word for a command is named; whether there is such a
//! program is not known here, nor what a variable holds or what a program calls itself.

/// What is followed by another command.
const PREFIXES: [&str; 18] = [
    "!", "{", "ccache", "command", "distcc", "do", "elif", "else", "env", "exec", "if", "nice",
    "nohup", "sccache", "then", "time", "until", "while",
];

/// Returns the words of a text for a shell that are commands, each once.
pub(super) fn called(text: &str) -> Vec<String> {
    let mut scan = Scan::default();
    let mut chars = text.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '\\' => scan.word.extend(chars.next()),
            '\'' => scan.word.extend(chars.by_ref().take_while(|it| *it != '\'')),
            '"' => scan.word.extend(chars.by_ref().take_while(|it| *it != '"')),
            '#' if scan.word.is_empty() => {
                chars.by_ref().take_while(|it| *it != '\n').for_each(drop);
                scan.begin_command();
            }
            '>' | '<' => {
                scan.redirect();
                while chars.next_if(|it| matches!(it, '>' | '<' | '&' | '|')).is_some() {}
            }
            '\n' | ';' | '&' | '|' | '(' | ')' | '`' => scan.begin_command(),
            it if it.is_whitespace() => scan.end_word(),
            it => scan.word.push(it),
        }
    }
    scan.end_word();
    scan.called
}

/// What is known at one place of the text.
struct Scan {
    word: String,
    /// Whether the next word is a command.
    is_command: bool,
    /// Whether the next word is a file that something goes to or comes from.
    is_file: bool,
    called: Vec<String>,
}

impl Default for Scan {
    fn default() -> Self {
        Self { word: String::new(), is_command: true, is_file: false, called: Vec::new() }
    }
}

impl Scan {
    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() || std::mem::take(&mut self.is_file) || !self.is_command {
            return;
        }
        if is_assignment(&word) {
            return;
        }
        self.is_command = PREFIXES.contains(&word.as_str());
        if !self.called.contains(&word) {
            self.called.push(word);
        }
    }

    fn begin_command(&mut self) {
        self.end_word();
        (self.is_command, self.is_file) = (true, false);
    }

    /// A number before it is a part of it.
    fn redirect(&mut self) {
        if self.word.bytes().all(|it| it.is_ascii_digit()) {
            self.word.clear();
        }
        self.end_word();
        self.is_file = true;
    }
}

fn is_assignment(word: &str) -> bool {
    let is_name = |it: char| it == '_' || it.is_ascii_alphanumeric();
    word.split_once('=').is_some_and(|(name, _)| {
        !name.starts_with(|it: char| it.is_ascii_digit()) && name.chars().all(is_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where_a_command_does_is_called() {
        let check = |text: &str, expected: &[&str]| assert_eq!(called(text), expected, "{text}");
        check("cc -c a.c -o a.o", &["cc"]);
        check(": && /usr/bin/c++ -o x a.o && :", &[":", "/usr/bin/c++"]);
        check("CC=gcc env A=1 make -j2", &["env", "make"]);
        check("if test -e x; then rm x; fi", &["if", "test", "then", "rm", "fi"]);
        check("sort < a 2>&1 > b | uniq >> c", &["sort", "uniq"]);
        check("> out 2>/dev/null cat in", &["cat"]);
        check("(cd sub && ./gen 'a;b') # ; no", &["cd", "./gen"]);
        check("x=$(gcc -dumpversion) ccache clang", &["gcc", "ccache", "clang"]);
        check("'my tool' \"a b\" c\\ d", &["my tool"]);
        check("a&b;c\nd", &["a", "b", "c", "d"]);
        check("echo 'it", &["echo"]);
        check("", &[]);
    }
}
