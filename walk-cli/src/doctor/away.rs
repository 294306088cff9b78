//! What there is of other machines: a cluster, and a cache of results.

use std::path::Path;

use walk_cache::{Cache, CacheError};
use walk_plan::Plan;
use walk_slurm::{Presence, look_around};

use super::finding::{Finding, ok, warn};
use crate::args::Common;
use crate::away::settings_of_cache;
use crate::project::Project;

/// Returns the plan, if there is one that can be read: whether not is for another check.
pub(super) fn plan(common: &Common) -> Option<Plan> {
    Project::read(common, None).ok().map(|it| it.plan)
}

/// Asks Slurm, if its programs are here; what is missing is a fault only if somebody needs it.
pub(super) fn slurm(plan: Option<&Plan>, common: &Common, scratch: &Path) -> Finding {
    let name = "slurm";
    let queues = plan.map_or_else(Vec::new, |it| it.engines.keys().cloned().collect());
    let is_needed = !queues.is_empty() || common.engine.is_some();
    let wanted = if queues.is_empty() {
        String::new()
    } else {
        format!(", which runs the queue {}", queues.join(", "))
    };
    let finding = if is_needed { warn } else { ok };
    match look_around(&scratch.join(format!("walk-doctor-{}", std::process::id()))) {
        Presence::There { version, partitions } if partitions.is_empty() => {
            finding(name, format!("{version}{wanted}: no partition that you may use"))
        }
        Presence::There { version, partitions } => {
            let shared = if is_needed {
                "; the state has to be on a file system that all nodes share"
            } else {
                ""
            };
            ok(name, format!("{version}{wanted}: {}{shared}", partitions.join(", ")))
        }
        Presence::Silent(why) => finding(name, format!("does not answer{wanted}: {why}")),
        Presence::Absent if is_needed => warn(
            name,
            format!("no sbatch, squeue and scancel here{wanted}: walk on a machine that has them"),
        ),
        Presence::Absent => ok(name, "not here, and nothing asks for it"),
    }
}

/// Says which cache a walk would have, and whether its remote part answers.
pub(super) fn cache(plan: Option<&Plan>, common: &Common) -> Finding {
    let name = "cache";
    let Some(plan) = plan else { return ok(name, "no manifest that says") };
    let settings = match settings_of_cache(common, plan) {
        Ok(Some(settings)) => settings,
        Ok(None) => return ok(name, "off: [cache] in the manifest turns it on"),
        Err(error) => return warn(name, error.to_string()),
    };
    let mut parts = Vec::new();
    parts.extend(settings.local.as_ref().map(|it| format!("{}", it.display())));
    parts.extend(settings.remote.clone());
    let parts = if parts.is_empty() { "nowhere".to_owned() } else { parts.join(" and ") };
    let part = |name: &'static str| move |error| (name, error);
    let tried = Cache::open(settings).map(|it| {
        it.try_local().map_err(part("local")).and_then(|()| it.try_remote().map_err(part("remote")))
    });
    match tried {
        Ok(Ok(())) => ok(name, parts),
        Ok(Err((part, error))) => warn(name, format!("{parts}: the {part} part fails: {error}")),
        Err(error @ CacheError::NotBuilt { .. }) => {
            warn(name, format!("{error}: `cargo install --path walk-cli --features grpc`"))
        }
        Err(error) => warn(name, error.to_string()),
    }
}
