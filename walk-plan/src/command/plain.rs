//! Commands that mean the same without a shell.
//!
//! Starting a shell costs more than many commands. Most texts are words and perhaps `> file`: what
//! a POSIX shell does with those is known to the letter, and is done without it. Whatever could
//! mean anything else, in any shell that is somewhere called `sh`, is the shell's: every character
//! that is not surely itself, every word that some shell knows, every setting that makes a shell
//! behave otherwise. And what then cannot be started or opened goes through the shell after all,
//! so that its messages and exit codes are its own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::{Command, Plan, Run};

/// A text taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// The program and its arguments.
    pub(super) words: Vec<&'a str>,
    /// Where standard output goes, if it goes elsewhere.
    pub(super) output: Option<&'a str>,
}

/// How the commands of a plan go without a shell.
#[derive(Clone, Debug)]
pub(super) struct Shortcut {
    /// What a shell would set `PWD` to; `None` if it would leave it as it is.
    pub(super) pwd: Option<PathBuf>,
}

/// What some shell does itself and otherwise than a program of that name, or reads as grammar
/// (dash, bash, busybox, ksh, mksh, zsh, yash).
const KNOWN_TO_SHELLS: &str = "
    . : [ [[ ]] alias always array autoload bg bind bindkey break builtin bye caller case cd
    chdir command compgen complete compopt continue coproc declare dirs disable disown do
    done echo elif else emulate enable end endif esac eval exec exit export false fc fg fi
    float for foreach function functions getopts global hash help hist history if in integer
    jobs kill let limit local logout mapfile nameref namespace newgrp nocorrect noglob popd
    print printf pushd pwd read readarray readonly rehash repeat return sched select set
    setopt shift shopt sleep source stop suspend test then time times trap true ttyctl type
    typeset ulimit umask unalias unfunction unhash unlimit unset unsetopt until vared wait
    whence where which while zcompile zmodload zstyle
";

impl<'a> Plain<'a> {
    /// Takes a text apart; `None` if only a shell knows what it means.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (command, output) = match text.split_once('>') {
            // The digit before `2>` is not a word.
            Some((command, _)) if !command.ends_with([' ', '\t']) => return None,
            Some((command, output)) => (command, Some(output)),
            None => (text, None),
        };
        let words = words(command)?;
        let is_program = |it: &str| !it.contains(['=', '%']) && !known_to_shells().contains(it);
        words.first().filter(|it| is_program(it))?;
        let output = match output.map(self::words) {
            None => None,
            Some(Some(words)) if words.len() == 1 => Some(words[0]),
            Some(_) => return None,
        };
        Some(Self { words, output })
    }
}

impl Shortcut {
    /// Returns how to go without the shell, if the plan's is one that does what every POSIX shell
    /// does, and nothing around it makes it do otherwise.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let [shell, flags] = plan.settings.shell.as_slice() else { return None };
        let is_usual = matches!(flags.as_str(), "-c" | "-ec" | "-uc" | "-euc" | "-uec");
        let path = env::var_os("PATH").filter(|it| is_usual && is_plain_path(it))?;
        let is_shell = shell == SYSTEM_SHELL || (shell == "sh" && is_system_shell_first(&path));
        let outside = env::vars_os().any(|(name, _)| changes_shells(&name));
        let is_silent = is_shell && fs::canonicalize(SYSTEM_SHELL).is_ok_and(|it| is_dash(&it));
        (is_silent && !outside && allows(&plan.env.set)).then(|| Self { pwd: pwd(&plan.root) })
    }

    /// Returns whether a command starts as all do: in the root, with the usual variables.
    pub(super) fn fits(command: &Command) -> bool {
        let is_text = matches!(command.run, Run::Shell(_));
        let is_in_root = command.cwd.as_os_str().is_empty();
        is_text && is_in_root && !command.interactive && allows(&command.env)
    }
}

fn known_to_shells() -> &'static FxHashSet<&'static str> {
    static KNOWN: LazyLock<FxHashSet<&str>> =
        LazyLock::new(|| KNOWN_TO_SHELLS.split_ascii_whitespace().collect());
    &KNOWN
}

const SYSTEM_SHELL: &str = "/bin/sh";

/// Other shells tell what they start of themselves, in `SHLVL` and `_`.
fn is_dash(shell: &Path) -> bool {
    shell.file_name().is_some_and(|it| it == "dash")
}

/// Splits words that are nothing but words to every shell.
fn words(text: &str) -> Option<Vec<&str>> {
    let is_itself = |byte: u8| byte.is_ascii_alphanumeric() || b" \t%+,-./:=@_".contains(&byte);
    text.bytes().all(is_itself).then(|| text.split_ascii_whitespace().collect())
}

