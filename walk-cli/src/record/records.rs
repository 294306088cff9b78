//! The records that were asked for: opened before the run, so that a path that cannot be
//! written is known before hours of work.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use walk_core::{Dag, Event, Report};

use super::events::{Events, Subject};
use super::junit::{self, Attempts};
use super::line::Start;
use super::trace::Trace;
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::run::Tally;
use crate::terminal::Output;

/// Where to write which record.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// `-` is standard output.
    pub(crate) events: Option<PathBuf>,
    pub(crate) trace: Option<PathBuf>,
    pub(crate) junit: Option<PathBuf>,
}

/// The records of a run.
#[derive(Default)]
pub(crate) struct Records {
    events: Option<(Events, PathBuf)>,
    trace: Option<(PathBuf, File, Trace)>,
    junit: Option<(PathBuf, File, Attempts)>,
}

impl Records {
    /// Opens what is wanted.
    pub(crate) fn open(wanted: Wanted) -> Result<Self> {
        let events = wanted.events.map(|path| stream(&path).map(|it| (Events::new(it), path)));
        let trace = wanted.trace.map(|path| create(&path).map(|it| (path, it, Trace::default())));
        let junit =
            wanted.junit.map(|path| create(&path).map(|it| (path, it, Attempts::default())));
        Ok(Self {
            events: events.transpose()?,
            trace: trace.transpose()?,
            junit: junit.transpose()?,
        })
    }

    pub(crate) fn start(&mut self, start: &Start) {
        if let Some((events, _)) = &mut self.events {
            events.start(start);
        }
    }

    pub(crate) fn hear<D>(&mut self, event: &Event<'_, D>, subject: &Subject<'_>) {
        if let Some((events, _)) = &mut self.events {
            events.hear(event, subject);
        }
        if let Some((_, _, attempts)) = &mut self.junit {
            attempts.hear(event, subject.log);
        }
        if let Some((_, _, trace)) = &mut self.trace {
            trace.hear(event);
        }
    }

    /// Writes what is written in the end, and how the run ended.
    pub(crate) fn finish<D>(
        mut self,
        report: &Report,
        dag: &Dag<D>,
        group: impl Fn(&D) -> Option<String>,
        output: impl Fn(&str) -> Option<Output>,
    ) -> Result<Self> {
        if let Some((path, file, trace)) = self.trace.take() {
            trace.write(&mut BufWriter::new(file)).map_err(cannot_write(path))?;
        }
        if let Some((path, file, attempts)) = self.junit.take() {
            let written = junit::write(BufWriter::new(file), report, dag, attempts, group, output);
            written.map_err(io::Error::other).map_err(cannot_write(path))?;
        }
        Ok(self)
    }

    /// Tells how the run ended, and returns what went wrong with telling.
    pub(crate) fn close(&mut self, tally: Tally, exit: Exit, duration: Duration) -> Result<()> {
        let Some((mut events, path)) = self.events.take() else { return Ok(()) };
        events.finish(tally, exit, duration);
        match events.take_error() {
            Some(error) if path == Path::new("-") => Err(CliError::Output(error)),
            Some(error) => Err(cannot_write(path)(error)),
            None => Ok(()),
        }
    }
}

fn stream(path: &Path) -> Result<Box<dyn Write>> {
    Ok(if path == Path::new("-") { Box::new(io::stdout()) } else { Box::new(create(path)?) })
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(cannot_write(path.into()))
}

fn cannot_write(path: PathBuf) -> impl FnOnce(io::Error) -> CliError {
    move |source| CliError::File { verb: "write", path, source }
}
