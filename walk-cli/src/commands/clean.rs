//! `walk clean`: removes what walk made and nobody declares any more, or all it made.
//!
//! A file is removed only if its content is what walk made: whoever changed it since may
//! still want it. So is a directory, whose digest covers all that is in it. What is outside of
//! the project, or behind a link, is left alone, and so is what actions read by now: what was
//! made once may be a source today.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use walk_core::fingerprint::observe;
use walk_plan::{ActionId, CommandWalk, Made, Plan};

use crate::args::{CleanArgs, Common};
use crate::away::stop_left;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::project::Project;
use crate::terminal::tame;

/// Removes the outputs of actions that are gone, or of targets, or of all.
pub(crate) fn clean(common: &Common, args: &CleanArgs, out: &mut dyn Write) -> Result<Exit> {
    let mut project = Project::read(common, None)?;
    let names = if args.targets.is_empty() { None } else { Some(named(&project, &args.targets)?) };
    let lock = if args.dry_run { None } else { Some(project.lock(common, "clean")?.0) };
    let walk = project.open_to_clean(args.dry_run)?;
    let scope = Scope { names, all: args.all };
    let mut broom = Broom { walk, is_dry: args.dry_run, quiet: common.quiet, removed: 0, out };
    if scope.is_everything() {
        broom.stop_left()?;
    }
    broom.sweep(&scope)?;
    broom.end()?;
    drop(lock);
    Ok(Exit::Done)
}

