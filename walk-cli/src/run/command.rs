//! The way of one run, from the arguments to the exit.

use std::cell::RefCell;
use std::mem;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGPIPE;
use walk_core::{Dag, Event, Interrupt, Report};
use walk_plan::{
    ActionId, Captured, Command, CommandWalk, Lock, Observer as _, Partial, Plan, Run, StateDir,
};

use super::logging::{log_to, was_anything_logged};
use super::occasion::Occasion;
use super::summary::Summary;
use super::tally::Tally;
use super::telling::start_of;
use super::watch::{Taste, Watch};
use super::{setup, stages};
use crate::args::{Common, RunArgs};
use crate::away::prepare;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::os::{FromMake, Signals, from_make};
use crate::project::{self, Project};
use crate::quiet::{Answer, Lesson, Question};
use crate::terminal::{Console, Output};

/// Brings targets up to date.
pub(crate) fn run(common: &Common, args: &RunArgs, occasion: &Occasion) -> Result<Exit> {
    let started = Instant::now();
    let make = from_make(args.jobs);
    let jobs = make.jobs;
    let question = question(common, args, jobs);
    if let Some(question) = &question {
        match question.answer("run") {
            Answer::UpToDate(actions) => {
                return say_up_to_date(common, args, question.state(), actions, started, occasion);
            }
            Answer::Part(lock, part) => {
                let state = question.state();
                let done = run_part(common, args, &make, state, (lock, *part), started, occasion)?;
                if let Some(exit) = done {
                    return Ok(exit);
                }
            }
            Answer::Unknown => {}
        }
    }
    let mut lesson = question.map(Question::learn);
    if let Some(frame) = project::ninja(common, jobs)? {
        return stages::run(common, args, &make, frame, lesson, occasion);
    }
    let mut project = Project::read_with_state(common, jobs, "run")?;
    project.plan.select(&args.targets)?;
    let interrupt = occasion.interrupt();
    let watch = setup::watch(common, args, &project.state, interrupt.clone())?;
    let prepared = started.elapsed();
    let (lock, loaded) = project.lock(common, "run")?;
    let started = Instant::now();
    log_to(&watch.console);
    let mut options = setup::options(&project.plan.settings, args, &make, interrupt);
    options.held = Some(lock.file());
    let limit = options.max_failures;
    let walk = project.open(loaded, &options)?;
    let dag = walk.dag(&walk.plan().select(&args.targets)?)?;
    let going = Going { common, walk, dag, watch, lock, occasion, limit, rest: 0 };
    going.go(
        || prepared + started.elapsed(),
        |walk, dag, report| {
            learn(&mut lesson, walk, dag, report);
        },
    )
}

/// Brings up to date what some files that changed may concern; `None` if that does not work and
/// everything has to be.
fn run_part(
    common: &Common,
    args: &RunArgs,
    make: &FromMake,
    state: &StateDir,
    (lock, part): (Lock, Partial),
    started: Instant,
    occasion: &Occasion,
) -> Result<Option<Exit>> {
    let interrupt = occasion.interrupt();
    let watch = setup::watch(common, args, state, interrupt.clone())?;
    log_to(&watch.console);
    let mut options = setup::options(part.settings(), args, make, interrupt);
    options.held = Some(lock.file());
    let limit = options.max_failures;
    let Some((walk, dag, rest)) = part.open(state, options)? else { return Ok(None) };
    let up_to_date = rest.up_to_date;
    let going = Going { common, walk, dag, watch, lock, occasion, limit, rest: up_to_date };
    let exit = going.go(
        || started.elapsed(),
        |walk, dag, report| {
            // What was said would have to be said again.
            if !was_anything_logged() {
                rest.keep(walk, dag, report);
            }
        },
    );
    exit.map(Some)
}

