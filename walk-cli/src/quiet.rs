//! Runs that have nothing to do, or little, answered from the memo of the last one.
//!
//! What may differ between two calls and changes what a run does is the question; a memo answers
//! the very same question only. What asks for more than the answer, a report or an explanation, is
//! none. Everything else is as in any run: the lock is taken, and given back before another way is
//! taken.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walk_core::{Checksum, Dag, Report};
use walk_plan::{ActionId, CommandWalk, Held, Lock, Memo, Partial, Recall, StateDir};

use crate::args::Common;
use crate::error::Result;
use crate::project::{self, introduce};
use crate::run::was_anything_logged;

/// A question that may have been asked before.
#[derive(Debug)]
pub(crate) struct Question {
    state: StateDir,
    /// The directory of the manifest, as short as it can be said.
    root: PathBuf,
    /// A digest of what is asked, in which there may be what is nobody's business.
    key: Checksum,
}

/// What the memo says.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing.
    Unknown,
    /// So many actions are up to date: that is all.
    UpToDate(usize),
    /// This part of the plan has to be walked, under the lock.
    Part(Lock, Box<Partial>),
}

/// What is learned while a question is answered the long way.
#[derive(Debug)]
pub(crate) struct Lesson {
    question: Question,
    memo: Memo,
}

impl Question {
    /// Asks about the manifest at `path`: `asked` is all that decides beside it, by whom first.
    pub(crate) fn new(state: StateDir, path: &Path, asked: &[&OsStr]) -> Option<Self> {
        let full = std::path::absolute(path).ok()?;
        let root = path.parent()?.to_path_buf();
        let mut key = Vec::new();
        let version = OsStr::new(env!("CARGO_PKG_VERSION"));
        for field in [version, full.as_os_str()].iter().chain(asked) {
            key.extend(field.len().to_le_bytes());
            key.extend(field.as_bytes());
        }
        Some(Self { state, root, key: Checksum::of(&key) })
    }

    /// Asks for a run of `targets`, if a memo may know of that.
    pub(crate) fn of_run(common: &Common, targets: &[String], jobs: Option<u32>) -> Option<Self> {
        let path = project::manifest(common)?;
        let state = project::state_beside(common, &path);
        let jobs = jobs.map(|it| it.to_string()).unwrap_or_default();
        let mut asked = vec!["run".as_ref(), jobs.as_ref()];
        for (name, value) in &common.set {
            asked.extend([OsStr::new(name), OsStr::new(value)]);
        }
        asked.extend(common.engine.map(|it| OsStr::new(it.name())));
        asked.push("targets".as_ref());
        asked.extend(targets.iter().map(OsStr::new));
        Self::new(state, &path, &asked)
    }

    /// Opens, to be asked about, the action called `target` and all that it needs; nothing if the
    /// memo does not know them as they are now.
    pub(crate) fn open(&self, target: &str) -> Result<Option<(CommandWalk, Dag<ActionId>)>> {
        match Memo::about(&self.state, &self.root, self.key.as_bytes(), target) {
            Some(part) => Ok(part.open_dry(&self.state)?),
            None => Ok(None),
        }
    }

    /// Returns what the memo knows.
    pub(crate) fn answer(&self, command: &str) -> Answer {
        if !self.state.has_memo() {
            return Answer::Unknown;
        }
        let who = introduce(std::process::id(), command, SystemTime::now());
        let Ok(Held::Ours(lock)) = self.state.try_lock(&who) else { return Answer::Unknown };
        match Memo::recall(&self.state, &self.root, self.key.as_bytes()) {
            Recall::UpToDate(actions) => Answer::UpToDate(actions),
            Recall::Part(part) => Answer::Part(lock, part),
            Recall::Nothing => Answer::Unknown,
        }
    }

    /// Returns where the answer is remembered.
    pub(crate) fn state(&self) -> &StateDir {
        &self.state
    }

    /// Begins to learn the answer, before anything is read.
    pub(crate) fn learn(self) -> Lesson {
        Lesson { question: self, memo: Memo::new() }
    }
}

impl Lesson {
    /// Takes in a walk that ended.
    pub(crate) fn add(&mut self, walk: &CommandWalk, dag: &Dag<ActionId>, report: &Report) {
        self.memo.add(walk, dag, report);
    }

    /// Keeps what was learned, for the next time, if it is about `state`.
    pub(crate) fn keep(self, state: &StateDir) {
        let full = |it: &StateDir| std::path::absolute(it.path()).ok();
        let is_there = full(state) == full(&self.question.state);
        // What was said would have to be said again.
        if is_there && !was_anything_logged() {
            self.memo.save(&self.question.state, self.question.key.as_bytes());
        }
    }
}
