//! The limits over all queues: how many jobs at once, and how loaded the machine may be.
//!
//! They are asked each time a job could start, that is when jobs were submitted and when one ended,
//! as ninja does: no timer, no thread. With nothing running one job may always start, so that they
//! cannot stop a run for good. Where the load comes from is `os`'s; queues are not known here.

use std::sync::Once;

use crate::SchedulingParams;

/// How many jobs run at once at most, whatever the tokens: each of them has a thread.
const MAX_THREADS: usize = 4096;

/// The limits over all queues.
#[derive(Debug)]
pub(crate) struct Limits {
    max_active: usize,
    max_load: Option<f64>,
    load: fn() -> Option<f64>,
}

impl Limits {
    /// Takes the limits of `params`; `load` tells the load of the machine.
    pub(crate) fn new(params: &SchedulingParams, load: fn() -> Option<f64>) -> Self {
        if params.max_load.is_some() && load().is_none() {
            warn_once();
        }
        let max_active = params.max_active.map_or(MAX_THREADS, |it| it.get() as usize);
        Self { max_active: max_active.min(MAX_THREADS), max_load: params.max_load, load }
    }

    /// Returns whether one more job may start beside those that run and those that are about to.
    pub(crate) fn allow(&self, running: usize, starting: usize) -> bool {
        let active = running + starting;
        active == 0 || (active < self.max_active && !self.is_loaded(starting))
    }

    /// The average lags behind: what is about to start is not in it.
    fn is_loaded(&self, starting: usize) -> bool {
        let Some(max) = self.max_load else { return false };
        let starting = f64::from(u32::try_from(starting).unwrap_or(u32::MAX));
        (self.load)().is_some_and(|load| load + starting >= max)
    }
}

fn warn_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::warn!(target: "walk", "this system does not tell its load, which is not limited");
    });
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    /// Limits on a machine whose load is 2.5.
    fn limits(active: Option<u32>, load: Option<f64>) -> Limits {
        Limits::new(&params(active, load), || Some(2.5))
    }

    fn params(active: Option<u32>, load: Option<f64>) -> SchedulingParams {
        let max_active = active.and_then(NonZeroU32::new);
        SchedulingParams { max_active, max_load: load, ..SchedulingParams::default() }
    }

    #[test]
    fn one_job_may_always_start() {
        assert!(limits(Some(1), Some(0.0)).allow(0, 0));
    }

    #[test]
    fn jobs_that_run_and_that_are_about_to_are_counted() {
        let limits = limits(Some(3), None);
        assert!(limits.allow(2, 0) && limits.allow(0, 2));
        assert!(!limits.allow(2, 1) && !limits.allow(3, 0));
    }

    #[test]
    fn the_load_and_what_is_about_to_add_to_it_are_limited() {
        assert!(!limits(None, Some(2.5)).allow(1, 0));
        assert!(limits(None, Some(3.0)).allow(1, 0));
        assert!(!limits(None, Some(3.0)).allow(1, 1));
        assert!(limits(None, None).allow(1, 100));
    }
    #[test]
    fn a_machine_that_does_not_tell_its_load_is_not_limited() {
        let limits = Limits::new(&params(Some(5), Some(0.0)), || None);
        assert!(limits.allow(4, 0) && limits.allow(1, 3));
        assert!(!limits.allow(5, 0));
    }

    #[test]
    fn there_are_never_more_threads_than_a_process_can_have() {
        assert!(limits(None, None).allow(MAX_THREADS - 1, 0));
        assert!(!limits(Some(u32::MAX), None).allow(MAX_THREADS, 0));
    }
}
