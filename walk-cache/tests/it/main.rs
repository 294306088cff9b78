//! The cache from outside: keys, round trips, damage, limits, and servers.

mod damage;
mod keys;
mod kit;
mod limits;
mod round_trip;
#[cfg(feature = "grpc")]
mod server;
#[cfg(feature = "grpc")]
mod servers;
