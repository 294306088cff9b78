//! Named checks, one after the other, each with the facts that it measured.
//!
//! It does not know what is checked; a check that fails does not stop the next.

use anyhow::Result;

/// Counts checks and prints a line for each.
#[derive(Default)]
pub(crate) struct Checks {
    passed: usize,
    failed: usize,
}

impl Checks {
    /// Prints the facts that the check measured, or why it failed.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<String>) {
        match check() {
            Ok(facts) => {
                self.passed += 1;
                println!("ok      {name}: {facts}");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED  {name}: {error:#}");
            }
        }
    }

    pub(crate) fn all_passed(&self) -> bool {
        self.failed == 0
    }
}

impl std::fmt::Display for Checks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_does_not_stop_the_next() {
        let mut checks = Checks::default();
        checks.check("one", || anyhow::bail!("no"));
        checks.check("two", || Ok("3 of 4".to_owned()));
        assert_eq!((checks.to_string(), checks.all_passed()), ("1 passed, 1 failed".into(), false));
    }
}
