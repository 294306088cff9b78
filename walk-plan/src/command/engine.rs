//! The seam to whoever runs commands on other machines.
//!
//! A walk hands over a command that is complete, and hears how it ended; what it left in files is
//! looked at here as after any other command. Which engines there are is not known here.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use walk_core::{Action, Checksum, JobContext, JobStatus};

use super::elements;
use super::work::CommandWork;
use super::{CommandWalk, WalkError};
use crate::{ActionId, EngineQueue, Needs};

/// Runs commands elsewhere.
pub trait Engine: Send + Sync {
    /// Runs a command to its end; called on a thread of its own for each.
    ///
    /// When the job is interrupted, nothing of the command may be left when this returns.
    fn run(&self, errand: Errand, cx: &JobContext) -> Trip;

    /// Returns whether an earlier walk left something of the action that has this name: the next
    /// [`run`](Self::run) of it takes that over, or stops it and removes what it wrote.
    fn has_left(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// An engine, shared by the threads that wait for it.
#[derive(Clone)]
pub struct SharedEngine(Arc<dyn Engine>);

impl SharedEngine {
    /// Shares `engine`.
    #[must_use]
    pub fn new(engine: impl Engine + 'static) -> Self {
        Self(Arc::new(engine))
    }
}

impl fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedEngine")
    }
}

/// A command to be run elsewhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Errand {
    /// The name of the action.
    pub name: String,
    /// Identifies the command and all that it reads, as it was seen when this was decided. What a
    /// walk that was killed left running may be taken over by it; nothing without a key.
    pub key: Option<String>,
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// Where it runs, an absolute path.
    pub directory: PathBuf,
    /// Variables to set.
    pub env: Vec<(String, String)>,
    /// Where relative paths of outputs start.
    pub root: PathBuf,
    /// The files that it writes, absolute.
    pub outputs: Vec<PathBuf>,
    /// The file that gets what it writes to standard output and standard error.
    pub output: PathBuf,
    /// How long it may run.
    pub timeout: Duration,
    /// Whether somebody chose that.
    pub has_timeout: bool,
    /// The time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// What the manifest says of its queue.
    pub queue: EngineQueue,
    /// What it asks for.
    pub needs: Needs,
}

/// How a command ended elsewhere; what there is to say beside the status is reported to the job.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Trip {
    /// How it ended.
    pub status: JobStatus,
    /// If it was begun by an earlier walk: when, by our clock, and by that of the file system in
    /// nanoseconds since 1970.
    pub began: Option<(SystemTime, Option<i64>)>,
    /// How long the command itself ran, if that is known: it may have waited for a machine before.
    pub ran: Option<Duration>,
}

impl Trip {
    /// Describes the end of a command that was begun in this walk.
    #[must_use]
    pub fn new(status: JobStatus) -> Self {
        Self { status, began: None, ran: None }
    }
}

/// What is needed to send a command away.
#[derive(Clone, Debug)]
pub(super) struct Away {
    engine: SharedEngine,
    errand: Errand,
}

impl Away {
    /// Runs the command of `work` elsewhere; `output` gets what it writes.
    pub(super) fn run(&self, work: &CommandWork, cx: &JobContext, output: PathBuf) -> Trip {
        let mut errand = self.errand.clone();
        errand.output = output;
        errand.words.clone_from(&work.words);
        let tokens_of_here = |it: &(String, String)| it.0 == "MAKEFLAGS";
        errand.env.extend(work.env.iter().filter(|it| !tokens_of_here(it)).cloned());
        errand.env.push(("WALK_ACTION".into(), work.name.clone()));
        errand.env.push(("WALK_ATTEMPT".into(), cx.attempt().to_string()));
        self.engine.0.run(errand, cx)
    }

    /// Returns whether an earlier walk left something of the command.
    pub(super) fn has_left(&self) -> bool {
        self.engine.0.has_left(&self.errand.name)
    }
}

impl CommandWalk {
    /// Sets who runs the actions of the queues with this engine.
    pub fn set_engine(&mut self, name: &str, engine: SharedEngine) {
        self.options.engines.insert(name.to_owned(), engine);
    }

    /// Returns whether an action is run elsewhere: its queue has an engine, and it neither needs
    /// the terminal nor makes the manifest.
    #[must_use]
    pub fn is_away(&self, id: ActionId) -> bool {
        let command = self.command(id);
        !command.interactive
            && !command.generator
            && self.plan.engines.contains_key(&*command.queue)
    }

    /// Returns the files that an action writes: its outputs, and its depfile, which whoever collects
    /// what another walk began needs as well.
    pub fn writes(&self, id: ActionId) -> impl Iterator<Item = &Path> {
        let command = self.command(id);
        let depfile = command.depfile.filter(|it| !command.outputs.contains(it));
        let files = command.outputs.iter().copied().chain(depfile);
        files.map(|it| self.plan.files.path(it))
    }

    /// Returns what is needed to send the command of `action` away, if it is to go.
    pub(super) fn away(
        &mut self,
        action: &Action<'_, ActionId>,
    ) -> Result<Option<Box<Away>>, WalkError> {
        let id = *action.data();
        if !self.is_away(id) {
            return Ok(None);
        }
        let key = self.key(action);
        let command = self.command(id);
        let queue = self.plan.engines[&*command.queue].clone();
        let Some(engine) = self.options.engines.get(&queue.engine).cloned() else {
            let (queue, engine) = (command.queue.to_string(), queue.engine);
            return Err(WalkError::NoEngine { queue, engine });
        };
        let root = self.plan.root.clone();
        let own = command.timeout.or(self.options.timeout);
        let outputs = self.writes(id).map(|it| root.join(it));
        let errand = Errand {
            name: action.uid().into(),
            key,
            words: Vec::new(),
            directory: root.join(&command.cwd),
            env: Vec::new(),
            outputs: outputs.collect(),
            output: PathBuf::new(),
            timeout: own.unwrap_or(self.plan.settings.timeout),
            has_timeout: own.is_some(),
            grace: self.plan.settings.grace,
            queue,
            needs: command.needs.as_deref().cloned().unwrap_or_default(),
            root,
        };
        Ok(Some(Box::new(Away { engine, errand })))
    }

    /// Identifies what `action` would do now: all that decides over it but its outputs, and the
    /// moments at which the files that it reads were last written, lest one that changed and
    /// changed back counts as one that held still.
    fn key(&mut self, action: &Action<'_, ActionId>) -> Option<String> {
        let id = *action.data();
        if self.options.force || self.command(id).always {
            return None;
        }
        let predicted = action.new_fingerprint()?;
        let parts = predicted.iter().filter(|it| !elements::is_output(it.0));
        let parts: walk_core::Fingerprint =
            parts.map(|(name, value)| (Arc::clone(name), value.clone())).collect();
        let mut stamps = vec![parts.checksum().to_string()];
        let files = self.command(id).inputs.iter().chain(&self.discovered[id.index()]).copied();
        for file in files.collect::<Vec<_>>() {
            let stamp = self.files.look(&self.plan, file).ok()?.stamp;
            let stamp = stamp.map(|it| (it.inode, it.ctime_ns, it.size));
            stamps.push(format!("{stamp:?}"));
        }
        Some(Checksum::of(stamps.join("\n").as_bytes()).to_string())
    }
}
