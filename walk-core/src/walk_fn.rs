//! The closure form of [`Walk`], for graphs without fingerprints.

use std::fmt;
use std::marker::PhantomData;

use crate::{Action, Decision, Error, SchedulingParams, Walk};

/// A walk that asks a closure what to run for each action; see [`walk_fn`].
pub struct FnWalk<D, F> {
    create_job: F,
    params: SchedulingParams,
    data: PhantomData<fn(&D)>,
}

/// Makes a walk of a closure that says what to run for each action.
///
/// Every action is executed, after those that it depends on.
///
/// ```
/// use walk_core::{Dag, JobStatus, run, walk_fn};
///
/// let mut dag = Dag::builder();
/// dag.add_vertex("only", (), [""; 0]);
/// let report = run(&mut walk_fn(|_| JobStatus::Success.into()), &dag.build()?)?;
/// assert_eq!(report.status("only"), Some(JobStatus::Success));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn walk_fn<D, F: FnMut(&Action<'_, D>) -> Decision>(create_job: F) -> FnWalk<D, F> {
    FnWalk { create_job, params: SchedulingParams::default(), data: PhantomData }
}

impl<D, F> FnWalk<D, F> {
    /// Sets the limits within which jobs run.
    #[must_use]
    pub fn with_params(mut self, params: SchedulingParams) -> Self {
        self.params = params;
        self
    }
}

impl<D, F: FnMut(&Action<'_, D>) -> Decision> Walk for FnWalk<D, F> {
    type Data = D;
    type Error = Error;

    fn create_job(&mut self, action: &Action<'_, D>) -> Result<Decision, Error> {
        Ok((self.create_job)(action))
    }

    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        params.clone_from(&self.params);
    }
}

impl<D, F> fmt::Debug for FnWalk<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnWalk").field("params", &self.params).finish_non_exhaustive()
    }
}
