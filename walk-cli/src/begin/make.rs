//! What `make -n` prints: the commands that it would run, in order.
//!
//! A command that compiles, links, archives, copies or is redirected into a file becomes an action
//! with inputs and outputs. Of any other nothing is known but its place: it runs each time, after
//! all before it and before all after it.

use std::path::{Path, PathBuf};

use super::commands::{Commands, Known};
use super::compiler::{self, Effect};
use super::draft::Draft;
use super::words;

const GUESSED: &str = "guessed: it reads those of its words that are files, and writes what it is \
                       redirected to";

/// Makes a manifest of what make printed, for the directory `root`.
pub(super) fn read(text: &str, root: &Path) -> Draft {
    let mut reader = Reader {
        commands: Commands::new(root.into()),
        directories: vec![PathBuf::new()],
        removals: Vec::new(),
        made: Vec::new(),
        left_out: 0,
        twice: 0,
    };
    for line in logical_lines(text) {
        reader.take(&line);
    }
    let mut draft = Draft::new(&[
        "Made by `walk import make-dry` of what `make -nB` printed: an action for each command.",
        "What compiles, links, archives, copies or is redirected to a file has inputs and outputs;",
        "a `step` is a command of which only its place is known: it runs each time. Give it `in`",
        "and `out` in place of `always`, and what depends on it an `in`, to have walk decide.",
    ]);
    if reader.left_out > 0 {
        let left_out = format!(
            "Left out, as they make nothing: {} of echo, rm and the like.",
            reader.left_out
        );
        draft.comments.push(left_out);
    }
    if reader.twice > 0 {
        let twice =
            format!("Left out, as a command before makes the same file: {} of them.", reader.twice);
        draft.comments.push(twice);
    }
    reader.commands.fill(&mut draft);
    draft
}

