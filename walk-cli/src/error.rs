//! What stops a command, and with which exit.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use signal_hook::consts::SIGPIPE;
use walk_ninja::BuildError;
use walk_plan::{ManifestError, TargetError, WalkError};

use crate::exit::Exit;

pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

/// What stops a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// There is nothing to read.
    #[error("no manifest in `{}`: looked for walk.toml, walk.json, walk.jsonl and build.ninja; `-f FILE` names another, `walk init` writes one", .0.display())]
    NoManifest(PathBuf),
    /// There is nothing to read here, but further up.
    #[error("no manifest in `{}`, but further up: `-C {}` works there, `walk init` writes one here", dir.display(), above.display())]
    ManifestAbove { dir: PathBuf, above: PathBuf },
    /// `-C` names nothing that could be entered.
    #[error("`{}` is no directory", .0.display())]
    NoSuchDirectory(PathBuf),
    /// Nobody reads a file of that name.
    #[error("`{}` is not called like a manifest, which is `*.toml`, `*.json`, `*.jsonl` or `*.ninja`", .0.display())]
    NoReader(PathBuf),
    /// Nobody can say where that would be.
    #[error("the current directory is gone: enter another, or name one with `-C DIR`")]
    NoDirectory,
    /// The manifest is wrong; the message has its place.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest of ninja is wrong; the message has its place.
    #[error(transparent)]
    Ninja(#[from] BuildError),
    /// A target means nothing.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A target means nothing, and is spelled nearly like a command.
    #[error("{target}{} the command `{command}`?", or_meant(target))]
    NoCommand {
        /// What is wrong with the target.
        target: TargetError,
        /// The command.
        command: String,
    },
    /// The arguments fit the grammar, but not the project.
    #[error("{0}")]
    Usage(String),
    /// The walk cannot go on.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// Another walk has the lock.
    #[error("the state is in use by walk ({0})")]
    Locked(String),
    /// The walk that started this one has the lock, and will not end before it.
    #[error("the state is in use by walk ({0}), which started this one: it would wait for ever")]
    Inside(String),
    /// A file that is none of the state's cannot be read or written.
    #[error("cannot {verb} `{}`", path.display())]
    File {
        /// What was tried.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// What is needed to run commands elsewhere cannot be had.
    #[error(transparent)]
    Cluster(#[from] walk_slurm::ClusterError),
    /// The cache cannot be meant.
    #[error(transparent)]
    Cache(#[from] walk_cache::CacheError),
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
}

impl CliError {
    /// Returns how the command ends because of this.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Walk(error) if error.is_state() => Exit::State,
            Self::NoManifest(_)
            | Self::ManifestAbove { .. }
            | Self::NoSuchDirectory(_)
            | Self::NoReader(_)
            | Self::NoCommand { .. }
            | Self::NoDirectory
            | Self::Manifest(_)
            | Self::Ninja(_)
            | Self::Target(_)
            | Self::Usage(_)
            | Self::Cache(_)
            | Self::Walk(_) => Exit::Usage,
            Self::Locked(_) | Self::Inside(_) => Exit::NotNow,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Exit::Signal(SIGPIPE)
            }
            Self::File { .. } | Self::Cluster(_) | Self::Output(_) => Exit::State,
        }
    }

    /// Returns the message with all its causes; `None` if nobody is there to read it. `dir` is
    /// where the manifest is, seen from here: those of ninja name files as seen from there.
    pub(crate) fn message(&self, dir: &Path) -> Option<String> {
        if self.exit() == Exit::Signal(SIGPIPE) {
            return None;
        }
        let mut message = self.to_string();
        if !dir.as_os_str().is_empty() {
            message = self.seen_from_here(message, dir);
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            // Some say what their cause is themselves.
            let text = error.to_string();
            if !message.ends_with(&text) {
                let _ = write!(message, ": {text}");
            }
            cause = error.source();
        }
        Some(message)
    }

    fn seen_from_here(&self, message: String, dir: &Path) -> String {
        let place = match self {
            Self::Ninja(error) => error.place(),
            Self::Walk(WalkError::MissingInput { .. }) => None,
            _ => return message,
        };
        match place {
            Some(place) if place.file.is_absolute() => message,
            Some(_) => format!("{}{message}", dir.join("").display()),
            None => format!("in `{}`: {message}", dir.display()),
        }
    }
}

fn or_meant(error: &TargetError) -> &'static str {
    match error {
        TargetError::Unknown { nearest, .. } if !nearest.is_empty() => " or",
        _ => "; did you mean",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_exit() {
        let check = |error: CliError, exit: Exit| assert_eq!(error.exit(), exit, "{error}");
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        check(CliError::NoManifest("d".into()), Exit::Usage);
        check(CliError::Usage("no".into()), Exit::Usage);
        check(CliError::Locked("pid 1".into()), Exit::NotNow);
        check(CliError::Output(io::ErrorKind::BrokenPipe.into()), Exit::Signal(SIGPIPE));
        check(CliError::Output(denied()), Exit::State);
        check(CliError::File { verb: "write", path: "f".into(), source: denied() }, Exit::State);
        let state = WalkError::State { verb: "open", path: "s".into(), source: denied() };
        check(state.into(), Exit::State);
    }

    #[test]
    fn a_message_names_its_causes() {
        let source = io::Error::other("disk on fire");
        let here = Path::new("");
        let error = CliError::File { verb: "write", path: "a.json".into(), source };
        assert_eq!(error.message(here).as_deref(), Some("cannot write `a.json`: disk on fire"));
        assert_eq!(CliError::Output(io::ErrorKind::BrokenPipe.into()).message(here), None);
    }
}
