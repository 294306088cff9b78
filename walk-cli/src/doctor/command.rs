//! The checks, in order, and how they are shown.

use std::io::Write;
use std::path::Path;

use walk_plan::StateDir;

use super::finding::Finding;
use super::{away, disk, project, surroundings, system};
use crate::args::Common;
use crate::error::Result;
use crate::exit::Exit;
use crate::project::{manifest, state_beside};
use crate::terminal::{Palette, tame};

/// How wide the names are.
const WIDTH: usize = 11;

/// Says what works here; the exit is 1 if anything does not.
pub(crate) fn doctor(common: &Common, palette: Palette, out: &mut dyn Write) -> Result<Exit> {
    let state = state(common);
    let place = place(&state);
    let plan = away::plan(common);
    let is_shared = away::needs_cluster(plan.as_ref(), common);
    let checks: [&dyn Fn() -> Finding; 13] = [
        &system::version,
        &|| project::manifest(common),
        &|| project::state(&state),
        &|| project::lock(&state),
        &|| disk::file_system(&place, is_shared),
        &|| disk::locks(&place),
        &|| disk::clock(&place),
        &system::shell,
        &system::processes,
        &system::guardian,
        &system::watches,
        &system::open_files,
        &|| surroundings::terminal(common),
    ];
    let make = || surroundings::make(std::env::var("MAKEFLAGS").ok().as_deref());
    let slurm = || away::slurm(plan.as_ref(), common, &place, &std::env::temp_dir());
    let others = [make(), slurm(), away::cache(plan.as_ref(), common)];
    let findings: Vec<Finding> = checks.iter().map(|it| it()).chain(others).collect();
    let is_well = findings.iter().all(|it| it.is_well);
    for finding in findings.iter().filter(|it| !(common.quiet && it.is_well)) {
        let mark = if finding.is_well { palette.good("ok  ") } else { palette.warn("warn") };
        let sentence = tame(&finding.sentence);
        writeln!(out, "{mark}  {:<WIDTH$}  {sentence}", finding.name)?;
    }
    Ok(if is_well { Exit::Done } else { Exit::Failed })
}

/// Returns where the state is, or would be.
fn state(common: &Common) -> StateDir {
    let path = manifest(common).unwrap_or_else(|| common.at(Path::new("walk.toml")));
    state_beside(common, &path)
}

/// Returns the state directory, or where it would be made.
fn place(state: &StateDir) -> std::path::PathBuf {
    let full = std::path::absolute(state.path()).unwrap_or_else(|_| state.path().into());
    let found = full.ancestors().find(|it| it.is_dir());
    found.unwrap_or(Path::new("/")).into()
}
