//! What keeps a graph from becoming a plan.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use walk_plan::AssembleError;

use crate::{Place, ReadError};

/// A graph that cannot be walked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The manifest, or a file that it names, is wrong.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Edges wait for each other.
    #[error("{place}: dependency cycle: {}{}", path.join(" -> "), flag(*is_phony))]
    Cycle {
        /// Where one of them is declared.
        place: Place,
        /// The files around the cycle; the last is the first.
        path: Vec<String>,
        /// Whether it is a `phony` that just names itself, which is a mistake only if asked for.
        is_phony: bool,
    },
    /// Something that only has to come first neither exists nor is made.
    #[error("'{input}', needed by '{output}', missing and no known rule to make it")]
    Missing {
        /// What is missing.
        input: String,
        /// What needs it.
        output: String,
    },
    /// Two edges make one file, which they spell differently.
    #[error("{place}: multiple rules generate {}: {other} does, and spells it otherwise", path.display())]
    TwoMakers {
        /// Where the second edge is declared.
        place: Place,
        /// The file.
        path: PathBuf,
        /// Where the first edge is declared.
        other: Place,
    },
    /// The value of `deps` means nothing, or not without a `depfile`.
    #[error("{place}: {what}")]
    Deps {
        /// Where the edge is declared.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// A dyndep file cannot be read.
    #[error("loading '{}': {source}", path.display())]
    Dyndep {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Dyndep files can only be made once they were loaded.
    #[error("the dyndep files {} can only be made once they were loaded", files.join(", "))]
    DyndepCycle {
        /// The files.
        files: Vec<String>,
    },
    /// The manifest is out of date however often it is made again.
    #[error(
        "manifest '{}' still dirty after {tries} tries: what makes it runs every time, or changes \
         what it is made of",
        path.display()
    )]
    Unsettled {
        /// The manifest.
        path: PathBuf,
        /// How often it was made.
        tries: u32,
    },
    /// The edges make no plan.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
}

fn flag(is_phony: bool) -> &'static str {
    if is_phony { " [-w phonycycle=err]" } else { "" }
}

impl BuildError {
    /// Returns the line that the error is about, if it is about one: the message begins with it.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Read(error) => error.place(),
            Self::Cycle { place, .. }
            | Self::TwoMakers { place, .. }
            | Self::Deps { place, .. } => Some(place),
            _ => None,
        }
    }
}
