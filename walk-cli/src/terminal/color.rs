//! Whether there are colors and a live block, and which colors.
//!
//! The variables are those that other tools honour: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` (and
//! `FORCE_COLOR`, which means the same), `TERM` and `CI`. A flag beats them all.
//!
//! What actions write goes to a file, so that most of them use no colors, whatever walk itself
//! does. walk gives them no variable to change that: what an action is given would then depend on
//! whether somebody watches, and with it what it makes (`ls --color > list`). Who wants colors of
//! actions says so: `CLICOLOR_FORCE=1` outside reaches them like every variable, and so does one in
//! `[env] set`, which is part of the fingerprint. The log keeps the colors; where walk shows none,
//! they are taken out of what is shown (`output`).

use std::env;
use std::ffi::OsString;

use anstyle::{AnsiColor, Effects, Style};

use crate::args::{ColorWish, ProgressWish};

/// What is known of the surroundings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    is_terminal: bool,
    no_color: Option<OsString>,
    clicolor: Option<OsString>,
    clicolor_force: Option<OsString>,
    force_color: Option<OsString>,
    term: Option<OsString>,
    ci: Option<OsString>,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A block that is redrawn.
    Bar,
    /// A line now and then.
    Plain,
    /// Not at all.
    None,
}

impl Surroundings {
    /// Asks the environment of the process.
    pub(crate) fn of_process(is_terminal: bool) -> Self {
        Self {
            is_terminal,
            no_color: env::var_os("NO_COLOR"),
            clicolor: env::var_os("CLICOLOR"),
            clicolor_force: env::var_os("CLICOLOR_FORCE"),
            force_color: env::var_os("FORCE_COLOR"),
            term: env::var_os("TERM"),
            ci: env::var_os("CI"),
        }
    }

    /// Returns whether to use colors.
    pub(crate) fn wants_color(&self, wish: ColorWish) -> bool {
        match wish {
            ColorWish::Always => true,
            ColorWish::Never => false,
            ColorWish::Auto if is_set(self.no_color.as_ref()) => false,
            ColorWish::Auto if is_on(self.clicolor_force.as_ref()) => true,
            ColorWish::Auto if is_on(self.force_color.as_ref()) => true,
            ColorWish::Auto if self.clicolor.as_ref().is_some_and(|it| it == "0") => false,
            ColorWish::Auto => self.is_terminal && (!self.is_dumb() || self.is_ci()),
        }
    }

    /// Returns how to show progress.
    pub(crate) fn progress(&self, wish: ProgressWish) -> Progress {
        match wish {
            ProgressWish::Bar => Progress::Bar,
            ProgressWish::None => Progress::None,
            ProgressWish::Auto if self.is_terminal && !self.is_dumb() && !self.is_ci() => {
                Progress::Bar
            }
            ProgressWish::Plain | ProgressWish::Auto => Progress::Plain,
        }
    }

    fn is_dumb(&self) -> bool {
        self.term.as_ref().is_none_or(|it| it == "dumb" || it.is_empty())
    }

    fn is_ci(&self) -> bool {
        is_on(self.ci.as_ref())
    }
}

fn is_set(value: Option<&OsString>) -> bool {
    value.is_some_and(|it| !it.is_empty())
}

fn is_on(value: Option<&OsString>) -> bool {
    value.is_some_and(|it| !it.is_empty() && it != "0" && it != "false")
}

/// Text in color, or plain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Palette {
    is_colored: bool,
}

impl Palette {
    pub(crate) fn new(is_colored: bool) -> Self {
        Self { is_colored }
    }

    pub(crate) fn is_colored(self) -> bool {
        self.is_colored
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn same(self, text: &str) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    pub(crate) fn fail(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().effects(Effects::BOLD), text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        if !self.is_colored || text.is_empty() {
            return text.into();
        }
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(is_terminal: bool, variables: &[(&str, &str)]) -> Surroundings {
        let get = |name| {
            let found = variables.iter().find(|it| it.0 == name);
            found.map(|it| OsString::from(it.1))
        };
        Surroundings {
            is_terminal,
            no_color: get("NO_COLOR"),
            clicolor: get("CLICOLOR"),
            clicolor_force: get("CLICOLOR_FORCE"),
            force_color: get("FORCE_COLOR"),
            term: get("TERM"),
            ci: get("CI"),
        }
    }

    #[test]
    fn colors_follow_the_variables() {
        let xterm = ("TERM", "xterm");
        let check = |is_terminal, variables: &[(&str, &str)], expected| {
            let found = surroundings(is_terminal, variables).wants_color(ColorWish::Auto);
            assert_eq!(found, expected, "terminal: {is_terminal}, {variables:?}");
        };
        check(true, &[xterm], true);
        check(false, &[xterm], false);
        check(true, &[], false);
        check(true, &[("TERM", "dumb")], false);
        check(true, &[xterm, ("NO_COLOR", "1")], false);
        check(true, &[xterm, ("NO_COLOR", "")], true);
        check(true, &[xterm, ("CLICOLOR", "0")], false);
        check(true, &[xterm, ("CLICOLOR", "1")], true);
        check(false, &[xterm, ("CLICOLOR", "1")], false);
        check(false, &[("CLICOLOR_FORCE", "1")], true);
        check(false, &[("CLICOLOR_FORCE", "0")], false);
        check(true, &[xterm, ("CLICOLOR", "0"), ("CLICOLOR_FORCE", "1")], true);
        check(false, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false);
        check(false, &[("FORCE_COLOR", "1")], true);
        check(false, &[("FORCE_COLOR", "0")], false);
        check(false, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false);
        check(true, &[("CI", "true")], true);
        check(false, &[xterm, ("CI", "true")], false);
    }

    #[test]
    fn a_flag_beats_the_variables() {
        let no = surroundings(true, &[("NO_COLOR", "1")]);
        assert!(no.wants_color(ColorWish::Always));
        let yes = surroundings(true, &[("CLICOLOR_FORCE", "1")]);
        assert!(!yes.wants_color(ColorWish::Never));
    }

    #[test]
    fn the_block_needs_a_terminal_that_can_do_it() {
        let check = |is_terminal, variables: &[(&str, &str)], wish, expected| {
            let found = surroundings(is_terminal, variables).progress(wish);
            assert_eq!(found, expected, "terminal: {is_terminal}, {variables:?}, {wish:?}");
        };
        let xterm = ("TERM", "xterm");
        check(true, &[xterm], ProgressWish::Auto, Progress::Bar);
        check(false, &[xterm], ProgressWish::Auto, Progress::Plain);
        check(true, &[("TERM", "dumb")], ProgressWish::Auto, Progress::Plain);
        check(true, &[], ProgressWish::Auto, Progress::Plain);
        check(true, &[xterm, ("CI", "1")], ProgressWish::Auto, Progress::Plain);
        check(true, &[xterm, ("CI", "false")], ProgressWish::Auto, Progress::Bar);
        check(true, &[xterm, ("NO_COLOR", "1")], ProgressWish::Auto, Progress::Bar);
        check(false, &[], ProgressWish::Bar, Progress::Bar);
        check(true, &[xterm], ProgressWish::Plain, Progress::Plain);
        check(true, &[xterm], ProgressWish::None, Progress::None);
    }

    #[test]
    fn without_color_text_stays_as_it_is() {
        assert_eq!(Palette::new(false).fail("x"), "x");
        assert_eq!(Palette::new(true).good("x"), "\x1b[32mx\x1b[0m");
    }
}
