//! The loop of a watch: a round, what there is to look at after it, and the wait for the next.
//!
//! Directories are looked at before they are read, so that nothing changes unseen between the two.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use log::LevelFilter;
use signal_hook::consts::SIGPIPE;
use walk_core::Interrupt;

use super::eyes::Eyes;
use super::news::{Changes, News};
use super::patience::{Patience, Verdict};
use super::scope::{Scope, changed_at};
use crate::args::{Common, WatchArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::os::{Signals, from_make};
use crate::run::{Occasion, Step, Tap};
use crate::terminal::tame;

/// Keeps targets up to date until a signal ends it. `round` is one run of them, `complain` says
/// what stopped one.
pub(crate) fn watch(
    common: &Common,
    args: &WatchArgs,
    round: impl Fn(&Occasion) -> Result<Exit>,
    complain: impl Fn(&CliError),
) -> Result<Exit> {
    if common.file.as_deref() == Some(Path::new("-")) {
        let wrong = "standard input can be read once only: watch a file".to_owned();
        return Err(CliError::Usage(wrong));
    }
    let cannot = |source| CliError::File { verb: "handle", path: "signals".into(), source };
    let signals = Signals::idle().map_err(cannot)?;
    let voice = Voice::new(common, args);
    let news = Arc::<News>::default();
    let eyes = Eyes::open(Arc::clone(&news), args.poll, |it| voice.warn(it));
    let mut watch = Watch {
        common,
        jobs: from_make(args.run.jobs).jobs,
        signals,
        voice,
        news,
        eyes,
        scope: Arc::default(),
        error: None,
        patience: Patience::default(),
    };
    watch.go(round, complain)
}

struct Watch<'a> {
    common: &'a Common,
    jobs: Option<u32>,
    signals: Signals,
    voice: Voice,
    news: Arc<News>,
    eyes: Eyes,
    scope: Arc<Scope>,
    /// Why the manifest cannot be read, if it cannot.
    error: Option<String>,
    patience: Patience,
}

/// A round that ended.
struct Round {
    began: SystemTime,
    ended: SystemTime,
    did_something: bool,
}

