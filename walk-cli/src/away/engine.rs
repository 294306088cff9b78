//! Gives a walk the engines that its queues name.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use walk_core::{Dag, Interrupt, JobContext, Work as _};
use walk_plan::{ActionId, CommandWalk, Engine, Errand, SharedEngine, StateDir, Trip};
use walk_slurm::{Cluster, Settings};

use super::NAME;
use crate::error::{CliError, Result};

/// Gives `walk` the engines that it needs, and has what an earlier walk left running elsewhere
/// stopped, unless this one may take it over.
pub(super) fn prepare(
    walk: &mut CommandWalk,
    dag: &Dag<ActionId>,
    interrupt: &Interrupt,
) -> Result<()> {
    let directory = walk.state().path().join("slurm");
    let is_needed = dag.vertices().any(|it| walk.is_away(dag[it]));
    if !is_needed && !Cluster::has_left(&directory) {
        return Ok(());
    }
    let cluster = Cluster::open(settings(directory)?)?;
    let actions = walk.plan().actions.len();
    let away = (0..actions).map(ActionId::new).filter(|it| walk.is_away(*it));
    let known: HashMap<&str, ActionId> =
        away.map(|it| (&*walk.plan().actions[it.index()].name, it)).collect();
    // What writes other files than its action does by now would write those of others.
    let kept = |name: &str, outputs: &[&Path]| {
        known.get(name).is_some_and(|it| walk.writes(*it).eq(outputs.iter().copied()))
    };
    let touched = OnceCell::new();
    let concern = |path: &Path| touched.get_or_init(|| Touched::by(walk, dag)).overlaps(path);
    cluster.settle(kept, concern, || interrupt.is_triggered())?;
    if is_needed {
        walk.set_engine("slurm", SharedEngine::new(Slurm(cluster)));
    }
    Ok(())
}

/// Stops all that earlier walks left running elsewhere, and returns how many attempts that were;
/// if it `is_dry`, they are only counted.
pub(crate) fn stop_left(state: &StateDir, is_dry: bool) -> Result<usize> {
    let directory = state.path().join("slurm");
    if !Cluster::has_left(&directory) {
        return Ok(0);
    }
    let cluster = Cluster::open(settings(directory)?)?;
    let left = cluster.left();
    if !is_dry {
        cluster.settle(|_, _| false, |_| true, || false)?;
    }
    Ok(left)
}

/// The files that the actions of a walk read or write.
struct Touched<'a>(BTreeSet<&'a Path>);

impl<'a> Touched<'a> {
    fn by(walk: &'a CommandWalk, dag: &Dag<ActionId>) -> Self {
        let files = |id: ActionId| walk.reads(id).chain(walk.writes(id));
        Self(dag.vertices().flat_map(|it| files(dag[it])).collect())
    }

    /// Returns whether `path` is one of them, holds one, or is in one.
    fn overlaps(&self, path: &Path) -> bool {
        let next = self.0.range(path..).next();
        next.is_some_and(|it| it.starts_with(path))
            || path.ancestors().any(|it| self.0.contains(it))
    }
}

fn settings(directory: PathBuf) -> Result<Settings> {
    let own = env::current_exe().map_err(|source| CliError::File {
        verb: "find",
        path: "/proc/self/exe".into(),
        source,
    })?;
    let directory = std::path::absolute(&directory).map_err(|source| CliError::File {
        verb: "find",
        path: directory,
        source,
    })?;
    let mut settings = Settings::new(directory, vec![own.into(), NAME.into()]);
    settings.poll = duration("WALK_SLURM_POLL", "50ms")?.unwrap_or(settings.poll);
    // A runner is heard of once a second.
    settings.lease = duration("WALK_SLURM_LEASE", "2s")?.unwrap_or(settings.lease);
    Ok(settings)
}

/// Reads a duration of `least` or more from the environment.
fn duration(name: &str, least: &str) -> Result<Option<Duration>> {
    let Some(text) = env::var_os(name).filter(|it| !it.is_empty()) else { return Ok(None) };
    let text = text.to_string_lossy();
    match humantime::parse_duration(&text) {
        Ok(it) if humantime::parse_duration(least).is_ok_and(|least| it >= least) => Ok(Some(it)),
        _ => Err(CliError::Usage(format!(
            "{name}={text}: expected a duration of {least} or more, such as 3s"
        ))),
    }
}

/// Slurm, as a walk of a plan knows engines.
struct Slurm(Cluster);

impl Engine for Slurm {
    fn run(&self, errand: Errand, cx: &JobContext) -> Trip {
        let mut task = self.0.task(translated(errand));
        let mut trip = Trip::new(task.run(cx));
        (trip.began, trip.ran) = (task.taken_over(), task.ran());
        trip
    }

    fn has_left(&self, name: &str) -> bool {
        self.0.has_left_of(name)
    }
}

fn translated(errand: Errand) -> walk_slurm::Errand {
    let mut to = walk_slurm::Errand::new(errand.name, errand.words, errand.root, errand.output);
    to.key = errand.key;
    to.directory = errand.directory;
    to.env = errand.env;
    to.outputs = errand.outputs;
    to.timeout = errand.timeout;
    to.tells_timeout = errand.has_timeout;
    to.grace = errand.grace;
    to.partition = errand.queue.partition;
    to.cpus = errand.needs.cpus;
    to.mem = errand.needs.mem;
    to.args = errand.queue.args;
    to.args.extend(errand.needs.slurm);
    to
}
