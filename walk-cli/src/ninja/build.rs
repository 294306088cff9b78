//! A build: one walk after the other, until what was asked for is up to date.
//!
//! The manifest comes first, then files that say what depends on what, then the targets. A
//! walk that fails, or is told to stop, is the last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::mem;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGPIPE;
use walk_core::{ActionReport, Event, Interrupt, Report};
use walk_ninja::{Build, Frame, Purpose, Stage};
use walk_plan::{ActionId, Captured, CommandWalk, Observer as _, Options, Plan, StateDir};

use super::args::{Args, Debug};
use super::printer::{Kind, Printer};
use super::state::State;
use super::stats::Stats;
use super::status::Status;
use super::stop::{Result, Stop};
use super::template::Template;
use super::watch::{Shared, Watch};
use crate::exit::Exit;
use crate::os::{self, Signals};
use crate::quiet::{Answer, Lesson, Question};
use crate::record::Recorder;
use crate::run::{Tally, log_through, start_of};

/// What is said if nothing is to be done.
const NO_WORK: &str = "no work to do.";

/// Brings the targets up to date.
pub(super) fn run(args: &Args, frame: &Frame) -> Result<Exit> {
    let template = template()?;
    let question = question(args, frame);
    if question.as_ref().is_some_and(|it| matches!(it.answer("ninja"), Answer::UpToDate(_))) {
        let mut status = status(args, template);
        status.inform(NO_WORK);
        return Ok(Exit::Done);
    }
    let lesson = question.map(Question::learn);
    let mut times = Stats::default();
    let (build, ours) = open(frame, &mut times)?;
    let mut run = Run::new(args, template, build, ours, times)?;
    run.warn();
    let exit = run.stages(lesson);
    run.close(exit.as_ref().map_or_else(Stop::exit, |it| *it));
    run.status.get().printer.start_line();
    if args.debug.stats {
        run.status.get().printer.below(run.times.render().as_bytes());
    }
    // The process is about to end: there is no use in tidying up a graph before that.
    mem::forget(run);
    exit
}

/// Returns what is asked, if a memo may know the answer.
fn question(args: &Args, frame: &Frame) -> Option<Question> {
    let Debug { stats: false, explain: false, .. } = args.debug else { return None };
    let path = args.directory.as_deref().unwrap_or(Path::new("")).join(&args.file);
    // Where it is if the manifest does not say otherwise.
    let state = StateDir::new(frame.root.join(".walk"));
    let targets = args.targets.iter().map(|it| OsStr::from_bytes(it));
    Question::new(
        state,
        &path,
        &std::iter::once("ninja".as_ref()).chain(targets).collect::<Vec<_>>(),
    )
}

/// Reads the manifest, and the state, which is ours then.
fn open(frame: &Frame, times: &mut Stats) -> Result<(Build, State)> {
    // Where it is if the manifest does not say otherwise.
    let early = State::begin(frame.root.join(".walk"))?;
    let read = || Build::new(frame.clone());
    let build = times.measure("manifest read", read)?;
    match early {
        Some(state) if state.dir.path() == build.state_dir() => return Ok((build, state)),
        // Nothing may go on there without its lock.
        Some(mut other) => drop(other.load()?),
        None => {}
    }
    match State::lock(build.state_dir())? {
        (state, false) => Ok((build, state)),
        (state, true) => Ok((read()?, state)),
    }
}

/// Returns what is printed before each edge.
pub(super) fn template() -> Result<Template> {
    let value = env::var_os("NINJA_STATUS");
    Template::read(value.as_deref().map(OsStrExt::as_bytes)).map_err(Stop::Fatal)
}

/// Returns a status that prints to the streams of the process.
pub(super) fn status(args: &Args, template: Template) -> Status {
    let printer = Printer::of_process(Kind::of_process(args.volume));
    Status::new(printer, template, args.volume, args.jobs.map(NonZeroU32::get))
}

/// Returns how long each edge took when it ran last, by name.
fn last_times(ours: &State) -> Result<BTreeMap<String, Duration>> {
    let notes = ours.dir.notes()?.into_iter();
    Ok(notes.map(|(name, note)| (name, note.duration())).collect())
}

struct Run<'a> {
    args: &'a Args,
    build: Rc<RefCell<Build>>,
    watch: Rc<RefCell<Watch>>,
    status: Shared,
    ours: State,
    interrupt: Interrupt,
    signals: Signals,
    times: Stats,
    started: Instant,
}

impl<'a> Run<'a> {
    fn new(
        args: &'a Args,
        template: Template,
        build: Build,
        ours: State,
        times: Stats,
    ) -> Result<Self> {
        let last_times = if template.predicts() { last_times(&ours)? } else { BTreeMap::new() };
        let build = Rc::new(RefCell::new(build));
        let status = Shared::new(status(args, template));
        log_through(Box::new(Log(status.clone())));
        let interrupt = Interrupt::default();
        let signals = Signals::handle(interrupt.clone(), Deaf)
            .map_err(|error| Stop::Fatal(format!("cannot handle signals: {error}")))?;
        let watch = Watch {
            build: Rc::clone(&build),
            edges: Vec::new(),
            status: status.clone(),
            volume: args.volume,
            explains: args.debug.explain,
            last_times,
            interrupt: interrupt.clone(),
            executed: 0,
            failed: 0,
            last_code: 1,
            recorder: Recorder::new(ours.dir.clone()),
            tally: Tally::default(),
        };
        let watch = Rc::new(RefCell::new(watch));
        Ok(Self {
            args,
            build,
            watch,
            status,
            ours,
            interrupt,
            signals,
            times,
            started: Instant::now(),
        })
    }

