//! A store in one `SQLite` file.
//!
//! How the pieces fit, in reading order: [`schema`] holds the tables and what version they are;
//! [`open`] makes a connection, or puts a damaged file aside; [`pairs`] interns the elements of
//! fingerprints, [`scan`] reads everything at once, [`doubt`] says what a loss of power leaves in
//! doubt; [`store`] is the [`Store`] on top of them.
//!
//! Why `SQLite`: one file, readers in other processes while a run writes, nothing lost to
//! `kill -9`, half a millisecond to open, a bounded size. What it does not do is notice a flipped
//! bit inside a value, so every value carries a CRC32 of its key and itself, and a bad one is a
//! missing one. Why interned pairs: an object file's digest is an element of everything that is
//! linked with it; a fingerprint as a list of ids takes a tenth of the room.
//!
//! [`Store`]: crate::Store

mod doubt;
mod open;
mod pairs;
mod scan;
mod schema;
mod store;
mod tables;

#[cfg(test)]
mod tests;

pub use store::SqliteStore;