/// Returns the names that targets mean; one that is gone from the manifest is itself.
fn named(project: &Project, targets: &[String]) -> Result<BTreeSet<String>> {
    let remembered: BTreeSet<String> = project.state.notes()?.into_iter().map(|it| it.0).collect();
    let mut names = BTreeSet::new();
    for target in targets {
        match project.plan.select(std::slice::from_ref(target)) {
            Ok(found) => {
                let actions = &project.plan.actions;
                names.extend(found.iter().map(|it| actions[it.index()].name.to_string()));
            }
            Err(_) if remembered.contains(target) => drop(names.insert(target.clone())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(names)
}

/// Which outputs are to be removed.
struct Scope {
    names: Option<BTreeSet<String>>,
    all: bool,
}

impl Scope {
    /// Returns whether what `name` still declares is removed too. A manifest that is made is only
    /// removed by its name, as in ninja: without it nothing could be made again.
    fn takes_all_of(&self, name: &str, makes_manifest: bool) -> bool {
        self.names.as_ref().map_or(self.all && !makes_manifest, |it| it.contains(name))
    }

    fn is_everything(&self) -> bool {
        self.all && self.names.is_none()
    }

    fn covers(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|it| it.contains(name))
    }
}

struct Broom<'a> {
    walk: CommandWalk,
    is_dry: bool,
    quiet: bool,
    removed: usize,
    out: &'a mut dyn Write,
}

impl Broom<'_> {
    /// Stops what still runs elsewhere: it would make again what is removed.
    fn stop_left(&mut self) -> Result<()> {
        let stopped = stop_left(self.walk.state(), self.is_dry)?;
        self.removed += stopped;
        if stopped > 0 && !self.quiet {
            let verb = if self.is_dry { "would stop" } else { "stopped" };
            let jobs = if stopped == 1 { "1 job".into() } else { format!("{stopped} jobs") };
            writeln!(self.out, "{verb} {jobs} of an earlier walk")?;
        }
        Ok(())
    }

    fn sweep(&mut self, scope: &Scope) -> Result<()> {
        let leftovers = self.walk.leftovers()?;
        let mut sources: BTreeSet<PathBuf> =
            self.walk.sources().into_iter().map(Path::to_path_buf).collect();
        // What only a wildcard matches is no source; what somebody names is meant to be one.
        for leftover in leftovers.iter().filter(|it| !is_named(&self.walk, it)) {
            sources.remove(leftover);
        }
        let actions = &self.walk.plan().actions;
        let living: BTreeSet<String> = actions.iter().map(|it| it.name.to_string()).collect();
        let generators: BTreeSet<String> =
            actions.iter().filter(|it| it.generator).map(|it| it.name.to_string()).collect();
        for name in self.walk.remembered()? {
            if !scope.covers(&name) {
                continue;
            }
            let takes_all = scope.takes_all_of(&name, generators.contains(&name));
            let made = self.walk.note(&name)?.map(|it| it.made).unwrap_or_default();
            let mut gone = Vec::new();
            for made in made {
                if is_source(&sources, &made.path) {
                    self.say("kept", &made.path, ": a source by now")?;
                } else if takes_all || !is_declared(self.walk.plan(), &made.path) {
                    self.remove(&made)?;
                }
                let path = self.walk.plan().root.join(&made.path);
                let is_ours = path.symlink_metadata().is_ok() && !is_source(&sources, &made.path);
                if !is_ours && !is_declared(self.walk.plan(), &made.path) {
                    gone.push(made.path);
                }
            }
            if !gone.is_empty() && !self.is_dry && living.contains(&name) {
                self.walk.forget_made(&name, &gone)?;
            }
            if takes_all || !living.contains(&name) {
                self.forget(&name, living.contains(&name))?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, made: &Made) -> Result<()> {
        let root = &self.walk.plan().root;
        let path = root.join(&made.path);
        let Ok(found) = path.symlink_metadata() else { return Ok(()) };
        if let Some(why) = out_of_reach(root, &made.path) {
            return self.say("kept", &made.path, why);
        }
        let digest = observe(&path).ok().and_then(|it| it.state.digest());
        if made.digest.is_none() || digest.map(|it| it.to_string()) != made.digest {
            return self.say("kept", &made.path, ": changed since walk made it");
        }
        self.removed += 1;
        if self.is_dry {
            return self.say("would remove", &made.path, "");
        }
        let removed =
            if found.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|source| CliError::File { verb: "remove", path: path.clone(), source })?;
        self.say("removed", &made.path, "")?;
        self.remove_empty_parents(&path);
        Ok(())
    }

    /// Removes the directories that nothing is in any more, below the root.
    fn remove_empty_parents(&self, path: &Path) {
        let root = &self.walk.plan().root;
        let parents = path.ancestors().skip(1);
        let below = parents.take_while(|it| it.starts_with(root) && it != root);
        for parent in below.map(PathBuf::from).collect::<Vec<_>>() {
            // One that is not empty stays, and so do those above it.
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
    }

    /// Forgets the action, and what it wrote; of one that is still declared, only its success.
    fn forget(&mut self, name: &str, is_living: bool) -> Result<()> {
        if self.is_dry {
            return Ok(());
        }
        let log = self.walk.state().log(name);
        match fs::remove_file(&log) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(CliError::File { verb: "remove", path: log, source });
            }
            _ => {}
        }
        let walk = &mut self.walk;
        Ok(if is_living { walk.forget_success(name) } else { walk.forget(name) }?)
    }

    fn say(&mut self, verb: &str, path: &Path, more: &str) -> Result<()> {
        if !self.quiet {
            writeln!(self.out, "{verb} {}{more}", tame(&path.to_string_lossy()))?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.walk.finish()?;
        if !self.quiet && self.removed == 0 {
            writeln!(self.out, "nothing to remove")?;
        }
        self.out.flush()?;
        Ok(())
    }
}

/// Returns why a path is none of the project's own, in words, if it is not: it is outside, or
/// behind a link, which may lead to files that somebody else put there.
fn out_of_reach(root: &Path, path: &Path) -> Option<&'static str> {
    let is_inside = path.components().all(|it| matches!(it, Component::Normal(_)));
    let mut parents = path.ancestors().skip(1).filter(|it| !it.as_os_str().is_empty());
    if !is_inside {
        Some(": outside of the project")
    } else if parents.any(|it| root.join(it).is_symlink()) {
        Some(": behind a link")
    } else {
        None
    }
}

/// Returns whether an action of the plan declares `path` among its outputs.
fn is_declared(plan: &Plan, path: &Path) -> bool {
    plan.files.id(path).is_some_and(|it| plan.files.producer(it).is_some())
}

/// Returns whether an action reads the file, other than because a wildcard matches it.
fn is_named(walk: &CommandWalk, path: &Path) -> bool {
    let plan = walk.plan();
    let is_matched = |action: &ActionId| {
        let mut globs = plan.actions[action.index()].globs.iter();
        globs.any(|glob| glob.files.iter().any(|it| plan.files.path(*it) == path))
    };
    walk.readers(path).iter().any(|it| !is_matched(it))
}

/// Returns whether `path` is a source, or holds one.
fn is_source(sources: &BTreeSet<PathBuf>, path: &Path) -> bool {
    sources.range(path.to_path_buf()..).next().is_some_and(|it| it.starts_with(path))
}
