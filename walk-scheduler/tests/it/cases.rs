//! Random cases: how many, from which seed, and how to repeat those that failed.
//!
//! `WALK_CASES` is the number of cases of each property, in place of its own; `WALK_SEED` is where
//! they begin, in place of a new seed each time. A failure names both, and the smallest case found.

use std::env;
use std::hash::{BuildHasher, RandomState};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestRunner};

/// Tries `test` on so many cases; if one fails, on smaller ones, as long as that tells more.
pub(crate) fn prove<S: Strategy>(
    cases: u32,
    shrinks: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let seed = number("WALK_SEED").unwrap_or_else(|| RandomState::new().hash_one(()));
    let cases = number("WALK_CASES").map_or(cases, |it| u32::try_from(it).unwrap_or(u32::MAX));
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: shrinks,
        max_shrink_time: 60_000,
        // ChaCha takes most of the time of a test that is not optimised.
        rng_algorithm: RngAlgorithm::XorShift,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    if let Err(error) = TestRunner::new(config).run(strategy, test) {
        panic!("{error}\nrepeat with WALK_SEED={seed} WALK_CASES={cases}");
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
