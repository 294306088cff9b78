//! What a user says of its actions.
//!
//! The trait knows nothing of the loop that drives it, and holds no default behaviour of
//! its own: each provided method calls the function of [`defaults`] with its name, so that
//! an override can call it too. The hooks are those of e3's `Walk` class; what the class
//! keeps in attributes (`job_status`, `prev_fingerprints`, ...) is seen through [`Action`].

use crate::{
    Action, Decision, Error, Event, Fingerprint, Freshness, Job, JobOutcome, JobStatus, Phase,
    Requeue, SchedulingParams, SkipReason, defaults,
};

/// What to do with each action of a graph.
///
/// Only [`create_job`](Self::create_job) has to be written; as they are, the other methods
/// run every action every time, one after the other. [`run`](crate::run) calls them all,
/// one at a time, on the thread that it is called on: an implementation needs no locks.
///
/// An error returned by any method stops the run: what runs is told to stop and collected,
/// and [`run`](crate::run) returns the error.
pub trait Walk {
    /// What a vertex of the graph carries.
    type Data;

    /// What a method fails with.
    type Error: From<Error>;

    /// Returns what to run for `action`, which has to be executed.
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn create_job(&mut self, action: &Action<'_, Self::Data>) -> Result<Decision, Self::Error>;

    /// Changes the limits within which jobs run.
    ///
    /// By default there is one queue, `default`, of one token, and a job may run for 24
    /// hours (e3's `DEFAULT_JOB_MAX_DURATION`).
    fn set_scheduling_params(&self, params: &mut SchedulingParams) {
        let _ = params;
    }

    /// Computes the fingerprint of `action`, or `None` if it keeps none.
    ///
    /// In [`Phase::Prediction`] the job has not run; `None` means that nothing can be known
    /// before it has, and the action is executed. In [`Phase::Final`] it succeeded, and the
    /// answer is what gets saved and what successors see; `None` means that the result is
    /// not to be trusted by a later run. By default always `None`.
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn compute_fingerprint(
        &mut self,
        action: &Action<'_, Self::Data>,
        phase: Phase,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        let _ = (action, phase);
        Ok(None)
    }

    /// Returns the fingerprint saved when `action` last succeeded; by default `None`.
    ///
    /// One that cannot be read is a missing one, not an error.
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn load_previous_fingerprint(
        &mut self,
        action: &Action<'_, Self::Data>,
    ) -> Result<Option<Fingerprint>, Self::Error> {
        let _ = action;
        Ok(None)
    }

    /// Saves the fingerprint of `action`, or forgets it if `None`; by default does nothing.
    ///
    /// It is forgotten just before the job starts, and saved after it succeeded. What was
    /// saved or forgotten need not be durable before [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn save_fingerprint(
        &mut self,
        action: &Action<'_, Self::Data>,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), Self::Error> {
        let _ = (action, fingerprint);
        Ok(())
    }

    /// Makes durable what [`save_fingerprint`](Self::save_fingerprint) was told since the
    /// last call; by default does nothing.
    ///
    /// Called before a group of jobs starts, before the run blocks, and at its end, and
    /// only if something was saved or forgotten. With it a store can write in groups.
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn commit(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Decides whether the result of `action` is up to date: by default
    /// [`Action::freshness`].
    fn should_execute_action(&mut self, action: &Action<'_, Self::Data>) -> Freshness {
        defaults::should_execute_action(action)
    }

    /// Returns what stands for `action`, which is not to be executed: by default nothing is
    /// run, and `status` is its status.
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn create_skipped_job(
        &mut self,
        action: &Action<'_, Self::Data>,
        reason: &SkipReason,
        status: JobStatus,
    ) -> Result<Decision, Self::Error> {
        let _ = (action, reason);
        Ok(Decision::Done(status))
    }

    /// Returns true if the job of `action`, which was not ready, should be queued again; by
    /// default false.
    fn request_requeue(&mut self, action: &Action<'_, Self::Data>, outcome: &JobOutcome) -> bool {
        let _ = (action, outcome);
        false
    }

    /// Decides between failing, skipping and running `action`: by default
    /// [`defaults::get_job`].
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn get_job(&mut self, action: &Action<'_, Self::Data>) -> Result<Decision, Self::Error> {
        defaults::get_job(self, action)
    }

    /// Takes in the end of a job: by default [`defaults::collect`].
    ///
    /// # Errors
    ///
    /// An error stops the run.
    fn collect(
        &mut self,
        action: &Action<'_, Self::Data>,
        outcome: &JobOutcome,
    ) -> Result<Requeue, Self::Error> {
        defaults::collect(self, action, outcome)
    }

    /// Sets how urgent the jobs are that were decided in one turn, before they are queued; by
    /// default they stay as [`create_job`](Self::create_job) made them.
    ///
    /// Among jobs of the same queue and priority the [most urgent](Job::urgency) starts first.
    /// Jobs are seen here once, and only if order can make a difference: one that is alone in
    /// the run is not. So whatever it costs to know how long things take is not spent on a run
    /// that has nothing to choose. Where it costs nothing, `create_job` can as well say it:
    ///
    /// ```
    /// use walk_core::{Dag, Job, JobContext, JobStatus, run, walk_fn};
    ///
    /// let mut dag = Dag::builder();
    /// dag.add_vertex("lint", 200, [""; 0]); // milliseconds
    /// dag.add_vertex("compile", 600, [""; 0]);
    /// dag.add_vertex("link", 600, ["compile"]);
    /// let dag = dag.build()?;
    /// let paths = dag.critical_paths(|it| dag[it]);
    ///
    /// let mut walk = walk_fn(|action| {
    ///     let job = Job::new(|_: &JobContext| JobStatus::Success);
    ///     job.urgency(paths[action.vertex().index()]).into() // `compile` is first: 1200
    /// });
    /// assert!(run(&mut walk, &dag)?.is_success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn prioritize(&mut self, jobs: &mut [(Action<'_, Self::Data>, Job)]) {
        let _ = jobs;
    }

    /// Hears of what happens, in order; by default does nothing.
    fn on_event(&mut self, event: &Event<'_, Self::Data>) {
        let _ = event;
    }
}
