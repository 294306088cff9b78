//! The command line as a whole: bare `walk` runs, anything else is a subcommand.
//!
//! The flags of `run` exist twice, because bare `walk` is `walk run`. So `walk -k plan` is
//! read without complaint by the parser; here it is refused, for nobody would hear `-k`.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser};

use super::{Command, Common, RunArgs};

const AFTER_HELP: &str = "\
A target is an action, an output, or a glob of either; none means the manifest's defaults.
One that is called like a command is reached by `walk run NAME`.
`WALK_<FLAG>` in the environment sets the default of a flag: WALK_JOBS=4, WALK_COLOR=never.

Exit codes:
  0    done, or up to date
  1    an action failed; `status`: something is stale
  2    wrong usage, manifest or graph
  70   a bug in walk
  74   the state cannot be read or written
  75   another walk has the lock (--no-wait), or all that failed was not ready
  128+n  ended by signal n";

/// Brings declared results up to date, running only what has to run.
#[derive(Debug, Parser)]
#[command(name = "walk", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Cli {
    /// Reads the command line.
    pub(crate) fn read(
        args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(spell_out(args))?;
        if let Some((name, _)) = matches.subcommand() {
            refuse_flags_of_run(name, &matches)?;
        }
        Self::from_arg_matches(&matches)
    }

    /// Returns the command that is spelled most like `word`, if one is spelled nearly so.
    pub(crate) fn nearest(word: &str) -> Option<String> {
        let commands = Self::command();
        let names = commands.get_subcommands().map(clap::Command::get_name);
        let near = names.map(|it| (strsim::osa_distance(word, it), it)).min()?;
        (near.0 <= (word.chars().count() / 3).max(1)).then(|| near.1.to_owned())
    }
}

/// Writes `-k3` and `-k 3` as `-k=3`: the parser could not tell a number from a target.
fn spell_out(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Vec<OsString> {
    let mut spelled: Vec<OsString> = Vec::new();
    let mut is_over = false;
    for word in args.into_iter().map(Into::into) {
        is_over |= word == "--";
        let text = word.to_str().unwrap_or_default();
        let digits = text.strip_prefix("-k").unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        let follows = spelled.last().is_some_and(|it| it == "-k" || it == "--keep-going");
        match (is_number && !is_over, digits.len() < text.len()) {
            (true, true) => spelled.push(format!("-k={digits}").into()),
            (true, false) if follows => {
                let flag = spelled.last_mut().expect("it was looked at");
                flag.push(format!("={digits}"));
            }
            _ => spelled.push(word),
        }
    }
    spelled
}

fn refuse_flags_of_run(subcommand: &str, matches: &ArgMatches) -> Result<(), clap::Error> {
    let flags = RunArgs::augment_args(clap::Command::new("run"));
    let given = flags
        .get_arguments()
        .find(|it| matches.value_source(it.get_id().as_str()) == Some(ValueSource::CommandLine));
    let Some(flag) = given else { return Ok(()) };
    let flag = flag.get_long().map_or_else(|| flag.get_id().to_string(), |it| format!("--{it}"));
    let message = format!("`{flag}` before `{subcommand}` has no effect; write it after");
    Err(Cli::command().error(ErrorKind::ArgumentConflict, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, String> {
        let words = std::iter::once("walk").chain(line.split_whitespace());
        Cli::read(words).map_err(|it| it.to_string())
    }

    fn targets(line: &str) -> Vec<String> {
        let cli = read(line).expect("it is valid");
        match cli.command {
            None => cli.run.targets,
            Some(Command::Run(run)) => run.targets,
            Some(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bare_words_are_targets_of_run() {
        let check = |line, expected: &[&str]| assert_eq!(targets(line), expected, "{line}");
        check("", &[]);
        check("compile:src/a.c bin/app", &["compile:src/a.c", "bin/app"]);
        check("-j 4 app", &["app"]);
        check("-k app", &["app"]);
        check("run clean", &["clean"]);
        check("app clean", &["app", "clean"]);
        check("-- clean", &["clean"]);
        check("-k 3 app", &["app"]);
        check("-k -- 3", &["3"]);
        check("3 -k", &["3"]);
    }

    #[test]
    fn common_flags_go_before_or_after_a_command() {
        for line in ["-C d plan", "plan -C d", "plan app -C d"] {
            let cli = read(line).expect("it is valid");
            assert_eq!(cli.common.directory.as_deref(), Some("d".as_ref()), "{line}");
        }
    }

    #[test]
    fn commands_may_be_misspelled() {
        let check = |word, expected: Option<&str>| {
            assert_eq!(Cli::nearest(word).as_deref(), expected, "{word}");
        };
        check("plann", Some("plan"));
        check("logs", Some("log"));
        check("stauts", Some("status"));
        check("app", None);
        check("lib/area.cpp", None);
    }

    #[test]
    fn flags_of_run_before_another_command_are_refused() {
        let error = read("-k list").expect_err("nobody would hear it");
        assert!(error.contains("`--keep-going` before `list`"), "{error}");
    }

    #[test]
    fn keep_going_counts() {
        let check = |line, expected: Option<u32>| {
            let cli = read(line).expect("it is valid");
            assert_eq!(cli.run.keep_going.map(|it| it.0), expected, "{line}");
        };
        check("", None);
        check("-k", Some(0));
        check("-k app", Some(0));
        check("--keep-going=3 app", Some(3));
        check("-k=3 app", Some(3));
        check("-k3 app", Some(3));
        check("-k 3 app", Some(3));
        check("--keep-going 3 app", Some(3));
        check("-k -- 3", Some(0));
    }
}