/// A walk that is about to begin.
struct Going<'a> {
    common: &'a Common,
    walk: CommandWalk,
    dag: Dag<ActionId>,
    watch: Watch,
    lock: Lock,
    occasion: &'a Occasion,
    limit: Option<NonZeroU32>,
    /// How many actions are known to be up to date, besides those of the graph.
    rest: usize,
}

impl Going<'_> {
    /// Walks, has `learn` hear of the end, and says how it was.
    fn go(
        self,
        duration: impl Fn() -> Duration,
        learn: impl FnOnce(&CommandWalk, &Dag<ActionId>, &Report),
    ) -> Result<Exit> {
        let Self { common, mut walk, dag, mut watch, lock, occasion, limit, rest } = self;
        let (console, taste) = (watch.console.clone(), watch.taste);
        begin(&walk, &dag, rest, &mut watch);
        let watch = Rc::new(RefCell::new(watch));
        observe(&mut walk, &watch, occasion);
        let signals = occasion.signals(&console)?;
        let result = prepare(common, &mut walk, &dag, &occasion.interrupt(), &console);
        let result = result.and_then(|()| Ok(walk.run(&dag)?));
        console.finish();
        let (plan, state, duration) = (walk.plan(), walk.state(), duration());
        let run = Ended { common, dag: &dag, plan, state, taste, limit, duration, rest, occasion };
        let exit = match result {
            Ok(report) => {
                learn(&walk, &dag, &report);
                let exit = run.conclude(&report, &signals, &console, &mut watch.borrow_mut());
                occasion.forget(report);
                exit
            }
            Err(error) => run.give_up(error, &mut watch.borrow_mut()),
        };
        // The process is about to end: there is no use in tidying up a graph before that.
        occasion.leave((walk, dag, lock, watch));
        // A walk that stopped because of a signal may well have failed of it.
        signals.received().map_or(exit, |signal| Ok(Exit::Signal(signal)))
    }
}

/// Returns what is asked, if a memo may know the answer: not who wants to know more than that.
fn question(common: &Common, args: &RunArgs, jobs: Option<u32>) -> Option<Question> {
    let wants_more = [&args.events, &args.trace, &args.junit].iter().any(|it| it.is_some());
    if wants_more || args.force {
        return None;
    }
    Question::of_run(common, &args.targets, jobs)
}

fn say_up_to_date(
    common: &Common,
    args: &RunArgs,
    state: &StateDir,
    actions: usize,
    started: Instant,
    occasion: &Occasion,
) -> Result<Exit> {
    let console = setup::watch(common, args, state, Interrupt::default())?.console.clone();
    let tally = Tally { up_to_date: actions, ..Tally::default() };
    if !(common.quiet || occasion.is_silent(tally)) {
        console.print(format!("{}\n", tally.describe(started.elapsed())).as_bytes());
    }
    console.finish();
    Ok(if console.is_broken() { Exit::Signal(SIGPIPE) } else { Exit::Done })
}

/// Has the next run that asks the same know that nothing is to be done.
pub(super) fn learn(
    lesson: &mut Option<Lesson>,
    walk: &CommandWalk,
    dag: &Dag<ActionId>,
    report: &Report,
) {
    if let Some(mut lesson) = lesson.take() {
        lesson.add(walk, dag, report);
        lesson.keep(walk.state());
    }
}

/// Says how many actions there are: those of the graph, and the `rest`, which is up to date.
pub(super) fn begin(walk: &CommandWalk, dag: &Dag<ActionId>, rest: usize, watch: &mut Watch) {
    let plan = walk.plan();
    let start = start_of(plan, dag, rest, watch.targets.clone());
    watch.console.begin(start.actions, plan.settings.grace);
    watch.has_looked_ahead = false;
    watch.console.stayed(rest);
    watch.records.start(&start);
    watch.recorder.start(&start);
}

pub(super) fn observe(walk: &mut CommandWalk, watch: &Rc<RefCell<Watch>>, occasion: &Occasion) {
    let (watch, occasion) = (Rc::clone(watch), occasion.clone());
    let observer = move |plan: &Plan, event: &Event<'_, ActionId>, seen: Option<&Captured>| {
        occasion.hear(event);
        watch.borrow_mut().on_event(plan, event, seen);
    };
    walk.set_observer(Box::new(observer));
}

