//! The progress that some terminals show in the taskbar, the tab or the dock: OSC 9;4.
//!
//! It is only written to terminals that are known to take it for that: others show a notification
//! for OSC 9 each time, or the text. A terminal within a terminal (tmux, screen) is not known,
//! whatever is around it. Who shows progress takes it away again, on every way out.

/// The variables that tell of a terminal that shows progress.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints<'a> {
    pub(crate) wt_session: Option<&'a str>,
    pub(crate) conemu_ansi: Option<&'a str>,
    pub(crate) term: Option<&'a str>,
    pub(crate) term_program: Option<&'a str>,
    pub(crate) term_program_version: Option<&'a str>,
}

impl Hints<'_> {
    /// Returns whether the terminal shows progress.
    pub(crate) fn show_progress(&self) -> bool {
        let is_inner = |it: &str| it.starts_with("tmux") || it.starts_with("screen");
        if self.term.is_some_and(is_inner) {
            return false;
        }
        let is_windows = self.wt_session.is_some_and(|it| !it.is_empty());
        let is_known = match self.term_program {
            Some("WezTerm" | "ghostty") => true,
            Some("iTerm.app") => self.term_program_version.is_some_and(is_3_6),
            _ => false,
        };
        is_windows || self.conemu_ansi == Some("ON") || is_known
    }
}

/// Since this version iTerm2 shows progress.
fn is_3_6(version: &str) -> bool {
    let mut parts = version.split('.').map(|it| it.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (3, 6)
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    /// Something failed.
    Bad,
    /// It is being stopped.
    Stopping,
}

/// What a terminal was told of progress.
#[derive(Debug)]
pub(crate) struct Taskbar {
    is_there: bool,
    shown: Option<(Mood, usize)>,
}

impl Taskbar {
    pub(crate) fn new(is_there: bool) -> Self {
        Self { is_there, shown: None }
    }

    /// Returns what to write so that this is shown, if it is not.
    pub(crate) fn show(&mut self, mood: Mood, percent: usize) -> Option<String> {
        let wanted = Some((mood, percent.min(100)));
        if !self.is_there || self.shown == wanted {
            return None;
        }
        self.shown = wanted;
        let state = match mood {
            Mood::Good => 1,
            Mood::Bad => 2,
            Mood::Stopping => 4,
        };
        Some(format!("\x1b]9;4;{state};{}\x1b\\", percent.min(100)))
    }

    /// Returns what to write so that nothing is shown, if something is.
    pub(crate) fn clear(&mut self) -> Option<&'static str> {
        self.shown.take().map(|_| "\x1b]9;4;0;\x1b\\")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_are_known_to_show_it_are_told() {
        let check = |hints: Hints<'_>, expected| {
            assert_eq!(hints.show_progress(), expected, "{hints:?}");
        };
        let none = Hints { term: Some("xterm-256color"), ..Hints::default() };
        let program = |name, version| Hints {
            term_program: Some(name),
            term_program_version: Some(version),
            ..none
        };
        check(none, false);
        check(Hints { wt_session: Some("c2a8"), ..none }, true);
        check(Hints { wt_session: Some("c2a8"), term: Some("screen-256color"), ..none }, false);
        check(Hints { conemu_ansi: Some("ON"), ..none }, true);
        check(Hints { conemu_ansi: Some("OFF"), ..none }, false);
        check(program("WezTerm", "20240203"), true);
        check(program("ghostty", "1.2.0"), true);
        check(program("iTerm.app", "3.5.14"), false);
        check(program("iTerm.app", "3.6.6"), true);
        check(program("iTerm.app", "4.0"), true);
        check(program("Apple_Terminal", "455"), false);
        check(program("tmux", "3.6"), false);
    }

    #[test]
    fn it_is_written_when_it_changes_and_taken_away_once() {
        let mut taskbar = Taskbar::new(true);
        assert_eq!(taskbar.clear(), None);
        assert_eq!(taskbar.show(Mood::Good, 5).as_deref(), Some("\x1b]9;4;1;5\x1b\\"));
        assert_eq!(taskbar.show(Mood::Good, 5), None);
        assert_eq!(taskbar.show(Mood::Bad, 105).as_deref(), Some("\x1b]9;4;2;100\x1b\\"));
        assert_eq!(taskbar.clear(), Some("\x1b]9;4;0;\x1b\\"));
        assert_eq!(taskbar.clear(), None);
        assert_eq!(Taskbar::new(false).show(Mood::Good, 5), None);
    }
}
