//! The seam to a cache of results: what is asked of it, and what becomes of its answers.
//!
//! A result is taken from it, on the thread of the job, in place of running the command; what a
//! command made is described there too, and kept once the walk has found that it may be trusted.
//! Where results are is not known here.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use walk_core::{Action, JobContext, JobOutcome, Value};

use super::{CommandWalk, work::CommandWork};
use super::{elements, surroundings};
use crate::plan::lexical;
use crate::{ActionId, Command, DepfileUse, Run};

/// The variable that may hold the token of a cache: nobody that a walk runs is given it.
pub const CACHE_TOKEN: &str = "WALK_CACHE_TOKEN";

/// Keeps results of actions by what they were made of.
pub trait ResultCache: Send + Sync {
    /// Brings the outputs of `question` into place, if they are known.
    fn restore(&self, question: &CacheQuestion) -> Option<Restored>;

    /// Describes what an action just made, with the files that it told of that it read and what it
    /// wrote; returns a number by which to keep it, or nothing if it cannot be kept.
    fn describe(&self, question: &CacheQuestion, discovered: &[String], log: &[u8]) -> Option<u64>;

    /// Keeps what was described, or forgets about it.
    fn decide(&self, number: u64, is_to_be_kept: bool);

    /// Returns when everything is kept, or soon after `give_up` says so.
    fn close(&self, give_up: &dyn Fn() -> bool);

    /// Has whoever waits for an answer go on without it, as from now on everybody: the walk is
    /// interrupted. Must not block.
    fn abandon(&self);
}

/// What decides over the result of an action; paths are relative to the root where they are below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheQuestion {
    /// The root of the project.
    pub root: PathBuf,
    /// A directory for scratch files on the same file system.
    pub scratch: PathBuf,
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// The variables that are set for it.
    pub env: BTreeMap<String, String>,
    /// Where it runs.
    pub directory: String,
    /// What it is declared to read.
    pub inputs: Vec<String>,
    /// What it makes, its depfile included if that stays.
    pub outputs: Vec<String>,
    /// The programs that its text names, as a shell would look for them; none, if it declares its
    /// tools.
    pub programs: Vec<String>,
    /// What else its fingerprint is made of.
    pub facts: Vec<(String, String)>,
    /// Whether it tells itself what more it read.
    pub has_depfile: bool,
}

/// A result that is in place.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Restored {
    /// What the action wrote when it ran.
    pub log: Vec<u8>,
    /// The files that it told of that it read.
    pub discovered: Vec<String>,
}

impl Restored {
    /// Describes a result that is in place.
    #[must_use]
    pub fn new(log: Vec<u8>, discovered: Vec<String>) -> Self {
        Self { log, discovered }
    }
}

/// A cache, shared by the threads of a walk.
#[derive(Clone)]
pub struct SharedCache(Arc<dyn ResultCache>);

impl SharedCache {
    /// Shares `cache`.
    #[must_use]
    pub fn new(cache: impl ResultCache + 'static) -> Self {
        Self(Arc::new(cache))
    }

    pub(super) fn close(&self, give_up: &dyn Fn() -> bool) {
        self.0.close(give_up);
    }
}

impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedCache")
    }
}

/// What a command is asked of a cache with.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    cache: SharedCache,
    question: CacheQuestion,
    /// Whether a known result may take the place of running it.
    may_restore: bool,
}

impl Cached {
    /// Brings the outputs into place, if they are known; that takes nothing of the job's time.
    pub(super) fn restore(&self, cx: &JobContext) -> Option<Restored> {
        if !self.may_restore {
            return None;
        }
        let cache = self.cache.clone();
        cx.untimed(|| {
            cx.on_interrupt(move || cache.0.abandon());
            self.cache.0.restore(&self.question)
        })
    }

    /// Describes what `work` made.
    pub(super) fn describe(
        &self,
        work: &CommandWork,
        discovered: &[PathBuf],
        log: Option<&Path>,
    ) -> Option<u64> {
        let root = &self.question.root;
        let roots = [root.clone(), root.canonicalize().unwrap_or_else(|_| root.clone())];
        let names = discovered.iter().map(|it| name(&roots, &work.directory, it));
        let names = names.collect::<Option<Vec<String>>>()?;
        let log = log.map_or_else(Vec::new, |it| fs::read(it).unwrap_or_default());
        self.cache.0.describe(&self.question, &names, &log)
    }
}

