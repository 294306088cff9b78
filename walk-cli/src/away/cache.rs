//! Gives a walk the cache that its manifest or the command line asks for.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use walk_cache::{Answer, Cache, CacheError, Kept, Mode, Question, Settings};
use walk_plan::{
    CACHE_TOKEN, CacheMode, CacheQuestion, CacheSettings, CommandWalk, Plan, Restored, ResultCache,
    SharedCache,
};

use crate::args::{CacheWish, Common};
use crate::error::Result;
use crate::terminal::{Asking, Console};

/// Gives `walk` a cache, if there is to be one.
pub(super) fn prepare(common: &Common, walk: &mut CommandWalk, console: &Console) -> Result<()> {
    if let Some(settings) = settings(common, walk.plan())? {
        let results = Results::new(Cache::open(settings)?);
        console.update(|it| it.set_asking(results.asking.clone()));
        walk.set_cache(SharedCache::new(results));
    }
    Ok(())
}

/// Returns how the cache is set up, if there is to be one.
pub(crate) fn settings(common: &Common, plan: &Plan) -> Result<Option<Settings>, CacheError> {
    let settings = match (common.cache, plan.cache.clone()) {
        (Some(CacheWish::Off), _) | (None, None) => return Ok(None),
        (_, settings) => settings.unwrap_or_default(),
    };
    let mode = match common.cache {
        Some(CacheWish::Read) => CacheMode::Read,
        Some(CacheWish::Write) => CacheMode::Write,
        Some(CacheWish::ReadWrite) => CacheMode::ReadWrite,
        Some(CacheWish::Off) | None => settings.mode,
    };
    opened(settings, mode, &plan.root).map(Some)
}

fn opened(from: CacheSettings, mode: CacheMode, root: &Path) -> Result<Settings, CacheError> {
    let mut settings = Settings::default();
    if from.local {
        settings.local = Some(local().ok_or(CacheError::NoHome)?);
    }
    settings.remote = from.remote;
    settings.mode = match mode {
        CacheMode::Read => Mode::Read,
        CacheMode::Write => Mode::Write,
        CacheMode::ReadWrite => Mode::ReadWrite,
    };
    (settings.max_size, settings.max_age) = (from.max_size, from.max_age);
    settings.instance = from.instance;
    settings.token = match from.credentials {
        Some(file) => Some(token(&file, root)?),
        None => env::var(CACHE_TOKEN).ok().filter(|it| !it.is_empty()),
    };
    Ok(settings)
}

/// Returns the directory of the local part.
fn local() -> Option<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let base = base.or_else(|| home().map(|it| it.join(".cache")))?;
    Some(base.join("walk"))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).filter(|it| it.is_absolute())
}

fn token(file: &str, root: &Path) -> Result<String, CacheError> {
    let path = match (file.strip_prefix("~/"), home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => root.join(file),
    };
    let text = fs::read_to_string(&path);
    let text = text.map_err(|source| CacheError::Credentials { path, source })?;
    Ok(text.trim().to_owned())
}

/// A cache, as a walk of a plan knows it.
struct Results {
    cache: Cache,
    /// What was described and not decided upon.
    described: Mutex<HashMap<u64, Kept>>,
    count: AtomicU64,
    asking: Asking,
}

impl Results {
    fn new(cache: Cache) -> Self {
        let (described, count) = (Mutex::default(), AtomicU64::new(0));
        Self { cache, described, count, asking: Asking::default() }
    }
}

impl ResultCache for Results {
    fn restore(&self, question: &CacheQuestion) -> Option<Restored> {
        let ask = || self.cache.restore(&asked(question), &question.root, &question.scratch);
        match self.asking.ask(ask) {
            Answer::Hit(found) => Some(Restored::new(found.log, found.discovered)),
            Answer::Miss => None,
        }
    }

    fn describe(&self, question: &CacheQuestion, discovered: &[String], log: &[u8]) -> Option<u64> {
        let kept = self.cache.describe(&asked(question), &question.root, discovered, log)?;
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(number, kept);
        Some(number)
    }

    fn decide(&self, number: u64, is_to_be_kept: bool) {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = described.remove(&number).filter(|_| is_to_be_kept) {
            self.cache.keep(kept);
        }
    }

    fn abandon(&self) {
        self.cache.abandon();
    }

    fn close(&self, give_up: &dyn Fn() -> bool) {
        self.cache.close(give_up);
        log::debug!(target: "walk", "cache: {:?}", self.cache.numbers());
    }
}

fn asked(from: &CacheQuestion) -> Question {
    Question {
        arguments: from.arguments.clone(),
        env: from.env.clone(),
        directory: from.directory.clone(),
        inputs: from.inputs.clone(),
        outputs: from.outputs.clone(),
        programs: from.programs.clone(),
        facts: from.facts.clone(),
        has_depfile: from.has_depfile,
    }
}
