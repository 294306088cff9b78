//! Chooses the run, and writes the page.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use walk_core::{Fingerprint, Store as _};
use walk_plan::StateDir;

use super::data::Data;
use super::{formats, page};
use crate::args::{Common, ReportArgs, ReportFormat};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::history::{Recorded, RecordedAction, RecordedRun};
use crate::project;
use crate::terminal::tame;

/// Writes a page about a run, and says where it is.
pub(crate) fn report(common: &Common, args: &ReportArgs, out: &mut dyn Write) -> Result<Exit> {
    let (run, record, state) = find(common, args)?;
    let path = args.output.as_deref().unwrap_or(Path::new(usual_name(args.format)));
    let is_stdout = path == Path::new("-");
    if is_stdout && args.open {
        return Err(CliError::Usage("--open shows a file: name one with -o, or none".into()));
    }
    if is_stdout {
        write(&run, &record, state.as_ref(), args.format, out)?;
        return Ok(Exit::Done);
    }
    let path = common.at(path);
    let failed = |source| CliError::File { verb: "write", path: path.clone(), source };
    let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
    write(&run, &record, state.as_ref(), args.format, &mut file).map_err(|error| match error {
        CliError::Output(source) => failed(source),
        other => other,
    })?;
    file.flush().map_err(failed)?;
    writeln!(out, "{}", tame(&path.to_string_lossy()))?;
    if args.open {
        open(&path)?;
    }
    Ok(Exit::Done)
}

fn usual_name(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Html => "walk-report.html",
        ReportFormat::Trace => "walk-trace.json",
        ReportFormat::Junit => "walk-junit.xml",
        ReportFormat::Events => "walk-events.jsonl",
    }
}

fn write(
    run: &RecordedRun,
    record: &Path,
    state: Option<&StateDir>,
    format: ReportFormat,
    out: &mut dyn Write,
) -> Result<()> {
    match format {
        ReportFormat::Html => write_page(run, state, out)?,
        ReportFormat::Trace => formats::trace(run).write(out)?,
        ReportFormat::Junit => formats::junit(run).serialize(out).map_err(io::Error::other)?,
        ReportFormat::Events => {
            let failed = |source| CliError::File { verb: "read", path: record.into(), source };
            io::copy(&mut File::open(record).map_err(failed)?, out)?;
        }
    }
    Ok(())
}

fn write_page(run: &RecordedRun, state: Option<&StateDir>, out: &mut dyn Write) -> Result<()> {
    let mut store = state.map(StateDir::read_store).transpose()?.flatten();
    let fingerprint = |action: &RecordedAction| -> Option<Fingerprint> {
        let recorded = action.fingerprint.as_deref()?;
        // What cannot be read is not shown.
        let now = store.as_mut()?.load_fingerprint(&action.name).ok()??;
        (now.checksum().to_string() == recorded).then_some(now)
    };
    Ok(page::write(&Data::new(run, fingerprint), out)?)
}

/// Returns the run that is meant, its record, and its state, unless it is only a file.
fn find(common: &Common, args: &ReportArgs) -> Result<(RecordedRun, PathBuf, Option<StateDir>)> {
    let meant = args.run.as_deref().unwrap_or("last");
    let choice = match meant.parse() {
        Ok(choice) => choice,
        // Also what is no file by itself, such as a pipe.
        Err(_) if common.at(Path::new(meant)).exists() => {
            let path = common.at(Path::new(meant));
            return Ok((RecordedRun::read(&path)?, path, None));
        }
        Err(expected) => {
            let message = format!("`{meant}` is neither a file nor a run: {expected}");
            return Err(CliError::Usage(message));
        }
    };
    let state = project::state(common)?;
    let recorded = Recorded::of(&state);
    Ok((recorded.read(choice)?, recorded.path(choice)?, Some(state)))
}

/// Has the desktop show a file.
fn open(path: &Path) -> Result<()> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed =
        |what: String| CliError::Usage(format!("cannot show `{}`: {what}", path.display()));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("`{program}` ended with {status}"))),
        Err(error) => Err(failed(format!("`{program}` cannot be run: {error}"))),
    }
}
