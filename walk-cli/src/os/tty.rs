//! Questions to the terminal behind standard output.

use std::io::{stderr, stdout};

use rustix::process::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

/// Returns the width of the terminal, if it tells.
pub(crate) fn columns() -> Option<usize> {
    let size = tcgetwinsize(stdout()).or_else(|_| tcgetwinsize(stderr())).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Returns false if the process is in the background of its terminal, where a block that is
/// drawn again and again would disturb whoever is in the foreground.
pub(crate) fn is_foreground() -> bool {
    tcgetpgrp(stdout()).map_or(true, |it| it == getpgrp())
}
