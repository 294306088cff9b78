//! What is being typed: a flag, its value, a command, a target.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use crate::args::{Cli, Common};

/// What is being typed.
#[derive(Debug)]
pub(super) struct Question {
    /// The flags that say where the manifest is.
    pub(super) common: Common,
    /// What may stand here.
    pub(super) what: Vec<What>,
    /// What stands before the part that is completed, in the same word: `--file=`.
    pub(super) before: String,
    /// What is there of it already.
    pub(super) start: String,
}

/// What may stand somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// One of these words, each with what it means.
    Words(Vec<(String, String)>),
    /// An action or an output.
    Target,
    /// The number of a run.
    Run,
    File,
    Directory,
}

/// Returns what the last of `words` is about to become.
pub(super) fn ask(words: &[String]) -> Question {
    let mut root = Cli::command();
    root.build();
    let (last, before) = words.split_last().map_or(("", &[][..]), |it| (it.0.as_str(), it.1));
    let mut reader = Reader::new(&root);
    for word in before {
        reader.take(word);
    }
    let (what, before, start) = reader.complete(last);
    Question { common: reader.common, what, before, start: start.into() }
}

struct Reader<'a> {
    command: &'a Command,
    common: Common,
    /// How many words were none of flags.
    positionals: usize,
    /// The flag whose value comes next.
    open: Option<&'a Arg>,
    /// After `--` there are no flags.
    is_literal: bool,
}

impl<'a> Reader<'a> {
    fn new(command: &'a Command) -> Self {
        let common = Common::default();
        Self { command, common, positionals: 0, open: None, is_literal: false }
    }

    /// Takes in a word that is complete.
    fn take(&mut self, word: &str) {
        if let Some(flag) = self.open.take() {
            self.set(flag, word);
        } else if word == "--" && !self.is_literal {
            self.is_literal = true;
        } else if let Some(long) = word.strip_prefix("--").filter(|_| !self.is_literal) {
            let (name, value) = long.split_once('=').map_or((long, None), |it| (it.0, Some(it.1)));
            match (self.long(name), value) {
                (Some(flag), Some(value)) => self.set(flag, value),
                (Some(flag), None) => self.open = Some(flag).filter(|it| wants_value(it)),
                (None, _) => {}
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|_| !self.is_literal) {
            self.take_letters(letters);
        } else {
            self.take_positional(word);
        }
    }

    fn take_letters(&mut self, letters: &str) {
        for (position, letter) in letters.char_indices() {
            let Some(flag) = self.arguments().find(|it| it.get_short() == Some(letter)) else {
                return;
            };
            if wants_value(flag) {
                let value = &letters[position + letter.len_utf8()..];
                if value.is_empty() {
                    self.open = Some(flag);
                } else {
                    self.set(flag, value);
                }
                return;
            }
        }
    }

    fn take_positional(&mut self, word: &str) {
        match self.command.find_subcommand(word) {
            Some(command) if self.positionals == 0 && !self.is_literal => self.command = command,
            _ => self.positionals += 1,
        }
    }

    /// Remembers what leads to the manifest.
    fn set(&mut self, flag: &Arg, value: &str) {
        let path = Some(PathBuf::from(value));
        match flag.get_id().as_str() {
            "directory" => self.common.directory = path,
            "file" => self.common.file = path,
            "state_dir" => self.common.state_dir = path,
            _ => {}
        }
    }

    /// Returns what may become of a word, the part of it that stays, and the part that is completed.
    fn complete<'w>(&self, word: &'w str) -> (Vec<What>, String, &'w str) {
        if let Some(flag) = self.open {
            return (vec![values(flag)], String::new(), word);
        }
        if !self.is_literal && word.starts_with('-') {
            if let Some((name, value)) = word.split_once('=') {
                let what = self.long(name.trim_start_matches('-')).map(values);
                return (what.into_iter().collect(), format!("{name}="), value);
            }
            return (vec![self.flags()], String::new(), word);
        }
        let mut what = Vec::new();
        if self.positionals == 0 && !self.is_literal && self.command.has_subcommands() {
            what.push(self.commands());
        }
        what.extend(self.positional().map(values));
        (what, String::new(), word)
    }

