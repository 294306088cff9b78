//! The options of a tool: single letters, some with a long name, some with a value.
//!
//! They are taken and refused as `getopt` does it for ninja: anywhere among the words, several
//! letters at once, a long name as short as it is unique.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use lexopt::{Arg, Error, Parser};

use super::{Result, ToolError};

/// An option that a tool takes.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) short: char,
    /// Empty if there is none.
    pub(super) long: &'static str,
    pub(super) has_value: bool,
}

/// An option that was given, by its letter, and its value.
pub(super) type Given = (char, Option<Vec<u8>>);

/// A switch.
pub(super) const fn switch(short: char, long: &'static str) -> Known {
    Known { short, long, has_value: false }
}

const HELP: Known = switch('h', "help");

/// Separates options from what they are about; `-h` asks for the usage.
pub(super) fn read(
    tool: &str,
    usage: &str,
    known: &[Known],
    arguments: &[OsString],
) -> Result<(Vec<Given>, Vec<Vec<u8>>)> {
    let refuse = |what: String| ToolError::Usage(format!("{tool}: {what}\n{usage}"));
    let mut parser = Parser::from_args(arguments);
    parser.set_short_equals(false);
    let (mut given, mut rest) = (Vec::new(), Vec::new());
    while let Some(argument) = parser.next().map_err(|it| refuse(words(&it)))? {
        let option = match argument {
            Arg::Value(value) => {
                rest.push(value.into_vec());
                continue;
            }
            Arg::Short(letter) => short(known, letter),
            Arg::Long(name) => long(known, name),
        };
        let option = option.map_err(refuse)?;
        if option.short == HELP.short {
            return Err(ToolError::Usage(usage.into()));
        }
        let value = if option.has_value {
            Some(parser.value().map_err(|it| refuse(words(&it)))?.into_vec())
        } else {
            None
        };
        given.push((option.short, value));
    }
    Ok((given, rest))
}

fn short(known: &[Known], letter: char) -> Result<Known, String> {
    let mut all = known.iter().chain([&HELP]);
    let option = all.find(|it| it.short == letter);
    option.copied().ok_or_else(|| format!("invalid option -- '{letter}'"))
}

/// Finds an option by its long name or the beginning of it; no two begin with the same letter.
fn long(known: &[Known], name: &str) -> Result<Known, String> {
    if known.iter().all(|it| it.long.is_empty()) {
        return Err("invalid option -- '-'".into());
    }
    let mut all = known.iter().chain([&HELP]);
    let option = all.find(|it| !name.is_empty() && it.long.starts_with(name));
    option.copied().ok_or_else(|| format!("unrecognized option '--{name}'"))
}

/// Says what is wrong as `getopt` does.
fn words(error: &Error) -> String {
    match error {
        Error::MissingValue { option: Some(option) } => match option.strip_prefix("--") {
            Some(_) => format!("option '{option}' requires an argument"),
            None => format!("option requires an argument -- '{}'", option.trim_start_matches('-')),
        },
        Error::UnexpectedValue { option, .. } => {
            format!("option '{option}' doesn't allow an argument")
        }
        other => other.to_string(),
    }
}

pub(super) fn has(given: &[Given], letter: char) -> bool {
    given.iter().any(|it| it.0 == letter)
}

/// Returns the arguments of a tool that has no options.
pub(super) fn plain(arguments: &[OsString]) -> Vec<Vec<u8>> {
    arguments.iter().map(|it| it.clone().into_vec()).collect()
}
