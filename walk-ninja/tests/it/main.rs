//! The tests of walk-ninja through its public face.

mod tools;
