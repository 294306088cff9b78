//! What a run is set up with, made of the arguments.

use std::env;
use std::io::{self, IsTerminal as _, Write};
use std::num::NonZeroU32;
use std::path::Path;

use walk_core::Interrupt;
use walk_core::scheduler::Jobserver;
use walk_plan::{Options, Settings, StateDir};

use super::oddities::Oddities;
use super::watch::{Taste, Watch};
use crate::args::{Common, ProgressWish, RunArgs};
use crate::error::Result;
use crate::os::FromMake;
use crate::record::{Recorder, Records, Wanted};
use crate::terminal::{Ci, Console, Hints, Palette, Progress, Setup, Surroundings};

/// Returns the options of the walk.
pub(super) fn options(
    settings: &Settings,
    args: &RunArgs,
    make: &FromMake,
    interrupt: Interrupt,
) -> Options {
    let mut options = Options::default();
    options.force = args.force;
    options.timeout = args.timeout;
    options.interrupt = interrupt;
    options.jobserver = make.jobserver.clone().or_else(|| own_jobserver(settings));
    if let Some(complaint) = &make.complaint {
        log::warn!(target: "walk", "{complaint}");
    }
    options.max_failures = match args.keep_going {
        Some(limit) => limit.limit(),
        None if settings.keep_going => None,
        None => Some(NonZeroU32::MIN),
    };
    options
}

/// Returns a jobserver for what actions run, if the manifest asks for one.
fn own_jobserver(settings: &Settings) -> Option<Jobserver> {
    if !settings.jobserver {
        return None;
    }
    let made = Jobserver::serve(settings.jobs);
    made.inspect_err(
        |error| log::warn!(target: "walk", "there is no jobserver for actions: {error}"),
    )
    .ok()
}

/// Returns what hears of the run; the records are opened, nothing is written yet.
pub(super) fn watch(
    common: &Common,
    args: &RunArgs,
    state: &StateDir,
    interrupt: Interrupt,
) -> Result<Watch> {
    let records = Records::open(wanted(common, args))?;
    let (out, is_terminal) = out(args);
    let surroundings = Surroundings::of_process(is_terminal);
    let palette = Palette::new(surroundings.wants_color(common.color));
    let progress = match args.progress {
        ProgressWish::Auto if common.quiet => Progress::None,
        wish => surroundings.progress(wish),
    };
    let console = Console::new(Setup {
        out,
        err: Box::new(io::stderr()),
        progress,
        palette,
        has_taskbar: is_terminal && has_taskbar(),
    });
    let Common { quiet, verbose, .. } = *common;
    Ok(Watch {
        console,
        records,
        recorder: Recorder::new(state.clone()),
        targets: args.targets.clone(),
        taste: Taste { quiet, verbose, explain: args.explain, palette },
        is_terminal,
        ci: if progress == Progress::Bar { Ci::None } else { Ci::of_process() },
        state: state.clone(),
        is_forced: args.force,
        interrupt,
        name_width: None,
        interactive: 0,
        last_shown: None,
        oddities: Oddities::default(),
        has_looked_ahead: false,
    })
}

/// Returns where people look, and whether that is a terminal: stdout, unless events go there.
fn out(args: &RunArgs) -> (Box<dyn Write + Send>, bool) {
    if args.events.as_deref() == Some(Path::new("-")) {
        return (Box::new(io::stderr()), io::stderr().is_terminal());
    }
    (Box::new(io::stdout()), io::stdout().is_terminal())
}

/// Returns whether the terminal shows progress in its taskbar.
fn has_taskbar() -> bool {
    let names = ["WT_SESSION", "ConEmuANSI", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"];
    let values = names.map(|it| env::var(it).ok());
    let [wt_session, conemu_ansi, term, term_program, term_program_version] =
        values.each_ref().map(Option::as_deref);
    Hints { wt_session, conemu_ansi, term, term_program, term_program_version }.show_progress()
}

fn wanted(common: &Common, args: &RunArgs) -> Wanted {
    let at = |path: &Path| if path == Path::new("-") { path.into() } else { common.at(path) };
    Wanted {
        events: args.events.as_deref().map(at),
        trace: args.trace.as_deref().map(|it| common.at(it)),
        junit: args.junit.as_deref().map(|it| common.at(it)),
    }
}
