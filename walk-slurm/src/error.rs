//! What can go wrong besides the errands themselves.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A file of an attempt cannot be read or written.
    #[error("cannot {verb} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of an attempt says something else than it should.
    #[error("`{}` is not what a walk of this version writes: {what}", path.display())]
    Garbled {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A program of Slurm could not be called or failed.
    #[error("{0}")]
    Call(String),
}

impl ClusterError {
    pub(crate) fn file<'a>(
        verb: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::File { verb, path: path.into(), source }
    }
}