/// Returns how a file that a depfile names is called, the project being where `roots` say: as it is
/// written, and with links followed. Nothing, if it is another file for each checkout.
fn name(roots: &[PathBuf], directory: &Path, file: &Path) -> Option<String> {
    let given = directory.join(file);
    // What stands before `..` may be a link, which only the file system can follow.
    let is_up = given.components().any(|it| it == Component::ParentDir);
    let path = if is_up { given.canonicalize().ok()? } else { lexical(&given) };
    if let Some(path) = roots.iter().find_map(|it| path.strip_prefix(it).ok()) {
        return path.to_str().map(str::to_owned);
    }
    let is_from_here = roots.iter().any(|it| given.starts_with(it));
    path.to_str().filter(|_| !is_from_here).map(str::to_owned)
}

impl CommandWalk {
    /// Sets where results are taken from and kept.
    pub fn set_cache(&mut self, cache: SharedCache) {
        self.options.cache = Some(cache);
    }

    /// Returns what the command of `action` is asked of the cache with, if it may be.
    pub(super) fn cached(&self, action: &Action<'_, ActionId>) -> Option<Box<Cached>> {
        let cache = self.options.cache.clone()?;
        let command = self.command(*action.data());
        if !self.may_be_cached(command) {
            return None;
        }
        let question = self.question(action, command)?;
        Some(Box::new(Cached { cache, question, may_restore: !self.options.force }))
    }

    /// Has the cache keep a result that is to be trusted.
    pub(super) fn keep_result(&self, action: &Action<'_, ActionId>, outcome: &JobOutcome) {
        let keepable = self.ended.as_ref().and_then(|it| it.captured.keepable);
        if let (Some(number), Some(cache)) = (keepable, &self.options.cache) {
            let is_trusted = action.new_fingerprint().is_some();
            cache.0.decide(number, outcome.status.is_success() && is_trusted);
        }
    }

    /// Only what says all that it reads and makes, and that it makes the same of the same.
    fn may_be_cached(&self, command: &Command) -> bool {
        command.cache
            && !command.always
            && !command.interactive
            && !command.generator
            && command.late.is_none()
            && command.includes_prefix.is_none()
            && (command.depfile.is_none() || command.depfile_use != DepfileUse::Kept)
            && self.plan.env.secret.is_empty()
    }

    fn question(&self, action: &Action<'_, ActionId>, command: &Command) -> Option<CacheQuestion> {
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let path = |it: &crate::FileId| text(self.plan.files.path(*it));
        let arguments = match &command.run {
            Run::Nothing => return None,
            Run::Shell(text) => self.plan.settings.shell.iter().chain([text]).cloned().collect(),
            Run::Argv(words) => words
                .iter()
                .map(|it| it.to_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()?,
        };
        let mut outputs = command.outputs.iter().map(path).collect::<Option<Vec<_>>>()?;
        let stays = command.depfile_use == DepfileUse::Required;
        let depfile = command.depfile.filter(|_| stays).and_then(|it| path(&it));
        outputs.extend(depfile.filter(|it| !outputs.contains(it)));
        if outputs.iter().any(|it| Path::new(it).is_absolute()) {
            return None;
        }
        let env = self.plan.env.set.iter().chain(&command.env);
        let env = env.map(|(name, value)| (name.clone(), value.clone())).collect();
        let script = match &command.run {
            Run::Shell(text) => Some(text.as_str()),
            _ => None,
        };
        let mut facts = facts(action)?;
        facts.extend(surroundings::untracked(script, &env));
        Some(CacheQuestion {
            root: self.plan.root.clone(),
            scratch: self.state.scratch(),
            env,
            directory: text(&command.cwd)?,
            inputs: command.inputs.iter().map(path).collect::<Option<Vec<_>>>()?,
            outputs,
            programs: programs(command, &arguments),
            arguments,
            facts,
            has_depfile: command.depfile.is_some(),
        })
    }
}

/// Returns the programs that `command` calls, if it does not say itself what its tools are.
fn programs(command: &Command, arguments: &[String]) -> Vec<String> {
    let first = arguments.first().filter(|_| command.tools.is_empty()).cloned();
    let mut programs: Vec<String> = first.into_iter().collect();
    if let (Run::Shell(text), true) = (&command.run, command.tools.is_empty()) {
        programs.extend(super::programs::called(text));
    }
    programs
}

/// Returns what a fingerprint is made of besides files.
fn facts(action: &Action<'_, ActionId>) -> Option<Vec<(String, String)>> {
    let predicted = action.new_fingerprint()?;
    let facts = predicted.iter().filter(|(name, _)| !elements::is_file(name));
    let text = |value: &Value| match value {
        Value::Text(text) => text.to_string(),
        Value::Digest(sum) => sum.to_string(),
    };
    Some(facts.map(|(name, value)| (name.to_string(), text(value))).collect())
}
