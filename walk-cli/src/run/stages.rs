//! The way of one run of a manifest of ninja: stage by stage.
//!
//! The manifest is brought up to date first, then the files that say what depends on what, then
//! what was asked for. The stages before the last are only seen if they run something; what
//! is recorded is the last one, or the one that failed.

use std::cell::RefCell;
use std::mem;
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use walk_core::{ActionReport, Dag, Report};
use walk_ninja::{Build, BuildError, Frame, Purpose};
use walk_plan::{ActionId, CommandWalk, EngineQueue, Loaded, Lock, Options, Plan, StateDir};

use super::command::{Ended, begin, observe};
use super::logging::log_to;
use super::occasion::Occasion;
use super::setup;
use super::tally::Tally;
use super::watch::Watch;
use crate::args::{Common, RunArgs};
use crate::away::prepare;
use crate::error::Result;
use crate::exit::Exit;
use crate::os::{FromMake, Signals};
use crate::project::{state_of_ninja, take_lock};
use crate::quiet::Lesson;
use crate::record::Records;
use crate::terminal::Console;

/// Brings targets up to date.
pub(super) fn run(
    common: &Common,
    args: &RunArgs,
    make: &FromMake,
    frame: Frame,
    lesson: Option<Lesson>,
    occasion: &Occasion,
) -> Result<Exit> {
    let started = Instant::now();
    let jobs = frame.jobs;
    let mut build = read(frame.clone())?;
    let state = state_of_ninja(common, &build);
    let interrupt = occasion.interrupt();
    let mut watch = setup::watch(common, args, &state, interrupt.clone())?;
    let console = watch.console.clone();
    let prepared = started.elapsed();
    let (lock, has_waited) = take_lock(&state, common, "run")?;
    if has_waited {
        build = read(frame.clone())?;
    }
    log_to(&console);
    build.graph().warnings().iter().for_each(|it| log::warn!("{it}"));
    let records = mem::take(&mut watch.records);
    let signals = occasion.signals(&console)?;
    let mut options = setup::options(&walk_plan::Settings::default(), args, make, interrupt);
    options.max_active = std::num::NonZeroU32::new(jobs);
    options.held = Some(lock.file());
    let (started, watch) = (Instant::now(), Rc::new(RefCell::new(watch)));
    let run =
        Run { common, args, frame, state, options, console, watch, started, prepared, occasion };
    let exit = run.stages(&mut build, records, &signals, lesson);
    // The process is about to end: there is no use in tidying up a graph before that.
    occasion.leave::<(Build, Lock)>((build, lock));
    signals.received().map_or(exit, |signal| Ok(Exit::Signal(signal)))
}

fn read(frame: Frame) -> Result<Build> {
    Ok(Build::new(frame).map_err(BuildError::from)?)
}

struct Run<'a> {
    common: &'a Common,
    args: &'a RunArgs,
    frame: Frame,
    state: StateDir,
    options: Options,
    console: Console,
    watch: Rc<RefCell<Watch>>,
    started: Instant,
    /// How long it took before the lock was asked for.
    prepared: Duration,
    occasion: &'a Occasion,
}

/// A walk that ended.
struct Walked {
    walk: CommandWalk,
    dag: Dag<ActionId>,
    result: Result<Report>,
}

