//! What is printed instead of a build: the usage, lists, and what is wrong with the flags.
//!
//! ninja prints lists and the version to stdout, and the usage, as an error, to stderr.

use std::fmt::Write as _;
use std::num::NonZeroU32;

use walk_ninja::tools;

use crate::exit::Exit;

/// The version of ninja whose language and flags this is; other tools look for features by it.
const VERSION: &str = "1.13.0";

/// What is printed instead of a build, and the exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) exit: Exit,
}

const DEBUG_MODES: [(&str, &str); 4] = [
    ("stats", "print how long the parts of the build took"),
    ("explain", "say why each command runs"),
    ("keepdepfile", "keep depfiles after they were read"),
    ("keeprsp", "keep response files after a success"),
];

const WARNING_FLAGS: [(&str, &str); 2] = [
    ("dupbuild={err,warn}", "several build lines for one file"),
    ("phonycycle={err,warn}", "a phony build line that names itself"),
];

/// How many changes away a word may be to be taken for a known one, as in ninja.
const FARTHEST: usize = 3;

pub(super) fn version() -> Answer {
    Answer { out: format!("{VERSION}\n"), err: String::new(), exit: Exit::Done }
}

pub(super) fn debug_modes() -> Answer {
    let end = "several modes: -d FOO -d BAR\n";
    list("debugging modes:\n", &DEBUG_MODES, end, Exit::NINJA_ERROR)
}

pub(super) fn warning_flags() -> Answer {
    list("warning flags:\n", &WARNING_FLAGS, "", Exit::NINJA_ERROR)
}

fn list(start: &str, rows: &[(&str, &str)], end: &str, exit: Exit) -> Answer {
    let width = rows.iter().map(|it| it.0.len()).max().unwrap_or(0);
    let rows = rows.iter().map(|(name, what)| format!("  {name:<width$}  {what}\n"));
    let out = start.to_owned() + &rows.collect::<String>() + end;
    Answer { out, err: String::new(), exit }
}

pub(super) fn fatal(message: &str) -> Answer {
    complain("fatal", message)
}

fn complain(kind: &str, message: &str) -> Answer {
    let err = format!("ninja: {kind}: {message}\n");
    Answer { out: String::new(), err, exit: Exit::NINJA_ERROR }
}

pub(super) fn unknown_debug_mode(mode: &str) -> Answer {
    let known = DEBUG_MODES.map(|it| it.0);
    complain("error", &format!("unknown debug setting '{mode}'{}", nearest(mode, &known)))
}

pub(super) fn unknown_warning_flag(flag: &str) -> Answer {
    let known = ["dupbuild=err", "dupbuild=warn", "phonycycle=err", "phonycycle=warn"];
    complain("error", &format!("unknown warning flag '{flag}'{}", nearest(flag, &known)))
}

/// Returns what to say if there is no tool called `name`, or if it asks for their list.
pub(super) fn not_a_tool(name: &str) -> Option<Answer> {
    if name == "list" {
        return Some(Answer { out: tools::list(), err: String::new(), exit: Exit::Done });
    }
    tools::check(name).err().map(|error| fatal(&error.to_string()))
}

fn nearest(name: &str, known: &[&str]) -> String {
    let distances = known.iter().map(|it| (strsim::levenshtein(name, it), it));
    let near = distances.min_by_key(|it| it.0).filter(|it| it.0 <= FARTHEST).map(|it| it.1);
    near.map_or_else(String::new, |it| format!(", did you mean '{it}'?"))
}

/// Answers a flag that is none, or asks for help.
pub(super) fn other_flag(flag: char, jobs: NonZeroU32) -> Answer {
    match flag {
        'h' => usage("", jobs),
        other => usage(&format!("ninja: invalid option -- '{other}'\n"), jobs),
    }
}

pub(super) fn unknown_long_flag(name: &str, jobs: NonZeroU32) -> Answer {
    usage(&format!("ninja: unrecognized option '--{name}'\n"), jobs)
}

pub(super) fn ambiguous_long_flag(name: &str, found: &[&str], jobs: NonZeroU32) -> Answer {
    let mut text = format!("ninja: option '--{name}' is ambiguous; possibilities:");
    for flag in found {
        let _ = write!(text, " '--{flag}'");
    }
    usage(&(text + "\n"), jobs)
}

/// Answers words that do not fit together, as `getopt` would.
pub(super) fn wrong_usage(error: &lexopt::Error, jobs: NonZeroU32) -> Answer {
    let text = match error {
        lexopt::Error::MissingValue { option: Some(option) } => {
            let letter = option.trim_start_matches('-');
            format!("ninja: option requires an argument -- '{letter}'\n")
        }
        lexopt::Error::UnexpectedValue { option, .. } => {
            format!("ninja: option '{option}' doesn't allow an argument\n")
        }
        other => format!("ninja: {other}\n"),
    };
    usage(&text, jobs)
}

fn usage(complaint: &str, jobs: NonZeroU32) -> Answer {
    let err = format!(
        "{complaint}usage: ninja [options] [targets...]\n\n\
         Builds the targets, or those of the 'default' statements of the manifest. This is\n\
         walk {walk}, called as ninja: it reads the language of ninja {VERSION}, and decides by\n\
         contents, not by times, what is out of date.\n\n\
         options:\n  \
         --version      print the version of ninja whose language this is ({VERSION})\n  \
         -v, --verbose  print whole commands instead of their descriptions\n  \
         --quiet        print no status, only what commands print, and failures\n\n  \
         -C DIR   change to DIR first\n  \
         -f FILE  read FILE [default=build.ninja]\n\n  \
         -j N     run at most N commands at once (0: any number) [default={jobs} on this system]\n  \
         -k N     go on until N commands failed (0: always) [default=1]\n  \
         -l N     start nothing more while the load average is above N\n  \
         -n       print what would run, run nothing\n\n  \
         -d MODE  turn on a debugging mode ('-d list' lists them)\n  \
         -t TOOL  run a tool ('-t list' lists them); what follows are the tool's own flags\n  \
         -w FLAG  adjust a warning ('-w list' lists them)\n",
        walk = env!("CARGO_PKG_VERSION"),
    );
    Answer { out: String::new(), err, exit: Exit::NINJA_ERROR }
}
