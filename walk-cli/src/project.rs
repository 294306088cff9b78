//! The manifest that the command line means, its state directory, and the lock.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walk_plan::{
    CommandWalk, Held, Loaded, Lock, Options, Overrides, Plan, Source, StateDir, WalkError,
};

use crate::args::Common;
use crate::error::{CliError, Result};

/// What a command works on.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) plan: Plan,
    pub(crate) state: StateDir,
    source: Source,
    overrides: Overrides,
    /// The lock and the state, if they could be had while the manifest was read.
    early: Option<(Lock, Loaded)>,
}

impl Project {
    /// Reads the manifest that `common` names, or the one in the directory.
    pub(crate) fn read(common: &Common, jobs: Option<u32>) -> Result<Self> {
        Self::of(common, source(common)?, overrides(common, jobs))
    }

    fn of(common: &Common, source: Source, overrides: Overrides) -> Result<Self> {
        let plan = Plan::read(&source, &overrides)?;
        let state = state_dir(common, &plan.root);
        Ok(Self { plan, state, source, overrides, early: None })
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
            let loading = scope.spawn(|| state.load());
            let plan = Plan::read(&source, &overrides);
            (plan, loading.join())
        });
        let loaded = loaded.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (plan, loaded) = (plan?, loaded?);
        Ok(Self { plan, state, source, overrides, early: Some((lock, loaded)) })
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
        self.state.create()?;
        let who = introduce(std::process::id(), command, SystemTime::now());
        match self.state.try_lock(&who)? {
            Held::Ours(lock) => Ok((lock, None)),
            Held::By(holder) if common.no_wait => Err(CliError::Locked(holder)),
            Held::By(holder) => {
                let _ = writeln!(io::stderr(), "waiting for walk ({holder}) ...");
                let lock = self.state.lock(&who)?;
                self.plan = Plan::read(&self.source, &self.overrides)?;
                Ok((lock, None))
            }
        }
    }
}

fn overrides(common: &Common, jobs: Option<u32>) -> Overrides {
    Overrides { vars: common.set.clone(), jobs, ..Overrides::default() }
}

fn state_dir(common: &Common, root: &Path) -> StateDir {
    StateDir::new(common.state_dir.as_ref().map_or_else(|| root.join(".walk"), |it| common.at(it)))
}

fn source(common: &Common) -> Result<Source> {
    let dir = common.at(Path::new(""));
    match &common.file {
        Some(file) if file == Path::new("-") => from_stdin(&dir),
        Some(file) => Ok(Source::File(common.at(file))),
        None => match Plan::find(&dir) {
            Some(manifest) => Ok(Source::File(manifest)),
            None => Err(CliError::NoManifest(std::path::absolute(dir.join(".")).unwrap_or(dir))),
        },
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
    fn the_lock_says_who_has_it() {
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(43_262);
        assert_eq!(introduce(123, "run", since), "pid 123: walk run, since 12:01:02 UTC");
    }
}
