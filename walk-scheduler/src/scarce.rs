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
    mut attempt: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (mut tries, mut pause) = (0, FIRST_PAUSE);
    loop {
        match attempt() {
            Err(refusal) if refusal.is_scarcity && !cx.is_interrupted() => {
                tries = if cx.run().has_children() { 0 } else { tries + 1 };
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
    use std::sync::Arc;

    use rustix::process::getpid;

    use super::*;
    use crate::SchedulingParams;
    use crate::os::Leash;
    use crate::run::Run;

    fn context() -> JobContext {
        let (outbox, _) = crossbeam_channel::unbounded();
        let run = Arc::new(Run::new(&SchedulingParams::default(), outbox));
        JobContext::new(0, 1, Duration::from_secs(3600), run)
    }

    /// Tries, to succeed at the last of `tries`; returns how often it did, and whether it could.
    fn check(cx: &JobContext, is_scarcity: bool, tries: u32) -> (u32, bool) {
        let mut count = 0;
        let result = persist(cx, || {
            count += 1;
            if count == tries { Ok(()) } else { Err(Refusal { text: String::new(), is_scarcity }) }
        });
        (count, result.is_ok())
    }

    #[test]
    fn what_is_scarce_is_asked_for_again_but_not_for_ever() {
        let cx = context();
        assert_eq!(check(&cx, true, 3), (3, true));
        assert_eq!(check(&cx, true, u32::MAX), (TRIES, false));
        assert_eq!(check(&cx, false, 3), (1, false));
    }

    #[test]
    fn as_long_as_others_run_it_is_asked_for_again() {
        let cx = context();
        let (_bell, rope) = Leash::bell().expect("a pipe");
        let leash = Arc::new(Leash::new(getpid(), false, rope));
        cx.run().enlist(&leash);
        assert_eq!(check(&cx, true, TRIES + 2), (TRIES + 2, true));
        cx.run().dismiss(&leash);
        assert_eq!(check(&cx, true, u32::MAX), (TRIES, false));
    }

    #[test]
    fn a_job_that_is_to_stop_asks_no_more() {
        let cx = context();
        cx.run().stop();
        assert_eq!(check(&cx, true, u32::MAX), (1, false));
    }
}
