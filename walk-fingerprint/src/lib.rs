//! What a result was made of: fingerprints, file digests and the store that remembers them.
//!
//! Three layers, each usable without the ones after it:
//!
//! 1. A [`Fingerprint`] is a sorted set of named elements. Two of them are equal, or [`Diff`]
//!    says element by element how they are not.
//! 2. A [`DigestCache`] answers what is in a file at the price of a `stat`, because it remembers
//!    the digest of every file that it has read once. [`observe`] and [`hash_file`] do the same
//!    without a memory.
//! 3. A [`Store`] keeps fingerprints, notes and digests from one run to the next: in memory for
//!    tests and embedders ([`MemoryStore`]), or in a file that survives `kill -9`
//!    ([`SqliteStore`]).
//!
//! This crate does not know graphs, jobs or when a fingerprint is compared: it says what changed,
//! and others decide what to do about it.
//!
//! One rule holds everywhere: **what cannot be verified is missing**. A damaged record, a foreign
//! file, another version, a digest whose file may have changed within the clock's tick: none of
//! them is an error, none of them is believed, the work is done again.
//!
//! ```
//! use walk_fingerprint::{Fingerprint, MemoryStore, Store};
//!
//! let mut store = MemoryStore::new();
//! let mut before = Fingerprint::new();
//! before.add("command", "cc -c a.c");
//! store.save_fingerprint("a.o", Some(&before))?;
//!
//! let mut now = before.clone();
//! now.add("command", "cc -O2 -c a.c");
//! let previous = store.load_fingerprint("a.o")?.expect("saved above");
//! let diff = now.diff(&previous);
//! assert_eq!(diff.updated[0].name.as_ref(), "command");
//! # Ok::<(), walk_fingerprint::StoreError>(())
//! ```

mod checksum;
mod diff;
mod fingerprint;
mod saved;

mod cache;
mod hash;
mod observe;
mod replace;
mod snapshot;
mod stamp;
mod tree;

mod memory;
mod sqlite;
mod store;

mod codec;
mod os;

#[cfg(fuzzing)]
pub mod fuzzing;
mod pool;

pub use cache::{DigestCache, DigestRow, KnownDigest};
pub use checksum::{Checksum, ParseChecksumError};
pub use diff::{Diff, Update};
pub use fingerprint::{Fingerprint, Value};
pub use hash::{hash_file, hash_files};
pub use memory::MemoryStore;
pub use observe::{Depth, FileState, Observed, observe, observe_to};
pub use replace::{crc32, replace_file};
pub use snapshot::{Pictured, Snapshot};
pub use sqlite::SqliteStore;
pub use stamp::{FileKind, FileStamp};
pub use store::{Store, StoreError};
pub use tree::hash_dir;
