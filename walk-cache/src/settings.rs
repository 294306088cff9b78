//! How a cache is set up. Nothing is opened here.

use std::path::PathBuf;
use std::time::Duration;

/// What is done with the remote part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Results are only taken from it.
    Read,
    /// Results are only put into it.
    Write,
    /// Both.
    #[default]
    ReadWrite,
}

impl Mode {
    pub(crate) fn reads(self) -> bool {
        self != Self::Write
    }

    pub(crate) fn writes(self) -> bool {
        self != Self::Read
    }
}

/// How a cache is set up.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The directory of the local part; `None` for none.
    pub local: Option<PathBuf>,
    /// The remote part: `file:///a/directory`, `grpc://host:port` or `grpcs://host:port`.
    pub remote: Option<String>,
    /// What is done with the remote part.
    pub mode: Mode,
    /// How many bytes the local part keeps; a twentieth more at times.
    pub max_size: u64,
    /// How long the local part keeps what nobody asks for.
    pub max_age: Duration,
    /// A bearer token for the remote part; shown nowhere.
    pub token: Option<String>,
    /// The instance that a server is asked for.
    pub instance: String,
    /// How long one call to the remote part may take, besides a second for each megabyte that it
    /// moves.
    pub deadline: Duration,
    /// How long all calls that fail may take together; after that the remote part is left alone.
    pub patience: Duration,
}

impl Default for Settings {
    /// Returns a cache that keeps nothing anywhere: 10 GB and 30 days, once it has a place.
    fn default() -> Self {
        Self {
            local: None,
            remote: None,
            mode: Mode::default(),
            max_size: 10_000_000_000,
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            token: None,
            instance: String::new(),
            deadline: Duration::from_secs(10),
            patience: Duration::from_secs(30),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("local", &self.local)
            .field("remote", &self.remote)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