/// Returns whether looking for `sh` ends at the one of the system.
fn is_system_shell_first(path: &OsStr) -> bool {
    let first = env::split_paths(path).map(|it| it.join("sh")).find(|it| it.exists());
    let same = |it: PathBuf| it.is_absolute() && are_same(&it, Path::new(SYSTEM_SHELL));
    first.is_some_and(same)
}

/// Some shells read more than directories in it.
fn is_plain_path(path: &OsStr) -> bool {
    !path.as_bytes().iter().any(|it| b"%~".contains(it))
}

/// Returns whether variables of a manifest leave open where programs are found, and where it is.
fn allows(set: &BTreeMap<String, String>) -> bool {
    let concerns_shells = |it: &String| it == "PATH" || it == "PWD" || changes_shells(it.as_ref());
    !set.keys().any(concerns_shells)
}

/// Returns whether a shell makes something of a variable: bash takes settings and functions from
/// its environment, and dash does not pass on what it could not name.
fn changes_shells(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let is_name = |it: &u8| it.is_ascii_alphanumeric() || *it == b'_';
    let is_nameable = name.iter().all(is_name) && !name.first().is_none_or(u8::is_ascii_digit);
    !is_nameable || matches!(name, b"SHELLOPTS" | b"BASHOPTS")
}

/// A shell keeps a `PWD` that leads to where it is, and replaces every other.
fn pwd(root: &Path) -> Option<PathBuf> {
    let given = env::var_os("PWD").map(PathBuf::from).filter(|it| it.is_absolute());
    if given.is_some_and(|it| are_same(&it, root)) {
        return None;
    }
    Some(root.canonicalize().unwrap_or_else(|_| root.to_owned()))
}

fn are_same(one: &Path, other: &Path) -> bool {
    let id = |it: &Path| fs::metadata(it).map(|it| (it.dev(), it.ino())).ok();
    id(one).is_some() && id(one) == id(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&[&str], Option<&str>)>) {
        let expected = expected.map(|(words, output)| Plain { words: words.to_vec(), output });
        assert_eq!(Plain::parse(text), expected, "{text:?}");
    }

    #[test]
    fn words_and_one_file_need_no_shell() {
        check("cp a b", Some((&["cp", "a", "b"], None)));
        check("  cp\ta   b ", Some((&["cp", "a", "b"], None)));
        check("cc -O2 -DX=1 -c src/a.c", Some((&["cc", "-O2", "-DX=1", "-c", "src/a.c"], None)));
        check("cat a b > out/c", Some((&["cat", "a", "b"], Some("out/c"))));
        check("cat a >c", Some((&["cat", "a"], Some("c"))));
        check("cat 1 > 2", Some((&["cat", "1"], Some("2"))));
    }

    #[test]
    fn what_only_a_shell_knows_is_left_to_it() {
        let only = [
            "",
            " ",
            "> a",
            "A=1 b",
            "cd a",
            "exec cat",
            "if",
            ". a",
            "cat a >> b",
            "cat a >| b",
            "cat a 2> b",
            "cat a 2>b",
            "cat>b",
            "cat a > b > c",
            "cat a > b c",
            "cat a >",
            "cat a >& b",
            "cat a &",
            "cat a; b",
            "cat a | b",
            "cat a && b",
            "cat $a",
            "cat `a`",
            "cat \"a\"",
            "cat 'a'",
            "cat a\\b",
            "cat *",
            "cat a?",
            "cat [a]",
            "cat ~",
            "cat a=~",
            "cat {a,b}",
            "cat #a",
            "cat a\nb",
            "cat a\n",
            "! cat",
            "(cat)",
            "cat <a",
            "cat a^b",
            "cat \u{e4}",
            "%1",
            "cat a\rb",
            "cat \0",
        ];
        for text in only {
            check(text, None);
        }
        for word in known_to_shells() {
            check(&format!("{word} a"), None);
        }
    }

    #[test]
    fn only_dash_leaves_no_trace() {
        let check = |path: &str, expected| assert_eq!(is_dash(Path::new(path)), expected, "{path}");
        check("/usr/bin/dash", true);
        check("/usr/bin/bash", false);
        check("/bin/busybox", false);
        check("/", false);
    }

    #[test]
    fn what_changes_shells_is_known() {
        let check = |name: &str, expected| {
            assert_eq!(changes_shells(OsStr::new(name)), expected, "{name}");
        };
        check("SHELLOPTS", true);
        check("BASH_FUNC_cat%%", true);
        check("a-b", true);
        check("1", true);
        check("", true);
        check("SHELL", false);
        check("PATH", false);
    }
}
