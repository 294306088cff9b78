//! A script for each shell. Those of bash, zsh and fish ask walk; others know what can be known
//! beforehand.

use std::io::Write;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::Result;
use crate::exit::Exit;

/// Prints a completion script.
pub(crate) fn completions(shell: Shell, out: &mut dyn Write) -> Result<Exit> {
    let script = match shell {
        Shell::Bash => include_str!("scripts/walk.bash"),
        Shell::Zsh => include_str!("scripts/walk.zsh"),
        Shell::Fish => include_str!("scripts/walk.fish"),
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut Cli::command(), "walk", &mut script);
            out.write_all(&script)?;
            return Ok(Exit::Done);
        }
    };
    out.write_all(script.as_bytes())?;
    Ok(Exit::Done)
}
