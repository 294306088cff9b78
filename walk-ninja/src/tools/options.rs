//! The options of a tool: single letters, some with a long name, some with a value.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use lexopt::Arg;

use super::{Result, ToolError};

/// An option that a tool takes.
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

/// Separates options from what they are about; `-h` asks for the usage.
pub(super) fn read(
    tool: &str,
    usage: &str,
    known: &[Known],
    arguments: &[OsString],
) -> Result<(Vec<Given>, Vec<Vec<u8>>)> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut given, mut rest) = (Vec::new(), Vec::new());
    let refuse = |what: String| ToolError::Usage(format!("{what}\n{usage}"));
    loop {
        let next = parser.next().map_err(|it| refuse(format!("{tool}: {it}")))?;
        let option = match next {
            None => return Ok((given, rest)),
            Some(Arg::Value(value)) => {
                rest.push(value.into_vec());
                continue;
            }
            Some(Arg::Short('h') | Arg::Long("help")) => {
                return Err(ToolError::Usage(usage.into()));
            }
            Some(Arg::Short(letter)) => known
                .iter()
                .find(|it| it.short == letter)
                .ok_or_else(|| refuse(format!("{tool}: invalid option -- '{letter}'")))?,
            Some(Arg::Long(name)) => known
                .iter()
                .find(|it| it.long == name)
                .ok_or_else(|| refuse(format!("{tool}: unrecognized option '--{name}'")))?,
        };
        let value = if option.has_value {
            let missing = |it| refuse(format!("{tool}: {it}"));
            Some(parser.value().map_err(missing)?.into_vec())
        } else {
            None
        };
        given.push((option.short, value));
    }
}

pub(super) fn has(given: &[Given], letter: char) -> bool {
    given.iter().any(|it| it.0 == letter)
}

/// Returns the arguments of a tool that has no options.
pub(super) fn plain(arguments: &[OsString]) -> Vec<Vec<u8>> {
    arguments.iter().map(|it| it.clone().into_vec()).collect()
}
