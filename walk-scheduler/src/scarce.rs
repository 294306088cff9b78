//! Patience with a system that has too little of something: processes, descriptors, memory.
//!
//! What other jobs hold comes back when they end, so a job that cannot start waits as long as
//! others run. What other programs hold may never come back: alone, a job gives up soon. Nothing
//! tells of either, so it tries again and again.

use std::io;
use std::thread;
use std::time::Duration;

use crate::{JobContext, os};

/// How often a job tries while nothing else of its run is there that could end.
const TRIES: u32 = 5;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Why a command could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The reason, for a person to read.
    pub(crate) text: String,
    /// It may be another matter later.
    pub(crate) is_scarcity: bool,
}

impl Refusal {
    /// Describes the refusal of the system that `error` is.
    pub(crate) fn new(text: String, error: &io::Error) -> Self {
        Self { text, is_scarcity: os::is_scarcity(error) }
    }
}

/// Tries until it is refused for good, succeeds, or the job is to stop.
pub(crate) fn persist<T>(
    cx: &JobContext,
    attempt: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    persist_while(|| !cx.is_interrupted(), || cx.run().has_children(), attempt)
}

fn persist_while<T>(
    is_wanted: impl Fn() -> bool,
    has_others: impl Fn() -> bool,
    mut attempt: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (mut tries, mut pause) = (0, FIRST_PAUSE);
    loop {
        match attempt() {
            Err(refusal) if refusal.is_scarcity && is_wanted() => {
                tries = if has_others() { 0 } else { tries + 1 };
                if tries == TRIES {
                    return Err(refusal);
                }
            }
            done => return done,
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is tried what succeeds at the last of `most` times, and whether it succeeds.
    fn check(is_scarcity: bool, others: bool, most: u32) -> (u32, bool) {
        let mut count = 0;
        let attempt = || {
            count += 1;
            let refusal = Refusal { text: String::new(), is_scarcity };
            if count == most { Ok(()) } else { Err(refusal) }
        };
        let is_done = persist_while(|| true, || others, attempt).is_ok();
        (count, is_done)
    }

    #[test]
    fn what_is_scarce_is_asked_for_again_but_not_for_ever() {
        assert_eq!(check(true, false, 3), (3, true));
        assert_eq!(check(true, false, u32::MAX), (TRIES, false));
        assert_eq!(check(false, false, 3), (1, false));
    }

    #[test]
    fn as_long_as_others_run_it_is_asked_for_again() {
        assert_eq!(check(true, true, TRIES + 2), (TRIES + 2, true));
        assert_eq!(check(false, true, 3), (1, false));
    }

    #[test]
    fn a_job_that_is_to_stop_asks_no_more() {
        let mut count = 0;
        let attempt = || {
            count += 1;
            Err::<(), _>(Refusal { text: String::new(), is_scarcity: true })
        };
        assert!(persist_while(|| false, || true, attempt).is_err());
        assert_eq!(count, 1);
    }
}
