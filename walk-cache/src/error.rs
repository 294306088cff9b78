//! Settings that cannot be meant. Whatever goes wrong later is a miss.

/// A cache that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The remote part is none that there is.
    #[error(
        "`{given}` is no cache: expected file:///a/directory, grpc://host:port or grpcs://host:port"
    )]
    Remote {
        /// What was given.
        given: String,
    },
    /// The remote part needs what was not built in.
    #[error("`{given}` needs a walk that was built with `--features grpc`")]
    NotBuilt {
        /// What was given.
        given: String,
    },
    /// The file with the credentials cannot be read.
    #[error("cannot read credentials from `{}`: {source}", path.display())]
    Credentials {
        /// The file.
        path: std::path::PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A token that no server could be sent.
    #[error("the token for the cache is empty, or has characters that no header may have")]
    Token,
    /// Nobody says where the local part is to be.
    #[error("no place for the local cache: set XDG_CACHE_HOME or HOME, or `local = false`")]
    NoHome,
}
