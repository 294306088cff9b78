//! The contract of the crate, through its public interface only.
fn main() {}
