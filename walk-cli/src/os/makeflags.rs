//! How many jobs `make` allows, when it runs walk.
//!
//! Only the number is taken. Tokens of make's jobserver are not: they would have to be held
//! by each job while it runs, which is the scheduler's affair.

use std::env;

/// Returns N of `-jN` in `MAKEFLAGS`.
pub(crate) fn jobs_of_make() -> Option<u32> {
    jobs(&env::var("MAKEFLAGS").ok()?)
}

/// The first word may be letters without a dash; `--` ends the flags.
fn jobs(flags: &str) -> Option<u32> {
    let words = flags.split_whitespace().take_while(|it| *it != "--");
    let number = |word: &str| {
        let number = word.strip_prefix("-j").or_else(|| word.strip_prefix("--jobs="))?;
        number.parse().ok().filter(|it| *it > 0)
    };
    words.filter_map(number).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_jobs_is_found() {
        let check = |flags, expected| assert_eq!(jobs(flags), expected, "{flags}");
        check("", None);
        check("kw", None);
        check(" -j4 --jobserver-auth=fifo:/tmp/GMfifo1", Some(4));
        check("k -j8 --jobserver-auth=3,4 -- CC=cc", Some(8));
        check("--jobs=3", Some(3));
        check("-j", None);
        check("-j0", None);
        check("w -- -j4", None);
    }
}
