//! From the command line to the command that was meant.

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use walk_plan::TargetError;

use crate::args::{Cli, Command, Common, PlanArgs, RunArgs};
use crate::away;
use crate::begin;
use crate::commands;
use crate::complete;
use crate::doctor;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::ninja;
use crate::report;
use crate::run::{self, Occasion};
use crate::terminal::{Palette, Surroundings};
use crate::watch;

/// Runs the command that `args` ask for, and says on stderr what stopped it.
pub(crate) fn walk(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|it| it == away::NAME) {
        return away::run(&args[2..]);
    }
    if args.first().is_some_and(|it| ninja::is_ninja(it)) {
        return ninja::run(args);
    }
    if args.get(1).is_some_and(|it| it == "__complete") {
        return complete::answer(&args[2..]);
    }
    run::start_log("walk");
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    dispatch(&cli).unwrap_or_else(|error| complain(&cli.common, &error))
}

fn dispatch(cli: &Cli) -> Result<Exit> {
    let common = &cli.common;
    let Some(command) = &cli.command else {
        return run_or_plan(common, &cli.run, &Occasion::default()).map_err(meant_as_command);
    };
    match command {
        Command::Run(args) => run_or_plan(common, args, &Occasion::default()),
        Command::Watch(args) => {
            let round = |occasion: &Occasion| run_or_plan(common, &args.run, occasion);
            watch::watch(common, args, round, |error| {
                let _ = complain(common, error);
            })
        }
        Command::Clean(args) => commands::clean(common, args, &mut stdout()),
        other => answer(common, other),
    }
}

/// Runs a command that only reads and prints.
fn answer(common: &Common, command: &Command) -> Result<Exit> {
    let palette = palette(common, io::stdout().is_terminal());
    let mut out = stdout();
    let exit = match command {
        Command::Plan(args) => commands::plan(common, args, palette, &mut out)?,
        Command::Why(args) => commands::why(common, args, palette, &mut out)?,
        Command::Runs => commands::runs(common, palette, &mut out)?,
        Command::Diff(args) => commands::diff(common, args, palette, &mut out)?,
        Command::Report(args) => report::report(common, args, &mut out)?,
        Command::Status(args) => commands::status(common, args, palette, &mut out)?,
        Command::List(args) => commands::list(common, args, palette, &mut out)?,
        Command::Log { action } => commands::log(common, action, &mut out)?,
        Command::Graph(args) => commands::graph(common, args, &mut out)?,
        Command::Query(question) => commands::query(common, question, &mut out)?,
        Command::Init => begin::init(common, &mut out)?,
        Command::Import(import) => begin::import(common, import, &mut out)?,
        Command::Check => commands::check(common, &mut out)?,
        Command::Doctor => doctor::doctor(common, palette, &mut out)?,
        Command::Schema => commands::schema(&mut out)?,
        Command::Completions { shell } => complete::completions(*shell, &mut out)?,
        Command::Man { command } => commands::man(command.as_deref(), &mut out)?,
        Command::Run(_) | Command::Watch(_) | Command::Clean(_) => {
            unreachable!("they were dispatched before")
        }
    };
    out.flush()?;
    Ok(exit)
}

/// Runs `walk run`; with `-n` that is `walk plan`.
fn run_or_plan(common: &Common, args: &RunArgs, occasion: &Occasion) -> Result<Exit> {
    if !args.dry_run {
        return run::run(common, args, occasion);
    }
    let RunArgs { targets, force, explain, .. } = args.clone();
    answer(common, &Command::Plan(PlanArgs { targets, force, explain }))
}

/// A target that nobody knows may be a command that is misspelled.
fn meant_as_command(error: CliError) -> CliError {
    match error {
        CliError::Target(TargetError::Unknown { target, nearest }) => match Cli::nearest(&target) {
            Some(command) => {
                CliError::NoCommand { target: TargetError::Unknown { target, nearest }, command }
            }
            None => TargetError::Unknown { target, nearest }.into(),
        },
        other => other,
    }
}

fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

fn palette(common: &Common, is_terminal: bool) -> Palette {
    Palette::new(Surroundings::of_process(is_terminal).wants_color(common.color))
}

fn usage(error: &clap::Error) -> Exit {
    // Nobody to tell it to is no reason to fail otherwise.
    let _ = error.print();
    if error.exit_code() == 0 { Exit::Done } else { Exit::Usage }
}

fn complain(common: &Common, error: &CliError) -> Exit {
    if let Some(message) = error.message(&common.directory_of_manifest()) {
        let palette = palette(common, io::stderr().is_terminal());
        let _ = writeln!(io::stderr(), "{} {message}", palette.fail("walk:"));
    }
    error.exit()
}
