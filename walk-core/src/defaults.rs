//! What the hooks of [`Walk`] do unless they are overridden.
//!
//! A provided method of a trait cannot be called from its own override, so each one that
//! does something is a function here, which an override calls to extend it:
//!
//! ```
//! use walk_core::{Action, Decision, Error, Walk, defaults};
//!
//! struct Counting(usize);
//!
//! impl Walk for Counting {
//!     type Data = ();
//!     type Error = Error;
//!
//!     fn create_job(&mut self, _: &Action<'_, ()>) -> Result<Decision, Error> {
//!         Ok(Decision::Done(walk_core::JobStatus::Success))
//!     }
//!
//!     fn get_job(&mut self, action: &Action<'_, ()>) -> Result<Decision, Error> {
//!         self.0 += 1;
//!         defaults::get_job(self, action)
//!     }
//! }
//! ```

use crate::failure::failed_predecessors;
use crate::{Action, Decision, Freshness, JobOutcome, JobStatus, Phase, Requeue, SkipReason, Walk};

/// Compares the fingerprints of `action`: [`Action::freshness`].
#[must_use]
pub fn should_execute_action<D>(action: &Action<'_, D>) -> Freshness {
    action.freshness()
}

/// Decides between failing, skipping and running `action`, as e3's `Walk.get_job`.
///
/// Loads the previous fingerprint and predicts the new one. An action with a failed
/// predecessor is failed with [`JobStatus::ForceFail`], one that is fresh is skipped with
/// [`JobStatus::Skip`], both through [`Walk::create_skipped_job`]; any other gets a job from
/// [`Walk::create_job`].
///
/// # Errors
///
/// Returns the first error of a hook.
pub fn get_job<W: Walk + ?Sized>(
    walk: &mut W,
    action: &Action<'_, W::Data>,
) -> Result<Decision, W::Error> {
    action.set_prev_fingerprint(walk.load_previous_fingerprint(action)?);
    action.set_prediction(walk.compute_fingerprint(action, Phase::Prediction)?);
    if let Some(reason) = failed_predecessors(action) {
        return skip(walk, action, reason, JobStatus::ForceFail);
    }
    match walk.should_execute_action(action) {
        Freshness::Fresh => skip(walk, action, SkipReason::Fresh, JobStatus::Skip),
        Freshness::Dirty(reason) => {
            action.set_dirty_reason(reason);
            walk.create_job(action)
        }
    }
}

fn skip<W: Walk + ?Sized>(
    walk: &mut W,
    action: &Action<'_, W::Data>,
    reason: SkipReason,
    status: JobStatus,
) -> Result<Decision, W::Error> {
    let decision = walk.create_skipped_job(action, &reason, status)?;
    action.set_skip_reason(reason);
    Ok(decision)
}

/// Takes in the end of a job, as e3's `Walk.collect`.
///
/// After a success the final fingerprint is computed and saved, and becomes what successors
/// see. A job that was not ready is queued again if [`Walk::request_requeue`] says so,
/// unless it was told to stop.
///
/// # Errors
///
/// Returns the first error of a hook.
pub fn collect<W: Walk + ?Sized>(
    walk: &mut W,
    action: &Action<'_, W::Data>,
    outcome: &JobOutcome,
) -> Result<Requeue, W::Error> {
    if outcome.status.is_success() {
        save_final(walk, action)?;
    }
    let not_ready = outcome.status == JobStatus::NotReady && outcome.interrupted.is_none();
    if not_ready && walk.request_requeue(action, outcome) {
        return Ok(Requeue::Now);
    }
    Ok(Requeue::No)
}

/// Computes the final fingerprint of `action`, which succeeded, and saves it.
///
/// # Errors
///
/// Returns the first error of a hook.
pub fn save_final<W: Walk + ?Sized>(
    walk: &mut W,
    action: &Action<'_, W::Data>,
) -> Result<(), W::Error> {
    let fingerprint = walk.compute_fingerprint(action, Phase::Final)?;
    walk.save_fingerprint(action, fingerprint.as_ref())?;
    action.set_final(fingerprint);
    Ok(())
}
