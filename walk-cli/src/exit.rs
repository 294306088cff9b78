//! How the process ends: the exit codes, and what becomes of a panic.
//!
//! Every code is written here and nowhere else. They are what `make`, `sysexits.h` and
//! shells already mean by them: 1 for a failure, 2 for wrong usage, 70 `EX_SOFTWARE`,
//! 74 `EX_IOERR`, 75 `EX_TEMPFAIL`, 128 + n for a death by signal n.

use std::panic::{self, PanicHookInfo, UnwindSafe};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::low_level::emulate_default_handler;

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything is done, or was up to date.
    Done,
    /// An action failed; for `status`, something is stale.
    Failed,
    /// The arguments, the manifest or its graph are wrong.
    Usage,
    /// Walk itself is wrong.
    Bug,
    /// The state, or a file that was asked for, cannot be read or written.
    State,
    /// Another walk has the lock, or every failure was "not ready": later it may work.
    NotNow,
    /// A signal ended it, after all that ran was stopped.
    Signal(i32),
    /// Called as ninja: the code of the command that failed last, or one of ninja's own.
    Ninja(u8),
}

impl Exit {
    /// Anything that is wrong, apart from a command.
    pub(crate) const NINJA_ERROR: Self = Self::Ninja(1);
    /// A signal stopped the build: ninja exits, and does not die of it.
    pub(crate) const NINJA_INTERRUPTED: Self = Self::Ninja(130);

    /// Returns the exit code, as a shell shows it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Bug => 70,
            Self::State => 74,
            Self::NotNow => 75,
            Self::Ninja(code) => code,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
        }
    }

    /// Ends the process; a signal is raised again, so that the parent sees the process die
    /// of it and stops its own loop.
    pub(crate) fn leave(self) -> ExitCode {
        if let Self::Signal(number) = self {
            // It does not return, unless the signal is one that nobody dies of.
            let _ = emulate_default_handler(number);
        }
        ExitCode::from(self.code())
    }
}

/// Whether any thread panicked; a job's panic is caught by the scheduler, and yet a bug.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Runs the command; a panic anywhere becomes one line that asks to report it.
pub(crate) fn guarded(command: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::Relaxed);
        eprintln!("walk: {}", report(info));
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            default_hook(info);
        }
    }));
    let exit = panic::catch_unwind(command).unwrap_or(Exit::Bug);
    if PANICKED.load(Ordering::Relaxed) { Exit::Bug } else { exit }
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(|it| format!(" ({}:{})", it.file(), it.line()));
    format!(
        "this is a bug: {}{}; please report it with what you ran (RUST_BACKTRACE=1 says more)",
        text.unwrap_or("a panic without a message").replace('\n', " "),
        place.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let check = |exit: Exit, code: u8| assert_eq!(exit.code(), code, "{exit:?}");
        check(Exit::Done, 0);
        check(Exit::Failed, 1);
        check(Exit::Usage, 2);
        check(Exit::Bug, 70);
        check(Exit::State, 74);
        check(Exit::NotNow, 75);
        check(Exit::Signal(2), 130);
        check(Exit::Signal(15), 143);
        check(Exit::Ninja(3), 3);
    }

    #[test]
    fn a_panic_is_a_bug() {
        assert_eq!(guarded(|| panic!("on purpose, for a test")), Exit::Bug);
    }
}
