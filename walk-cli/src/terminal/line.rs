//! The line of an action that ended.
//!
//! ```text
//!    ok  compile:src/parser.c      0.98s   include/ast.h changed
//! ```

use std::time::Duration;

use super::Palette;
use super::text::{seconds, tame, width};

/// How an action ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It succeeded.
    Ok,
    /// It succeeded, and its outputs are what they were.
    Same,
    /// It succeeded on a retry only.
    Flaky,
    /// It failed.
    Fail,
    /// It asked to be run later, and is not going to be.
    Wait,
    /// It ended badly and is tried again.
    Again,
    /// It was stopped with the run.
    Stop,
}

/// The line of an action that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) name: &'a str,
    pub(crate) duration: Duration,
    /// Why it ran, or how it failed; may be empty.
    pub(crate) reason: &'a str,
}

/// The column of names is not narrower where there is room, so that small graphs look like
/// the others.
const NARROWEST: usize = 24;
/// Nor wider: the eye would not find from a short name to its time.
const WIDEST: usize = 96;
/// What stands beside the names: the verdict, the time, and the beginning of a reason.
const BESIDE: usize = 36;
/// The columns where nobody tells how many there are: lines do not end there.
const UNBOUNDED: usize = WIDEST + BESIDE;

/// Returns the width of the column of names, for names of these lengths, in so many columns if
/// that is known.
///
/// It is that of the longest name that leaves room for the rest; a longer one pushes what
/// follows to the right, in its own line only.
pub(crate) fn name_width(lengths: impl Iterator<Item = usize>, columns: Option<usize>) -> usize {
    let columns = columns.unwrap_or(UNBOUNDED);
    let widest = columns.saturating_sub(BESIDE).clamp(12, WIDEST);
    let longest = lengths.filter(|it| *it <= widest).max().unwrap_or(0);
    longest.max(NARROWEST).min(widest)
}

impl Verdict {
    /// Returns whether the action failed.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Wait)
    }

    /// Returns the word, in color.
    pub(crate) fn word(self, palette: Palette) -> String {
        match self {
            Self::Ok => palette.good("   ok"),
            Self::Same => palette.same(" same"),
            Self::Flaky => palette.warn("flaky"),
            Self::Fail => palette.fail(" FAIL"),
            Self::Wait => palette.warn(" wait"),
            Self::Again => palette.warn("again"),
            Self::Stop => palette.warn(" stop"),
        }
    }
}

impl Line<'_> {
    /// Returns the line without its end.
    pub(crate) fn render(&self, name_width: usize, palette: Palette) -> String {
        let name = tame(self.name);
        let pad = " ".repeat(name_width.saturating_sub(width(&name)));
        let time = seconds(self.duration);
        let line = format!("{}  {name}{pad} {time:>8}", self.verdict.word(palette));
        match tame(self.reason) {
            reason if reason.is_empty() => line,
            reason => format!("{line}   {}", palette.dim(&reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shaped_like_those_of_the_contract() {
        let line = |verdict, name, millis, reason| {
            let line = Line { verdict, name, duration: Duration::from_millis(millis), reason };
            let width = name_width([name.len()].into_iter(), Some(80));
            line.render(width, Palette::new(false)) + "\n"
        };
        let lines = [
            line(Verdict::Ok, "compile:src/lexer.c", 410, ""),
            line(Verdict::Ok, "compile:src/parser.c", 980, "include/ast.h changed"),
            line(Verdict::Same, "tables.h", 120, "output identical, 31 dependents stay"),
            line(Verdict::Fail, "test:suite=io,db=pg", 3_020, "exit 1"),
            line(Verdict::Again, "fetch", 61_000, "exit 75, again in 2s"),
            line(
                Verdict::Stop,
                "a-name-that-is-longer-than-the-column-for-names",
                10,
                "interrupted",
            ),
            line(Verdict::Wait, "bell\x07", 10, "not ready"),
        ];
        insta::assert_snapshot!(lines.concat());
    }

    #[test]
    fn the_column_of_names_follows_the_longest_within_limits() {
        let check = |lengths: &[usize], columns, expected| {
            let width = name_width(lengths.iter().copied(), columns);
            assert_eq!(width, expected, "{lengths:?} in {columns:?}");
        };
        check(&[3], Some(80), 24);
        check(&[3, 30], Some(80), 30);
        check(&[44], Some(80), 44);
        check(&[30, 45], Some(80), 30);
        check(&[30, 84], Some(120), 84);
        check(&[30, 96, 97], Some(200), 96);
        check(&[30, 200], Some(40), 12);
        check(&[60, 200], None, 60);
        check(&[], None, 24);
    }

    #[test]
    fn a_palette_colors_the_word_and_dims_the_reason() {
        let line = Line {
            verdict: Verdict::Ok,
            name: "a",
            duration: Duration::from_secs(1),
            reason: "b changed",
        };
        let colored = line.render(24, Palette::new(true));
        assert!(colored.starts_with("\x1b[32m   ok\x1b[0m  a"), "{colored:?}");
        assert!(colored.ends_with("\x1b[2mb changed\x1b[0m"), "{colored:?}");
    }
}
