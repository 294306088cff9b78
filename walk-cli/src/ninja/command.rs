//! The way of one call, from the command line to the exit.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::thread::available_parallelism;

use walk_ninja::Frame;

use super::answer::Answer;
use super::args::{Args, Volume, default_jobs};
use super::stop::{Result, Stop};
use super::{build, forecast, tools};
use crate::exit::Exit;
use crate::os::{FromMake, from_make};
use crate::run::start_log;

/// Does what ninja would do when called with `words`, and says on stderr what stopped it.
pub(crate) fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    start_log("ninja");
    let make = from_make(None);
    match Args::read(words, usual_jobs(&make)) {
        Ok(args) => go(&args.under(make)).unwrap_or_else(|stop| complain(&stop)),
        Err(answer) => give(&answer),
    }
}

fn go(args: &Args) -> Result<Exit> {
    for warning in &args.warnings {
        let _ = writeln!(io::stderr(), "ninja: warning: {warning}");
    }
    let frame = frame(args, enter(args)?);
    match &args.tool {
        Some(tool) => tools::run(args, &frame, tool),
        None if args.dry_run => forecast::run(args, frame),
        None => build::run(args, &frame),
    }
}

fn usual_jobs(make: &FromMake) -> NonZeroU32 {
    let of_make = make.jobs.and_then(NonZeroU32::new);
    of_make.unwrap_or_else(|| default_jobs(available_parallelism().map_or(0, Into::into)))
}

/// Returns the directory of `-C`, absolute; editors look for the line that says so.
fn enter(args: &Args) -> Result<PathBuf> {
    let Some(directory) = &args.directory else {
        return env::current_dir().map_err(|error| {
            Stop::Fatal(format!("cannot determine working directory: {}", words_of(&error)))
        });
    };
    if args.tool.is_none() && args.volume != Volume::Quiet {
        let _ = writeln!(io::stdout(), "ninja: Entering directory `{}'", directory.display());
    }
    fs::canonicalize(directory.join(".")).map_err(|error| {
        let why = words_of(&error);
        Stop::Fatal(format!("chdir to '{}' - {why}", directory.display()))
    })
}

fn frame(args: &Args, root: PathBuf) -> Frame {
    let mut frame = Frame::new(root, &args.file);
    frame.read = args.read.clone();
    frame.jobs = args.jobs.map_or(u32::MAX, NonZeroU32::get);
    frame.dry_run = args.dry_run;
    frame.keep_depfiles = args.debug.keep_depfiles;
    frame.keep_response_files = args.debug.keep_response_files;
    frame
}

/// Returns the reason without the number that the standard library adds.
fn words_of(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or_default().to_owned()
}

fn give(answer: &Answer) -> Exit {
    // Nobody to tell it to is no reason to fail otherwise.
    let _ = io::stdout().write_all(answer.out.as_bytes());
    let _ = io::stderr().write_all(answer.err.as_bytes());
    answer.exit
}

fn complain(stop: &Stop) -> Exit {
    if let Some(message) = stop.message() {
        let _ = io::stderr().write_all(message.as_bytes());
    }
    stop.exit()
}