/// A run that ended.
pub(super) struct Ended<'a> {
    pub(super) common: &'a Common,
    pub(super) dag: &'a Dag<ActionId>,
    pub(super) plan: &'a Plan,
    pub(super) state: &'a StateDir,
    pub(super) taste: Taste,
    pub(super) limit: Option<NonZeroU32>,
    /// How long it took, reading the manifest included, waiting for the lock not.
    pub(super) duration: Duration,
    /// How many actions are up to date, besides those of the graph.
    pub(super) rest: usize,
    pub(super) occasion: &'a Occasion,
}

impl Ended<'_> {
    /// Says how the run ended, writes the records, and returns the exit.
    pub(super) fn conclude(
        &self,
        report: &Report,
        signals: &Signals,
        console: &Console,
        watch: &mut Watch,
    ) -> Result<Exit> {
        let mut tally = Tally::of(report, self.dag, self.plan);
        tally.up_to_date += self.rest;
        tally.flaky = watch.oddities.flaky();
        tally.cached = watch.oddities.restored();
        let is_good = tally.exit() == Exit::Done;
        if !(self.taste.quiet && is_good || self.occasion.is_silent(tally)) {
            let summary = self.summary(report, tally, watch);
            console.print(summary.as_bytes());
        }
        let exit = match signals.received() {
            Some(signal) => Exit::Signal(signal),
            None if console.is_broken() => Exit::Signal(SIGPIPE),
            None => tally.exit(),
        };
        let group = |it: &ActionId| {
            let command = self.command(*it);
            (command.run != Run::Nothing).then(|| command.group.to_string())
        };
        watch.recorder.close(tally, exit, self.duration);
        let records = mem::take(&mut watch.records);
        let mut records = records.finish(report, self.dag, group, |name| self.output(name))?;
        records.close(tally, exit, self.duration)?;
        Ok(exit)
    }

    /// Says in the records that the run came to no end of its own.
    pub(super) fn give_up(&self, error: CliError, watch: &mut Watch) -> Result<Exit> {
        watch.recorder.close(Tally::default(), error.exit(), self.duration);
        watch.records.close(Tally::default(), error.exit(), self.duration)?;
        Err(error)
    }

    fn summary(&self, report: &Report, tally: Tally, watch: &Watch) -> String {
        let failures = u32::try_from(tally.failed + tally.not_ready).unwrap_or(u32::MAX);
        let summary = Summary {
            report,
            dag: self.dag,
            runs: &|it| self.command(self.dag[it]).run != Run::Nothing,
            duration: self.duration,
            palette: self.taste.palette,
            output: &|name| self.output(name),
            log_command: &|name| self.log_command(name),
            last_shown: watch.last_shown.as_deref(),
            oddities: &watch.oddities.describe(self.taste.palette),
            stopped_early: self.limit.is_some_and(|it| failures >= it.get()),
        };
        summary.render(tally)
    }

    fn command(&self, id: ActionId) -> &Command {
        &self.plan.actions[id.index()]
    }

    fn output(&self, name: &str) -> Option<Output> {
        Output::read(&self.state.log(name)).ok()
    }

    /// Returns the command that prints the log of `name`, with the flags that lead here.
    fn log_command(&self, name: &str) -> String {
        let paths = [
            ("-C", &self.common.directory),
            ("-f", &self.common.file),
            ("--state-dir", &self.common.state_dir),
        ];
        let mut words = vec!["walk".to_owned()];
        for (flag, path) in paths {
            if let Some(path) = path {
                words.extend([flag.to_owned(), path.to_string_lossy().into_owned()]);
            }
        }
        words.extend(["log".to_owned(), name.to_owned()]);
        walk_plan::join(words)
    }
}
