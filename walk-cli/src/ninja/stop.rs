//! What ends a call early, in ninja's words: one line, and an exit.

use std::error::Error;
use std::fmt::Write as _;

use walk_ninja::{BuildError, ReadError};
use walk_plan::WalkError;

use crate::exit::Exit;

pub(super) type Result<T, E = Stop> = std::result::Result<T, E>;

/// What ends a call early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Something is wrong with what was to be built, or with its state.
    Error(String),
    /// The call itself makes no sense here.
    Fatal(String),
    /// All was said.
    Said(Exit),
}

impl Stop {
    /// Returns the text for stderr, if there is something to say.
    pub(super) fn message(&self) -> Option<String> {
        match self {
            Self::Error(message) => Some(format!("ninja: error: {message}\n")),
            Self::Fatal(message) => Some(format!("ninja: fatal: {message}\n")),
            Self::Said(_) => None,
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Error(_) | Self::Fatal(_) => Exit::NINJA_ERROR,
            Self::Said(exit) => *exit,
        }
    }

    /// Says that it happened while the manifest was made again.
    pub(super) fn rebuilding(self, manifest: &str) -> Self {
        match self {
            Self::Error(message) => Self::Error(format!("rebuilding '{manifest}': {message}")),
            other => other,
        }
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Error(error.to_string())
    }
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        Self::Error(error.to_string())
    }
}

impl From<WalkError> for Stop {
    fn from(error: WalkError) -> Self {
        if let WalkError::MissingInput { path, action } = &error {
            let path = path.display();
            return Self::Error(format!(
                "'{path}', needed by '{action}', missing and no known rule to make it"
            ));
        }
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(message, ": {error}");
            cause = error.source();
        }
        Self::Error(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_ninjas_words() {
        let missing = WalkError::MissingInput { path: "x".into(), action: "y".into() };
        let stop = Stop::from(missing).rebuilding("build.ninja");
        let expected = "ninja: error: rebuilding 'build.ninja': 'x', needed by 'y', missing and no \
            known rule to make it\n";
        assert_eq!(stop.message().as_deref(), Some(expected));
        assert_eq!(stop.exit(), Exit::NINJA_ERROR);
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        assert_eq!(Stop::Said(Exit::Done).message(), None);
        assert_eq!(Stop::Said(Exit::Done).rebuilding("x"), Stop::Said(Exit::Done));
    }
}
