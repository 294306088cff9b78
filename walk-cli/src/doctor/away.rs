//! What there is of other machines: a cluster, and a cache of results.

use std::collections::BTreeMap;
use std::path::Path;

use walk_cache::{Cache, CacheError};
use walk_plan::Plan;
use walk_slurm::{Presence, look_around};

use super::finding::{Finding, ok, warn};
use crate::args::Common;
use crate::away::settings_of_cache;
use crate::os::{FileSystem, file_system, host};
use crate::project::Project;

/// Returns the plan, if there is one that can be read: whether not is for another check.
pub(super) fn plan(common: &Common) -> Option<Plan> {
    Project::read(common, None).ok().map(|it| it.plan)
}

/// Returns the queues that a cluster runs, and the partition that each asks for.
fn queues(plan: Option<&Plan>, common: &Common) -> BTreeMap<String, Option<String>> {
    let named = plan.into_iter().flat_map(|it| &it.engines);
    let mut queues: BTreeMap<_, _> =
        named.map(|(name, queue)| (name.clone(), queue.partition.clone())).collect();
    if common.engine.is_some() {
        queues.entry("default".into()).or_default();
    }
    queues
}

/// Returns whether anything is to run on a cluster.
pub(super) fn needs_cluster(plan: Option<&Plan>, common: &Common) -> bool {
    !queues(plan, common).is_empty()
}

/// Asks Slurm, if its programs are here; what is missing is a fault only if somebody needs it.
/// `place` is where the state is, or would be.
pub(super) fn slurm(plan: Option<&Plan>, common: &Common, place: &Path, scratch: &Path) -> Finding {
    let name = "slurm";
    let queues = queues(plan, common);
    let is_needed = !queues.is_empty();
    let names: Vec<&str> = queues.keys().map(String::as_str).collect();
    let wanted = if is_needed {
        format!(", which runs the queue {}", names.join(", "))
    } else {
        String::new()
    };
    let finding = if is_needed { warn } else { ok };
    match look_around(&scratch.join(format!("walk-doctor-{}", std::process::id()))) {
        Presence::There { version, partitions, .. } if partitions.is_empty() => {
            finding(name, format!("{version}{wanted}: no partition that you may use"))
        }
        Presence::There { version, partitions, nodes } => {
            let all = partitions.join(", ");
            let wrong = queues.iter().find_map(|(queue, asked)| {
                let what = misfit(asked.as_deref(), &partitions)?;
                Some(format!("{version}: the queue {queue} {what}; there is: {all}"))
            });
            let wrong = wrong.or_else(|| unshared(&nodes, place).filter(|_| is_needed));
            wrong.map_or_else(|| ok(name, format!("{version}{wanted}: {all}")), |it| warn(name, it))
        }
        Presence::Silent(why) => finding(name, format!("does not answer{wanted}: {why}")),
        Presence::Absent if is_needed => warn(
            name,
            format!("no sbatch, squeue and scancel here{wanted}: walk on a machine that has them"),
        ),
        Presence::Absent => ok(name, "not here, and nothing asks for it"),
    }
}

/// Returns what is wrong with the partitions that are `asked` for, if anything is.
fn misfit(asked: Option<&str>, partitions: &[String]) -> Option<String> {
    let names = || partitions.iter().filter_map(|it| it.split(' ').next());
    match asked {
        None if names().any(|it| it.ends_with('*')) => None,
        None => Some("names no partition, and no partition is the default".into()),
        Some(asked) => {
            let is_there = |one: &str| names().any(|it| it.trim_end_matches('*') == one);
            let missing = asked.split(',').find(|it| !is_there(it))?;
            Some(format!("asks for the partition `{missing}`, which is not there for you"))
        }
    }
}

/// Says so if there are nodes elsewhere, and the state is where they do not see it.
fn unshared(nodes: &[String], place: &Path) -> Option<String> {
    let own = host();
    let is_here = |it: &&String| {
        it.starts_with("127.")
            || **it == "localhost"
            || it.split('.').next() == own.split('.').next()
    };
    let elsewhere = nodes.iter().find(|it| !is_here(it))?;
    let is_alone = matches!(file_system(place), FileSystem::Local | FileSystem::Memory);
    is_alone.then(|| {
        format!(
            "{} is on a file system of this machine, as far as can be seen from here: nodes such as \
             {elsewhere} have to see it under the same path",
            place.display()
        )
    })
}

/// Says which cache a walk would have, and whether its remote part answers.
pub(super) fn cache(plan: Option<&Plan>, common: &Common) -> Finding {
    let name = "cache";
    let Some(plan) = plan else { return ok(name, "no manifest that says") };
    let settings = match settings_of_cache(common, plan) {
        Ok(Some(settings)) if plan.env.secret.is_empty() => settings,
        Ok(None) if plan.cache.is_some() => return ok(name, "off, as --cache or WALK_CACHE says"),
        Ok(None) => return ok(name, "off: [cache] in the manifest turns it on"),
        Ok(Some(_)) => {
            let secrets = plan.env.secret.join(", ");
            return warn(name, format!("nothing is kept: `[env] secret` has {secrets}"));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// It was taken for a good one as long as Slurm answered.
    #[test]
    fn a_partition_that_is_not_there_is_found() {
        let partitions = ["main* up 3 idle", "gpu up 1 mixed"].map(String::from);
        assert_eq!(misfit(None, &partitions), None);
        assert_eq!(misfit(Some("gpu,main"), &partitions), None);
        let wrong = misfit(Some("gpu,mian"), &partitions).expect("there is none");
        assert!(wrong.contains("`mian`"), "{wrong}");
        assert!(misfit(None, &partitions[1..]).is_some(), "no default");
    }

    #[test]
    fn a_state_of_this_machine_is_said_if_there_are_others() {
        let nodes = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            unshared(&nodes(&["127.0.0.1", "localhost", &host()]), Path::new("/proc")),
            None
        );
        let wrong = unshared(&nodes(&["127.0.0.1", "node-of-another-name"]), Path::new("/proc"));
        assert!(wrong.is_some_and(|it| it.contains("node-of-another-name")));
    }
}