impl Watch<'_> {
    fn go(
        &mut self,
        round: impl Fn(&Occasion) -> Result<Exit>,
        complain: impl Fn(&CliError),
    ) -> Result<Exit> {
        self.look();
        let (mut is_first, mut is_news) = (true, true);
        loop {
            let interrupt = Interrupt::default();
            let began = SystemTime::now();
            self.news.begin(interrupt.clone(), self.patience.restless());
            let result = round(&self.occasion(interrupt.clone(), is_news));
            let did_something = self.news.end();
            self.signals.rest();
            let is_over = is_first && !has_hope(&result);
            if is_news || did_something || result.is_err() {
                self.voice.interrupted();
            }
            is_news = result.is_err();
            match result {
                _ if self.signals.received().is_some() => return Ok(self.end()),
                Ok(exit @ Exit::Signal(SIGPIPE)) => return Ok(exit),
                Err(error) if is_over => return Err(error),
                Err(error) => complain(&error),
                Ok(_) => {}
            }
            is_first = false;
            let ended = SystemTime::now();
            self.await_reason(&Round { began, ended, did_something }, interrupt.is_triggered());
        }
    }

    fn end(&self) -> Exit {
        self.signals.received().map_or(Exit::Done, Exit::Signal)
    }

    fn occasion(&self, interrupt: Interrupt, is_news: bool) -> Occasion {
        let news = Arc::clone(&self.news);
        let tap: Tap = Arc::new(move |name: &str, step| match step {
            Step::Decided => news.decided(name),
            Step::Started => news.started(name),
        });
        Occasion::watched(interrupt, self.signals.clone(), tap, is_news)
    }

    /// Returns as soon as there is a reason for another round.
    fn await_reason(&mut self, round: &Round, was_stopped: bool) {
        if round.did_something {
            let known = Arc::clone(&self.scope);
            self.look();
            for path in self.scope.newer(&known, round.began) {
                self.news.add(path);
            }
        }
        let mut changes = if round.did_something { self.news.settle() } else { Changes::default() };
        let mut is_during = true;
        loop {
            if self.is_reason(&changes, round, is_during, was_stopped) {
                return;
            }
            self.voice.wait_for(self.scope.len());
            changes = self.news.wait();
            is_during = false;
        }
    }

    fn is_reason(
        &mut self,
        changes: &Changes,
        round: &Round,
        is_during: bool,
        was_stopped: bool,
    ) -> bool {
        changes.moved.iter().for_each(|it| self.eyes.doubt(it));
        // An edit changes nothing in what there is to look at: it is answered at once.
        let is_edit = self.error.is_none() && changes.are_edits();
        let is_new = !is_edit && !changes.is_empty() && self.look();
        let is_reason = is_new || !changes.may_be_nothing();
        // The kernel may tell of the last changes of a round only after it.
        let is_late = |it: &Path| changed_at(it).is_some_and(|it| it <= round.ended);
        let is_during = is_during
            || round.did_something
                && !changes.is_empty()
                && changes.paths.keys().all(|it| is_late(it));
        if !is_during {
            self.patience.allow(std::iter::empty());
            return is_reason;
        }
        let reasons = changes.paths.keys().filter(|_| is_reason).map(PathBuf::as_path);
        match self.patience.allow(reasons) {
            Verdict::Calm => changes.are_incomplete || was_stopped,
            Verdict::Again => {
                self.say_again(&changes.paths.keys().collect(), was_stopped);
                true
            }
            Verdict::Enough(path) => {
                self.put_off(path.as_deref());
                true
            }
        }
    }

    /// Waits before the round after one of too many; says why, if that is new.
    fn put_off(&mut self, path: Option<&Path>) {
        let delay = self.patience.put_off();
        if let Some(path) = path {
            let path = self.name(path);
            self.voice.warn(&format!(
                "{path} changes in every round: the next one waits, longer each time; is it an \
                 output of what reads it?"
            ));
        }
        self.news.put_off(delay, self.patience.told());
    }

    fn say_again(&self, changed: &BTreeSet<&PathBuf>, was_stopped: bool) {
        let Some(first) = changed.first() else { return };
        let more = match changed.len() - 1 {
            0 => String::new(),
            more => format!(" (+{more})"),
        };
        let what = if was_stopped { "stopped, and again" } else { "again" };
        self.voice.say(&format!("{}{more} changed meanwhile: {what}", self.name(first)));
    }

    /// Returns a path as seen from the manifest.
    fn name(&self, path: &Path) -> String {
        let root = std::fs::canonicalize(self.common.directory_of_manifest().join("."));
        let name = root.ok().and_then(|it| path.strip_prefix(it).ok()).unwrap_or(path);
        tame(&name.to_string_lossy()).into_owned()
    }

    /// Looks at what there is to look at by now, and returns whether that is something else. A
    /// manifest that cannot be read leaves it as it was.
    fn look(&mut self) -> bool {
        let mut has_changed = false;
        loop {
            // What is odd about the manifest is said by each round.
            let level = log::max_level();
            log::set_max_level(level.min(LevelFilter::Error));
            let read = Scope::read(self.common, self.jobs);
            log::set_max_level(level);
            let (scope, error) = match read {
                Ok(scope) => (scope, None),
                Err(error) => {
                    (self.last_scope(&error), error.message(Path::new("")).or(Some(String::new())))
                }
            };
            has_changed |= error != self.error || !scope.means_the_same(&self.scope);
            self.error = error;
            self.scope = Arc::new(scope);
            self.news.set_scope(Arc::clone(&self.scope));
            if !self.eyes.look_at(&self.scope.directories, &|it| self.voice.warn(it)) {
                return has_changed;
            }
        }
    }

    fn last_scope(&self, error: &CliError) -> Scope {
        let known = (*self.scope).clone();
        let mut scope = if known.len() > 0 { known } else { Scope::of_broken(self.common) };
        scope.add_error(error);
        scope
    }
}

/// Returns whether a first round that failed so may go well later, with another manifest.
fn has_hope(result: &Result<Exit>) -> bool {
    match result {
        Ok(_) | Err(CliError::Manifest(_) | CliError::Ninja(_)) => true,
        Err(CliError::Walk(error)) => !error.is_state(),
        Err(_) => false,
    }
}

/// What a watch says for itself.
struct Voice {
    is_quiet: bool,
    /// Standard output is for events.
    to_stderr: bool,
    /// How many files it was said to wait for, if that is the last that was said.
    waits_for: Cell<Option<usize>>,
}

impl Voice {
    fn new(common: &Common, args: &WatchArgs) -> Self {
        let to_stderr = args.run.events.as_deref() == Some(Path::new("-"));
        Self { is_quiet: common.quiet, to_stderr, waits_for: Cell::new(None) }
    }

    fn say(&self, text: &str) {
        if self.is_quiet {
            return;
        }
        // Nobody to tell it to is no reason to end: the next run sees to that.
        let _ = if self.to_stderr {
            writeln!(io::stderr(), "{text}")
        } else {
            writeln!(io::stdout(), "{text}")
        };
    }

    fn warn(&self, text: &str) {
        self.interrupted();
        let _ = writeln!(io::stderr(), "walk: warning: {text}");
    }

    /// Says once that it waits.
    fn wait_for(&self, files: usize) {
        if self.waits_for.replace(Some(files)) != Some(files) {
            let s = if files == 1 { "" } else { "s" };
            self.say(&format!("watching {files} file{s}; Ctrl-C ends"));
        }
    }

    /// Hears that somebody else said something.
    fn interrupted(&self) {
        self.waits_for.set(None);
    }
}