    fn warn(&self) {
        for warning in self.build.borrow().graph().warnings() {
            let text = format!("ninja: warning: {warning}\n");
            self.status.get().printer.complain(text.as_bytes());
        }
    }

    fn stages(&mut self, mut lesson: Option<Lesson>) -> Result<Exit> {
        loop {
            let next = || self.build.borrow_mut().next_stage(&self.args.targets);
            let stage = self.times.measure("stage begin", next)?;
            let Some(stage) = stage else { break };
            let purpose = stage.purpose;
            let walked = self.walk(stage, lesson.as_mut());
            let checked = walked.and_then(|it| it.map(|it| self.check(it, purpose)).transpose());
            let report = checked.map_err(|stop| match purpose {
                Purpose::Manifest => stop.rebuilding(&self.args.file.to_string_lossy()),
                _ => stop,
            })?;
            let Some(report) = report else { continue };
            let was_executed =
                |name: &str| report.action(name).is_some_and(ActionReport::was_executed);
            let done = || self.build.borrow_mut().stage_done(was_executed);
            if self.times.measure("stage end", done)? {
                self.start_over()?;
            }
            if purpose == Purpose::Manifest {
                self.watch.borrow_mut().executed = 0;
            }
        }
        if self.watch.borrow().executed == 0 {
            self.status.get().inform(NO_WORK);
            // A warning is said each time.
            let is_silent = self.build.borrow().graph().warnings().is_empty();
            if let Some(lesson) = lesson.filter(|_| is_silent) {
                lesson.keep(&self.ours.dir);
            }
        }
        Ok(Exit::Done)
    }

    /// Begins anew after the manifest was made again.
    fn start_over(&mut self) -> Result<()> {
        self.status.get().reset();
        self.warn();
        let path = self.build.borrow().state_dir();
        if path != self.ours.dir.path() {
            self.ours = State::lock(path)?.0;
        }
        Ok(())
    }

    /// Walks a stage; nothing is done, and nothing returned, if it has to be a wider one.
    fn walk(&mut self, stage: Stage, lesson: Option<&mut Lesson>) -> Result<Option<Report>> {
        let edges = stage.edges().to_vec();
        let (plan, targets) = (stage.plan, stage.targets);
        let loaded = self.times.measure("state load", || self.ours.load())?;
        let options = self.options();
        let mut walk = CommandWalk::with_loaded(plan, self.ours.dir.clone(), loaded, options)?;
        if self.build.borrow_mut().widen(&walk.plan().files) {
            self.ours.loaded = Some(walk.into_loaded());
            return Ok(None);
        }
        let dag = self.times.measure("graph", || walk.dag(&targets))?;
        let targets = self.args.targets.iter().map(|it| String::from_utf8_lossy(it).into_owned());
        let start = start_of(walk.plan(), &dag, 0, targets.collect());
        self.watch.borrow_mut().recorder.start(&start);
        self.watch.borrow_mut().begin(edges, walk.plan(), &dag);
        let watch = Rc::clone(&self.watch);
        let observer = move |plan: &Plan, event: &Event<'_, ActionId>, seen: Option<&Captured>| {
            watch.borrow_mut().on_event(plan, event, seen);
        };
        walk.set_observer(Box::new(observer));
        let report = self.times.measure("walk", || walk.run(&dag));
        if let (Some(lesson), Ok(report)) = (lesson, &report) {
            lesson.add(&walk, &dag, report);
        }
        if let Ok(report) = &report {
            self.watch.borrow_mut().tally += Tally::of(report, &dag, walk.plan());
        }
        self.ours.loaded = Some(walk.into_loaded());
        Ok(Some(report?))
    }

    /// Ends the record of the build.
    fn close(&self, exit: Exit) {
        let watch = &mut *self.watch.borrow_mut();
        watch.recorder.close(watch.tally, exit, self.started.elapsed());
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        options.max_failures = self.args.failures;
        options.max_active = self.args.jobs;
        options.max_load = self.args.load;
        options.jobserver.clone_from(&self.args.jobserver);
        options.interrupt = self.interrupt.clone();
        options.held = Some(self.ours.lock.file());
        options
    }

    /// Says how a walk stopped that did not succeed.
    fn check(&self, report: Report, purpose: Purpose) -> Result<Report> {
        let (failed, code) = {
            let watch = self.watch.borrow();
            (watch.failed, watch.last_code)
        };
        let mut status = self.status.get();
        if status.printer.is_broken() {
            return Err(Stop::Said(Exit::Signal(SIGPIPE)));
        }
        let (why, exit) = match self.args.failures {
            _ if self.signals.received().is_some() || report.is_interrupted() => {
                ("interrupted by user", Exit::NINJA_INTERRUPTED)
            }
            _ if report.is_success() => return Ok(report),
            Some(NonZeroU32::MIN) => ("subcommand failed", Exit::Ninja(code)),
            Some(limit) if failed >= limit.get() => ("subcommands failed", Exit::Ninja(code)),
            _ => ("cannot make progress due to previous errors", Exit::Ninja(code)),
        };
        if purpose == Purpose::Manifest {
            return Err(Stop::Error(why.into()));
        }
        status.stop(why);
        Err(Stop::Said(exit))
    }
}

/// Where warnings of the walk go: above the line of the status.
struct Log(Shared);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get().printer.complain(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// ninja says nothing of signals before all that runs has stopped.
struct Deaf;

impl os::Listener for Deaf {
    fn stopping(&self, _: bool, _: &str) {}
    fn leaving(&self) {}
    fn suspended(&self) {}
    fn resumed(&self) {}
}
