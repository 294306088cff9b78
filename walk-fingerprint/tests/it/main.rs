//! The behaviour of the crate, through what it exports.

mod cache;
mod crash;
mod e3_fingerprint_test;
mod fingerprint;
mod hash;
mod logged;
mod properties;
mod saved;
mod sqlite;
mod store;