struct Reader {
    commands: Commands,
    /// Where make is, the innermost last.
    directories: Vec<PathBuf>,
    /// What was removed before it is made anew: by path, the command.
    removals: Vec<(String, String)>,
    /// Directories that were made, and where: who needs one makes it.
    made: Vec<(PathBuf, String)>,
    left_out: usize,
    twice: usize,
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Some(message) = message(line) {
            self.follow(message);
            return;
        }
        let cwd = self.directories.last().cloned().unwrap_or_default();
        match inner_directory(line) {
            Some((directory, rest)) => {
                self.command(rest, &PathBuf::from(self.commands.seen(&cwd, directory)));
            }
            None => self.command(line, &cwd),
        }
    }

    /// Follows make into a directory, and out of it.
    fn follow(&mut self, message: &str) {
        if let Some(directory) = quoted_after(message, "Entering directory ") {
            let directory = self.commands.seen(Path::new(""), directory);
            self.directories.push(directory.into());
        } else if message.starts_with("Leaving directory ") && self.directories.len() > 1 {
            self.directories.pop();
        }
    }

    fn command(&mut self, text: &str, cwd: &Path) {
        let done = match words::split(text) {
            Some(words) => self.plain(text, &words, cwd),
            None => self.chain(text, cwd) || self.redirected(text, cwd),
        };
        if !done {
            self.commands.add_step(&self.with_directories(text, cwd), cwd);
        }
    }

    /// Puts before a command what makes the directories that it names.
    fn with_directories(&self, text: &str, cwd: &Path) -> String {
        let is_named = |it: &&(PathBuf, String)| it.0 == cwd && text.contains(&it.1);
        let named = self.made.iter().filter(is_named).map(|it| it.1.as_str());
        match walk_plan::join(named) {
            none if none.is_empty() => text.into(),
            named => format!("mkdir -p {named} && {text}"),
        }
    }

    /// Takes a command of plain words; returns false if nothing is known of it.
    fn plain(&mut self, text: &str, words: &[String], cwd: &Path) -> bool {
        let (program, args) = words.split_first().map_or(("", &[][..]), |it| (it.0.as_str(), it.1));
        let files: Vec<&String> = args.iter().filter(|it| !it.starts_with('-')).collect();
        match (program.rsplit('/').next().unwrap_or(program), &*files) {
            ("mkdir", directories) => {
                let made = directories.iter().map(|it| (cwd.to_path_buf(), (*it).clone()));
                self.made.extend(made);
            }
            ("echo" | "printf" | ":" | "true", _) => self.left_out += 1,
            // It has told what it would run, and where.
            ("make" | "gmake", _) => {}
            ("rm" | "rmdir", files) => {
                let removed = files.iter().map(|it| self.commands.seen(cwd, it));
                let removed: Vec<_> = removed.map(|it| (it, text.to_owned())).collect();
                self.left_out += 1;
                self.removals.extend(removed);
            }
            ("ranlib" | "strip" | "chmod", [.., last]) => {
                return self.mend(text, &self.commands.seen(cwd, last));
            }
            ("mv", [from, to]) if self.mend(text, &self.commands.seen(cwd, from)) => {
                let (from, to) = (self.commands.seen(cwd, from), self.commands.seen(cwd, to));
                self.commands.rename(&from, to);
            }
            ("cp" | "mv", [from, to]) => self.add(
                text,
                cwd,
                &Effect {
                    inputs: vec![(*from).clone()],
                    output: self.target_of(cwd, from, to),
                    ..Effect::default()
                },
            ),
            _ => match compiler::effect(words) {
                Some(effect) => self.add(text, cwd, &effect),
                None => return self.named_output(text, words, cwd),
            },
        }
        true
    }

    /// Adds a command to the one that makes the file which it changes.
    fn mend(&mut self, text: &str, path: &str) -> bool {
        match self.commands.maker(path) {
            Some(maker) => {
                maker.text = format!("{} && {text}", maker.text);
                true
            }
            None => false,
        }
    }

    fn add(&mut self, text: &str, cwd: &Path, effect: &Effect) {
        let output = self.commands.seen(cwd, &effect.output);
        let removal = self.removals.iter().find(|it| it.0 == output);
        let text = removal.map_or(text.to_owned(), |it| format!("{} && {text}", it.1));
        self.twice += usize::from(!self.commands.add_effect(&text, cwd, effect));
    }

    /// Of a program that is not known, `-o` names the output all the same.
    fn named_output(&mut self, text: &str, words: &[String], cwd: &Path) -> bool {
        let Some(at) = words.iter().position(|it| it == "-o") else { return false };
        let Some(output) = words.get(at + 1) else { return false };
        let others = words.iter().enumerate().filter(|it| it.0 != at + 1).map(|it| it.1.as_str());
        let inputs = self.files(others, cwd);
        self.guess(
            text,
            cwd,
            inputs,
            output,
            "guessed: it reads those of its words that are files, and writes what `-o` names",
        )
    }

    /// `a && b`: the first compiles, the others rename what it wrote.
    fn chain(&mut self, text: &str, cwd: &Path) -> bool {
        let mut parts = text.split("&&").map(words::split);
        let first = parts.next().flatten();
        let Some(mut effect) = first.as_deref().and_then(compiler::effect) else { return false };
        if !effect.more.is_empty() {
            // The flags for a depfile would stand behind the last command.
            (effect.more, effect.depfile) = (Vec::new(), None);
        }
        for part in parts {
            let Some(words) = part else { return false };
            let files: Vec<&String> = words.iter().filter(|it| !it.starts_with('-')).collect();
            match &*files {
                [program, from, to] if *program == "mv" => {
                    if effect.depfile.as_ref() == Some(from) {
                        effect.depfile = Some((*to).clone());
                    } else if effect.output == **from {
                        effect.output.clone_from(to);
                    }
                }
                _ => {}
            }
        }
        self.add(text, cwd, &effect);
        true
    }

    /// `a b > c`, and nothing after it.
    fn redirected(&mut self, text: &str, cwd: &Path) -> bool {
        let Some((command, output)) = words::redirected(text) else { return false };
        let words = command.split(|it: char| it.is_whitespace() || it == '<');
        let inputs = self.files(words, cwd);
        self.guess(text, cwd, inputs, &output, GUESSED)
    }

    fn guess(
        &mut self,
        text: &str,
        cwd: &Path,
        inputs: Vec<String>,
        output: &str,
        comment: &'static str,
    ) -> bool {
        let known = Known {
            text: self.with_directories(text, cwd),
            cwd: cwd.into(),
            inputs,
            outputs: vec![self.commands.seen(cwd, output)],
            comment: Some(comment),
            ..Known::default()
        };
        self.twice += usize::from(!self.commands.add(known));
        true
    }

    /// Returns those words that are files, or are made.
    fn files<'a>(&self, words: impl Iterator<Item = &'a str>, cwd: &Path) -> Vec<String> {
        let paths = words.filter(|it| !it.is_empty()).map(|it| self.commands.seen(cwd, it));
        paths.filter(|it| self.commands.is_known(it)).collect()
    }

    /// Returns where a copy goes: into `to`, if that is a directory.
    fn target_of(&self, cwd: &Path, from: &str, to: &str) -> String {
        let is_made = self.made.iter().any(|it| it.0 == cwd && it.1 == to);
        let is_directory = is_made || to.ends_with('/') || self.commands.is_directory(cwd, to);
        match Path::new(from).file_name() {
            Some(name) if is_directory => Path::new(to).join(name).to_string_lossy().into_owned(),
            _ => to.into(),
        }
    }
}

/// Returns what make says of itself: `make[1]: ...`.
fn message(line: &str) -> Option<&str> {
    let (who, message) = line.split_once(": ")?;
    let name = who.split('[').next().unwrap_or(who);
    let is_make = ["make", "gmake"].contains(&name.rsplit('/').next().unwrap_or(name));
    is_make.then_some(message)
}

fn quoted_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    Some(text.strip_prefix(before)?.trim_matches(|it| matches!(it, '\'' | '`' | '"')))
}

/// Returns the directory and the rest of `cd directory && rest`.
fn inner_directory(line: &str) -> Option<(&str, &str)> {
    let (directory, rest) = line.strip_prefix("cd ")?.split_once("&&")?;
    let is_plain = words::split(directory).is_some_and(|it| it.len() == 1);
    is_plain.then_some((directory.trim(), rest.trim()))
}

/// Returns the lines, with those that a backslash continues.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        match lines.last_mut() {
            Some(last) if is_open => *last = format!("{last}\n{line}"),
            _ => lines.push(line.trim().into()),
        }
        is_open = line.ends_with('\\');
    }
    lines.retain(|it| !it.is_empty());
    lines
}
