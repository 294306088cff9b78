//! Counts what passed and what failed, from the text that test binaries print.
//!
//! The closing line of the standard harness is stable enough to be parsed; its JSON is not.

use std::fmt;
use std::ops::AddAssign;

/// How many tests or steps passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    /// One thing that passed or failed.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: usize::from(passed), failed: usize::from(!passed) }
    }

    /// The sum over all closing lines of test binaries in `output`.
    pub(crate) fn of_tests(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            tally += closing_line(line).unwrap_or_default();
        }
        tally
    }

    /// The counts of the last line of a script, `20 passed, 0 failed`; none of another line.
    pub(crate) fn of_script(output: &str) -> Self {
        let counts = output.trim_end().lines().next_back().and_then(|line| {
            let (passed, failed) = line.split_once(" passed, ")?;
            let failed = failed.strip_suffix(" failed")?;
            Some(Self { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
        });
        counts.unwrap_or_default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The counts of `test result: ok. 3 passed; 0 failed; 0 ignored; ...`.
fn closing_line(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |what: &str| {
        let mut parts = counts.split("; ").filter_map(|part| part.split_once(' '));
        parts.find(|(_, word)| *word == what)?.0.parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: usize, failed: usize) {
        assert_eq!(Tally::of_tests(output), Tally { passed, failed });
    }

    #[test]
    fn closing_lines_are_summed() {
        let ok = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; finished in 0.01s";
        let bad = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured";
        check(&format!("running 12 tests\n{ok}\n\nrunning 5 tests\n{bad}\n"), 15, 2);
    }

    #[test]
    fn other_lines_count_nothing() {
        check("3 passed; 1 failed\nresult: ok. 3 passed; 1 failed\ntest result: ok\n", 0, 0);
    }

    #[test]
    fn the_last_line_of_a_script_counts() {
        let of = |output: &str| Tally::of_script(output);
        assert_eq!(of("ok a\n20 passed, 1 failed\n"), Tally { passed: 20, failed: 1 });
        assert_eq!(of("20 passed, 1 failed\nTraceback"), Tally::default());
        assert_eq!(of(""), Tally::default());
    }

    #[test]
    fn the_sum_reads_like_a_test_runner() {
        let mut tally = Tally::of_tests("test result: ok. 2 passed; 0 failed; 0 ignored");
        tally += Tally::one(true);
        tally += Tally::one(false);
        assert_eq!(tally.to_string(), "3 passed, 1 failed");
    }
}
