//! strace, with which tests stop walk at each of its system calls: the long mode wants it there.
//!
//! Without it those tests say that they were skipped, which is fine on anybody's machine, and not
//! in the long mode.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::steps::Done;
use super::tally::Tally;
use crate::command;

/// Makes sure that there is a strace which may trace.
///
/// # Errors
///
/// It is missing and cannot be installed, or the system forbids to trace.
pub(crate) fn install(root: &Path) -> Result<Done> {
    if !works(root) {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "strace"]);
        let outcome = command::run(&mut install)?;
        if !works(root) {
            bail!("`strace true` does not work:\n{}", outcome.output);
        }
    }
    Ok(Done { tally: Tally::one(true), output: String::new() })
}

fn works(root: &Path) -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).current_dir(root);
    command::run(&mut strace).is_ok_and(|it| it.success)
}