    fn arguments(&self) -> impl Iterator<Item = &'a Arg> + use<'a> {
        self.command.get_arguments()
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.arguments().find(|it| it.get_long() == Some(name))
    }

    /// Returns the argument at this place; the last one may take them all.
    fn positional(&self) -> Option<&'a Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let takes_all = |it: &&&Arg| matches!(it.get_action(), ArgAction::Append);
        all.get(self.positionals).or_else(|| all.last().filter(takes_all)).copied()
    }

    fn flags(&self) -> What {
        let flags = self.arguments().filter(|it| !it.is_hide_set());
        let flag = |it: &Arg| Some((format!("--{}", it.get_long()?), help(it.get_help())));
        What::Words(flags.filter_map(flag).collect())
    }

    fn commands(&self) -> What {
        let commands = self.command.get_subcommands().filter(|it| !it.is_hide_set());
        let command = |it: &Command| (it.get_name().to_owned(), help(it.get_about()));
        What::Words(commands.map(command).collect())
    }
}

fn wants_value(flag: &Arg) -> bool {
    let is_optional = flag.get_num_args().is_some_and(|it| it.min_values() == 0);
    flag.get_action().takes_values() && !is_optional
}

/// Returns what the value of an argument may be, by the name that its help gives it.
fn values(arg: &Arg) -> What {
    let words: Vec<_> = arg
        .get_possible_values()
        .iter()
        .filter(|it| !it.is_hide_set())
        .map(|it| (it.get_name().to_owned(), help(it.get_help())))
        .collect();
    if !words.is_empty() {
        return What::Words(words);
    }
    let name = arg.get_value_names().and_then(<[_]>::first).map_or("", |it| it.as_str());
    match name.to_ascii_uppercase().as_str() {
        "TARGET" | "ACTION" | "TO" => What::Target,
        "FROM" if arg.is_required_set() => What::Target,
        "RUN" => What::Run,
        "FILE" | "FROM" => What::File,
        "DIR" => What::Directory,
        "COMMAND" => What::Words(command_names()),
        _ => What::Words(Vec::new()),
    }
}

fn command_names() -> Vec<(String, String)> {
    let root = Cli::command();
    let command = |it: &Command| (it.get_name().to_owned(), help(it.get_about()));
    root.get_subcommands().map(command).collect()
}

fn help(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Question {
        let words: Vec<String> = line.split(' ').map(Into::into).collect();
        ask(&words)
    }

    #[test]
    fn what_may_stand_at_the_cursor_is_known() {
        let check = |line, expected: &[What]| assert_eq!(of(line).what, expected, "{line}");
        check("plan -j2", &[of("plan -").what.remove(0)]);
        check("plan a", &[What::Target]);
        check("plan x a", &[What::Target]);
        check("-j 2 x a", &[What::Target]);
        check("-C ", &[What::Directory]);
        check("-C d -f ", &[What::File]);
        check("run --trace=", &[What::File]);
        check("why --run ", &[What::Run]);
        check("diff ", &[What::Run]);
        check("diff 1 ", &[What::Run]);
        check("diff 1 2 ", &[]);
        check("log a b", &[]);
        check("query path a", &[What::Target]);
        check("import compdb ", &[What::File]);
        check("-- ", &[What::Target]);
        check("-j ", &[What::Words(Vec::new())]);
    }

    #[test]
    fn commands_flags_and_values_are_words() {
        let words = |line| match of(line).what.remove(0) {
            What::Words(words) => words.into_iter().map(|it| it.0).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert!(words("").contains(&"watch".into()) && of("").what[1] == What::Target);
        assert!(words("watch --").contains(&"--poll".into()));
        assert!(words("plan --").contains(&"--directory".into()));
        assert_eq!(words("--color "), ["auto", "always", "never"]);
        assert!(words("query ").contains(&"rdeps".into()));
        assert!(words("man ").contains(&"doctor".into()));
        let question = of("--color=al");
        assert_eq!((question.before.as_str(), question.start.as_str()), ("--color=", "al"));
        assert_eq!(of("-Cd plan ").common.directory, Some("d".into()));
    }
}
