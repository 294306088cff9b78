//! Chooses the run, and writes the page.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use walk_core::{Fingerprint, Store as _};
use walk_plan::StateDir;

use super::data::Data;
use super::page;
use crate::args::{Common, ReportArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::history::{Recorded, RecordedAction, RecordedRun};
use crate::project;
use crate::terminal::tame;

/// Where the page is written if nothing else is said.
const NAME: &str = "walk-report.html";

/// Writes a page about a run, and says where it is.
pub(crate) fn report(common: &Common, args: &ReportArgs, out: &mut dyn Write) -> Result<Exit> {
    let (run, state) = find(common, args)?;
    let mut store = state.as_ref().map(StateDir::read_store).transpose()?.flatten();
    let fingerprint = |action: &RecordedAction| -> Option<Fingerprint> {
        let recorded = action.fingerprint.as_deref()?;
        // What cannot be read is not shown.
        let now = store.as_mut()?.load_fingerprint(&action.name).ok()??;
        (now.checksum().to_string() == recorded).then_some(now)
    };
    let data = Data::new(&run, fingerprint);
    let path = args.output.as_deref().unwrap_or(Path::new(NAME));
    if path == Path::new("-") && args.open {
        return Err(CliError::Usage("--open shows a file: name one with -o, or none".into()));
    }
    if path == Path::new("-") {
        page::write(&data, out)?;
        return Ok(Exit::Done);
    }
    let path = common.at(path);
    write(&data, &path).map_err(|source| CliError::File {
        verb: "write",
        path: path.clone(),
        source,
    })?;
    writeln!(out, "{}", tame(&path.to_string_lossy()))?;
    if args.open {
        open(&path)?;
    }
    Ok(Exit::Done)
}

/// Returns the run that is meant, and its state, unless it is only a file.
fn find(common: &Common, args: &ReportArgs) -> Result<(RecordedRun, Option<StateDir>)> {
    let meant = args.run.as_deref().unwrap_or("last");
    let choice = match meant.parse() {
        Ok(choice) => choice,
        // Also what is no file by itself, such as a pipe.
        Err(_) if common.at(Path::new(meant)).exists() => {
            return Ok((RecordedRun::read(&common.at(Path::new(meant)))?, None));
        }
        Err(expected) => {
            let message = format!("`{meant}` is neither a file nor a run: {expected}");
            return Err(CliError::Usage(message));
        }
    };
    let state = project::state(common)?;
    Ok((Recorded::of(&state).read(choice)?, Some(state)))
}

fn write(data: &Data<'_>, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    page::write(data, &mut file)?;
    file.flush()
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
