//! The tests of walk-ninja through its public face.

mod building;
mod dyndep;
mod errors;
mod hostile;
mod properties;
mod reading;
mod support;
mod tools;
