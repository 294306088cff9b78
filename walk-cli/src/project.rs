//! The manifest that the command line means, its state directory, and the lock.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use walk_plan::{
    CommandWalk, Held, Loaded, Lock, Options, Overrides, Plan, Source, StateDir, WalkError,
};

use walk_ninja::{Build, BuildError, Frame};

use crate::args::Common;
use crate::error::{CliError, Result};
use crate::os::{is_alive, is_ancestor};

/// What a command works on.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) plan: Plan,
    pub(crate) state: StateDir,
    /// The actions that make the manifest itself, by name.
    pub(crate) makers: Vec<Arc<str>>,
    source: Source,
    overrides: Overrides,
    /// The lock and the state, if they could be had while the manifest was read.
    early: Option<(Lock, Loaded)>,
}

impl Project {
    /// Reads the manifest that `common` names, or the one in the directory.
    pub(crate) fn read(common: &Common, jobs: Option<u32>) -> Result<Self> {
        match ninja(common, jobs)? {
            Some(frame) => Self::of_ninja(common, frame),
            None => Self::of(common, source(common)?, overrides(common, jobs)),
        }
    }

    /// Reads a manifest of ninja, to be asked about.
    fn of_ninja(common: &Common, frame: Frame) -> Result<Self> {
        let source = Source::File(frame.root.join(&frame.manifest));
        let build = Build::new(frame).map_err(BuildError::from)?;
        let state = state_of_ninja(common, &build);
        let makers = build.manifest_actions();
        let (plan, overrides) = (build.into_plan()?, Overrides::default());
        Ok(Self { plan, state, makers, source, overrides, early: None })
    }

    fn of(common: &Common, source: Source, overrides: Overrides) -> Result<Self> {
        let plan = Plan::read(&source, &overrides)?;
        let state = state_dir(common, &plan.root);
        Ok(Self { plan, state, makers: Vec::new(), source, overrides, early: None })
    }

    /// Reads the manifest and, beside it, the state, if there is one and nobody has the lock:
    /// with nothing to do, these two are most of a walk.
    pub(crate) fn read_with_state(
        common: &Common,
        jobs: Option<u32>,
        command: &str,
    ) -> Result<Self> {
        let (source, overrides) = (source(common)?, overrides(common, jobs));
        let root = match &source {
            Source::File(path) => path.parent().unwrap_or(Path::new("")),
            Source::Stdin { root, .. } => root,
        };
        let state = state_dir(common, root);
        let who = introduce(std::process::id(), command, SystemTime::now());
        let lock = match state.exists().then(|| state.try_lock(&who)).transpose()? {
            Some(Held::Ours(lock)) => lock,
            Some(Held::By(_)) | None => return Self::of(common, source, overrides),
        };
        let (plan, loaded) = std::thread::scope(|scope| {
            let loading = std::thread::Builder::new().spawn_scoped(scope, || state.load());
            let plan = Plan::read(&source, &overrides);
            // Without a second thread, one after the other.
            let loaded =
                loading.map_or_else(|_| Ok(state.load()), std::thread::ScopedJoinHandle::join);
            (plan, loaded)
        });
        let loaded = loaded.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (plan, loaded) = (plan?, loaded?);
        let early = Some((lock, loaded));
        Ok(Self { plan, state, makers: Vec::new(), source, overrides, early })
    }

    /// Opens the state to walk; the caller has the lock.
    pub(crate) fn open(self, mut loaded: Option<Loaded>, options: &Options) -> Result<CommandWalk> {
        self.open_with(|plan, state| match loaded.take() {
            Some(it) => CommandWalk::with_loaded(plan, state, it, options.clone()),
            None => CommandWalk::open(plan, state, options.clone()),
        })
    }

    /// Opens the state to look at it: no lock, no file is made, nothing is executed.
    pub(crate) fn open_dry(self, options: &Options) -> Result<CommandWalk> {
        self.open_with(|plan, state| CommandWalk::open_dry(plan, state, options.clone()))
    }

    /// Opens the state to clean up, with the manifest as it was read: what is left of actions that
    /// are gone may be wrong in it, and is to be removed.
    pub(crate) fn open_to_clean(self, is_dry: bool) -> Result<CommandWalk> {
        let options = Options::default();
        let Self { plan, state, .. } = self;
        Ok(if is_dry {
            CommandWalk::open_dry(plan, state, options)?
        } else {
            CommandWalk::open(plan, state, options)?
        })
    }

