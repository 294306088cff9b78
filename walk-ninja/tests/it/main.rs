//! The tests of walk-ninja through its public face.

mod building;
mod tools;
