//! The behaviour of the crate, through what it exports.
