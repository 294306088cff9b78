//! Questions to the terminal behind standard output.

use std::io::{stderr, stdout};

use rustix::process::getpgrp;
use rustix::termios::{Winsize, tcgetpgrp, tcgetwinsize};

/// Returns the width of the terminal; where it does not tell, `COLUMNS` may.
pub(crate) fn columns() -> Option<usize> {
    measure(|it| it.ws_col, "COLUMNS")
}

/// Returns the height of the terminal; where it does not tell, `LINES` may.
pub(crate) fn lines() -> Option<usize> {
    measure(|it| it.ws_row, "LINES")
}

fn measure(side: impl Fn(&Winsize) -> u16, variable: &str) -> Option<usize> {
    let told = tcgetwinsize(stdout()).or_else(|_| tcgetwinsize(stderr())).ok()?;
    match side(&told) {
        0 => std::env::var(variable).ok()?.parse().ok().filter(|it| *it > 0),
        length => Some(length.into()),
    }
}

/// Returns false if the process is in the background of its terminal, where a block that is
/// drawn again and again would disturb whoever is in the foreground.
pub(crate) fn is_foreground() -> bool {
    tcgetpgrp(stdout()).map_or(true, |it| it == getpgrp())
}