impl Run<'_> {
    fn stages(
        &self,
        build: &mut Build,
        records: Records,
        signals: &Signals,
        mut lesson: Option<Lesson>,
    ) -> Result<Exit> {
        let mut loaded = None;
        let mut records = Some(records);
        loop {
            let targets = if build.is_manifest_next() { Vec::new() } else { self.targets(build)? };
            let Some(stage) = build.next_stage(&targets)? else {
                let duration = self.prepared + self.started.elapsed();
                self.watch.borrow_mut().recorder.close(Tally::default(), Exit::Done, duration);
                return Ok(Exit::Done);
            };
            let is_last = stage.purpose == Purpose::Targets;
            let walk = self.open(stage.plan, stage.purpose, loaded.take())?;
            if build.widen(&walk.plan().files) {
                loaded = Some(walk.into_loaded());
                continue;
            }
            if is_last && let Some(records) = records.take() {
                self.watch.borrow_mut().records = records;
            }
            let walked = self.walk(walk, &stage.targets)?;
            if let (Some(lesson), Ok(report)) = (&mut lesson, &walked.result) {
                lesson.add(&walked.walk, &walked.dag, report);
            }
            let is_over = match &walked.result {
                Ok(report) => is_last || !report.is_success() || signals.received().is_some(),
                Err(_) => true,
            };
            if is_over {
                if let Some(records) = records.take() {
                    let mut watch = self.watch.borrow_mut();
                    watch.records = records;
                    begin(&walked.walk, &walked.dag, 0, &mut watch);
                }
                if let Some(lesson) = lesson.filter(|_| is_last && walked.result.is_ok()) {
                    lesson.keep(&self.state);
                }
                return self.conclude(walked, signals);
            }
            let report = walked.result?;
            loaded = Some(walked.walk.into_loaded());
            build.stage_done(|it| report.action(it).is_some_and(ActionReport::was_executed))?;
        }
    }

    /// Returns what was asked for as paths: a name or a path is one, a glob stands for several.
    fn targets(&self, build: &Build) -> Result<Vec<Vec<u8>>> {
        let mut targets = Vec::new();
        for target in &self.args.targets {
            if build.graph().target(target.as_bytes()).is_ok() {
                targets.push(target.clone().into_bytes());
                continue;
            }
            let plan = read(self.frame.clone())?.into_plan()?;
            for action in plan.select(std::slice::from_ref(target))? {
                let output = plan.actions[action.index()].outputs.first();
                let path = output.map(|it| plan.files.path(*it).as_os_str().as_bytes().to_vec());
                targets.extend(path);
            }
        }
        Ok(targets)
    }

    fn open(
        &self,
        mut plan: Plan,
        purpose: Purpose,
        loaded: Option<Loaded>,
    ) -> Result<CommandWalk> {
        if let Some(engine) = self.common.engine {
            plan.engines.insert("default".into(), EngineQueue::new(engine.name()));
        }
        let loaded = loaded.map_or_else(|| self.state.load(), Ok)?;
        let mut options = self.options.clone();
        // What a manifest or a graph is made of is no target: forced, it would never settle.
        options.force &= purpose == Purpose::Targets;
        Ok(CommandWalk::with_loaded(plan, self.state.clone(), loaded, options)?)
    }

    fn walk(&self, mut walk: CommandWalk, targets: &[ActionId]) -> Result<Walked> {
        let dag = walk.dag(targets)?;
        begin(&walk, &dag, 0, &mut self.watch.borrow_mut());
        observe(&mut walk, &self.watch, self.occasion);
        let interrupt = self.occasion.interrupt();
        let result = prepare(self.common, &mut walk, &dag, &interrupt, &self.console);
        let result = result.and_then(|()| Ok(walk.run(&dag)?));
        Ok(Walked { walk, dag, result })
    }

    fn conclude(&self, walked: Walked, signals: &Signals) -> Result<Exit> {
        let Walked { walk, dag, result } = walked;
        self.console.finish();
        let mut watch = self.watch.borrow_mut();
        let (taste, limit) = (watch.taste, self.options.max_failures);
        let duration = self.prepared + self.started.elapsed();
        let (plan, state) = (walk.plan(), walk.state());
        let (common, occasion) = (self.common, self.occasion);
        let run =
            Ended { common, dag: &dag, plan, state, taste, limit, duration, rest: 0, occasion };
        let exit = match result {
            Ok(report) => run.conclude(&report, signals, &self.console, &mut watch),
            Err(error) => run.give_up(error, &mut watch),
        };
        drop(watch);
        self.occasion.forget((walk, dag));
        exit
    }
}
