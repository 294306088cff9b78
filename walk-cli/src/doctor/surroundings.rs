//! The terminal, and make.

use std::io::{self, IsTerminal as _};

use super::finding::{Finding, ok, warn};
use crate::args::{Common, ProgressWish};
use crate::os;
use crate::terminal::{Progress, Surroundings};

pub(super) fn terminal(common: &Common) -> Finding {
    let is_terminal = io::stdout().is_terminal();
    let surroundings = Surroundings::of_process(is_terminal);
    let colors = if surroundings.wants_color(common.color) { "colors" } else { "no colors" };
    let block = match surroundings.progress(ProgressWish::Auto) {
        Progress::Bar => "a live block",
        _ => "plain lines",
    };
    let what = match (is_terminal, os::columns()) {
        (true, Some(columns)) => format!("{columns} columns, "),
        (true, None) => "its width is not known, ".into(),
        (false, _) => "none, ".into(),
    };
    ok("terminal", format!("{what}{colors}, {block}"))
}

/// Looks at what make says to those that it runs.
pub(super) fn make(flags: Option<&str>) -> Finding {
    let name = "make";
    let word = |prefix: &str| {
        let words = flags.unwrap_or_default().split_whitespace();
        words.filter_map(|it| it.strip_prefix(prefix)).next_back()
    };
    let server = word("--jobserver-auth=").or_else(|| word("--jobserver-fds="));
    match (flags, server) {
        (None | Some(""), _) => ok(name, "did not start this"),
        (Some(_), None) => ok(name, "started this, without a jobserver"),
        (Some(_), Some(server)) => match server.strip_prefix("fifo:") {
            Some(path) if !std::path::Path::new(path).exists() => {
                warn(name, format!("its jobserver is gone: {path}"))
            }
            _ => ok(name, format!("started this, with a jobserver ({server})")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn make_says_whether_it_has_a_jobserver() {
        let check = |flags, is_well, text: &str| {
            let found = make(flags);
            assert!(found.is_well == is_well && found.sentence.contains(text), "{found:?}");
        };
        check(None, true, "did not start");
        check(Some("k"), true, "without a jobserver");
        check(Some(" -j2 --jobserver-auth=3,4"), true, "(3,4)");
        check(Some(" -j2 --jobserver-auth=fifo:/none/x"), false, "gone: /none/x");
    }
}