    /// Opens the state; if a wildcard took what is left of an action that is gone for a
    /// source, which only the state tells, the manifest is read again without it.
    fn open_with(
        mut self,
        mut open: impl FnMut(Plan, StateDir) -> std::result::Result<CommandWalk, WalkError>,
    ) -> Result<CommandWalk> {
        let mut walk = open(self.plan, self.state.clone())?;
        self.overrides.leftovers = walk.leftovers()?;
        if self.overrides.leftovers.is_empty() {
            return Ok(walk);
        }
        for path in &self.overrides.leftovers {
            log::info!(
                "{} is left of an action that is gone: walk clean removes it",
                path.display()
            );
        }
        drop(walk);
        Ok(open(Plan::read(&self.source, &self.overrides)?, self.state)?)
    }

    /// Takes the lock; while another walk has it, waits for it, and says so once. What was
    /// read before the wait is read again: it may have changed.
    pub(crate) fn lock(
        &mut self,
        common: &Common,
        command: &str,
    ) -> Result<(Lock, Option<Loaded>)> {
        if let Some((lock, loaded)) = self.early.take() {
            return Ok((lock, Some(loaded)));
        }
        let (lock, has_waited) = take_lock(&self.state, common, command)?;
        if has_waited {
            self.plan = Plan::read(&self.source, &self.overrides)?;
        }
        Ok((lock, None))
    }
}

/// Takes the lock; while another walk has it, waits for it, and says so once. Returns whether
/// it did: what was read before may have changed.
pub(crate) fn take_lock(state: &StateDir, common: &Common, command: &str) -> Result<(Lock, bool)> {
    state.create()?;
    let who = introduce(std::process::id(), command, SystemTime::now());
    match state.try_lock(&who)? {
        Held::Ours(lock) => Ok((lock, false)),
        Held::By(holder) if is_outer(&holder) => Err(CliError::Inside(holder)),
        Held::By(holder) if common.no_wait => Err(CliError::Locked(holder)),
        Held::By(holder) => {
            say_waiting(&holder);
            Ok((state.lock(&who)?, true))
        }
    }
}

/// Says on stderr whom a lock is waited for: a walk, or what one left running that was killed.
pub(crate) fn say_waiting(holder: &str) {
    let _ = match pid_of(holder) {
        Some(pid) if !is_alive(pid) => {
            writeln!(
                io::stderr(),
                "waiting for the commands of walk ({holder}), which was killed ..."
            )
        }
        _ => writeln!(io::stderr(), "waiting for walk ({holder}) ..."),
    };
}

/// Returns whether the holder of a lock is a walk that started this one: to wait for it would be
/// to wait for ever.
pub(crate) fn is_outer(holder: &str) -> bool {
    pid_of(holder).is_some_and(is_ancestor)
}

/// Returns the process in `pid 12: walk run, since ...`.
pub(crate) fn pid_of(holder: &str) -> Option<u32> {
    holder.strip_prefix("pid ")?.split(':').next()?.parse().ok()
}

/// Returns what to read if the manifest is one of ninja: it is called so, or there is no other.
pub(crate) fn ninja(common: &Common, jobs: Option<u32>) -> Result<Option<Frame>> {
    let dir = common.at(Path::new(""));
    let path = match &common.file {
        Some(file) => common.at(file),
        None if Plan::find(&dir).is_some() => return Ok(None),
        None => dir.join("build.ninja"),
    };
    if path.extension().is_none_or(|it| it != "ninja") || !path.is_file() {
        return Ok(None);
    }
    if let Some((name, _)) = common.set.first() {
        let wrong = format!("--set {name}: a manifest of ninja has no variables to be set");
        return Err(CliError::Usage(wrong));
    }
    let full = std::path::absolute(&path).map_err(|source| CliError::File {
        verb: "find",
        path: path.clone(),
        source,
    })?;
    let (root, name) = (full.parent().unwrap_or(&full), full.file_name().unwrap_or_default());
    let mut frame = Frame::new(root, name);
    let cpus = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let at_once = |_| walk_plan::EngineQueue::TOKENS;
    let here = || u32::try_from(cpus()).unwrap_or(u32::MAX);
    frame.jobs = jobs.or(common.engine.map(at_once)).unwrap_or_else(here);
    Ok(Some(frame))
}

/// Returns where the state is: a manifest of ninja may say that, and is read; another is not.
pub(crate) fn state(common: &Common) -> Result<StateDir> {
    if let Some(frame) = ninja(common, None)? {
        return Ok(state_of_ninja(common, &Build::new(frame).map_err(BuildError::from)?));
    }
    match manifest(common) {
        Some(path) if common.file.is_some() || path.exists() => Ok(state_beside(common, &path)),
        Some(_) => Err(no_manifest(&common.at(Path::new("")))),
        None => Ok(state_dir(common, &common.at(Path::new("")))),
    }
}

/// Returns where the state of a manifest of ninja is.
pub(crate) fn state_of_ninja(common: &Common, build: &Build) -> StateDir {
    StateDir::new(common.state_dir.as_ref().map_or_else(|| build.state_dir(), |it| common.at(it)))
}

/// Returns the file that is the manifest, if it is one.
pub(crate) fn manifest(common: &Common) -> Option<PathBuf> {
    let dir = common.at(Path::new(""));
    match &common.file {
        Some(file) if file == Path::new("-") => None,
        Some(file) => Some(common.at(file)),
        None => Plan::find(&dir).or_else(|| Some(dir.join("build.ninja"))),
    }
}

/// Returns where the state is, if the manifest at `path` does not say otherwise.
pub(crate) fn state_beside(common: &Common, path: &Path) -> StateDir {
    state_dir(common, path.parent().unwrap_or(Path::new("")))
}

fn overrides(common: &Common, jobs: Option<u32>) -> Overrides {
    let engine = common.engine.map(|it| it.name().to_owned());
    Overrides { vars: common.set.clone(), jobs, engine, ..Overrides::default() }
}

fn state_dir(common: &Common, root: &Path) -> StateDir {
    StateDir::new(common.state_dir.as_ref().map_or_else(|| root.join(".walk"), |it| common.at(it)))
}

fn source(common: &Common) -> Result<Source> {
    let dir = common.at(Path::new(""));
    match &common.file {
        Some(file) if file == Path::new("-") => from_stdin(&dir),
        Some(file) => named(common.at(file)),
        None => match Plan::find(&dir) {
            Some(manifest) => Ok(Source::File(manifest)),
            None => Err(no_manifest(&dir)),
        },
    }
}

/// Refuses what nobody reads by its name; what is not there is refused by who reads it.
fn named(path: PathBuf) -> Result<Source> {
    let is_known = path
        .extension()
        .is_some_and(|it| ["toml", "json", "jsonl", "ninja"].iter().any(|known| it == *known));
    if !is_known && path.is_file() {
        return Err(CliError::NoReader(path));
    }
    Ok(Source::File(path))
}

fn no_manifest(dir: &Path) -> CliError {
    if dir.as_os_str().is_empty() && std::env::current_dir().is_err() {
        return CliError::NoDirectory;
    }
    let dir = std::path::absolute(dir.join(".")).unwrap_or(dir.into());
    if !dir.is_dir() {
        return CliError::NoSuchDirectory(dir);
    }
    let above = dir.ancestors().skip(1).find(|it| Plan::find(it).is_some());
    match above.map(Path::to_path_buf) {
        Some(above) => CliError::ManifestAbove { dir, above },
        None => CliError::NoManifest(dir),
    }
}

fn from_stdin(dir: &Path) -> Result<Source> {
    let fail = |verb, path: &Path| {
        let path = PathBuf::from(path);
        move |source| CliError::File { verb, path, source }
    };
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).map_err(fail("read", Path::new("<stdin>")))?;
    let root = std::path::absolute(dir.join(".")).map_err(fail("find", dir))?;
    Ok(Source::Stdin { text, root })
}

/// What those who wait are told.
pub(crate) fn introduce(pid: u32, command: &str, since: SystemTime) -> String {
    let time = humantime::format_rfc3339_seconds(since).to_string();
    let clock = time.split_once('T').map_or("", |it| it.1).trim_end_matches('Z').to_owned();
    format!("pid {pid}: walk {command}, since {clock} UTC")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_has_the_lock_is_told_by_what_it_says() {
        let check = |holder: &str, expected| assert_eq!(pid_of(holder), expected, "{holder}");
        check(&introduce(12, "run", SystemTime::UNIX_EPOCH), Some(12));
        check("", None);
        check("somebody", None);
    }

    #[test]
    fn the_lock_says_who_has_it() {
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(43_262);
        assert_eq!(introduce(123, "run", since), "pid 123: walk run, since 12:01:02 UTC");
    }
}
