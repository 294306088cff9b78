//! The versions of tools, asked once a walk, before it begins.
//!
//! The programs run as jobs of a small walk of their own, so that they are run in parallel,
//! are stopped with the walk, and cannot hang it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use walk_core::scheduler::Output;
use walk_core::{Dag, Job, JobStatus, Process, SchedulingParams, Value, run, walk_fn};

use super::{Secrets, WalkError, elements, shell};
use crate::Plan;

/// How long a program may take to tell its version.
const LONGEST: Duration = Duration::from_secs(60);

/// An element for each tool of a plan that was asked, by position.
pub(super) type Versions = Vec<Option<(Arc<str>, Value)>>;

/// Returns the version of each tool in `wanted` as an element, by position in the plan.
pub(super) fn versions(
    plan: &Plan,
    wanted: &BTreeSet<usize>,
    params: &SchedulingParams,
) -> Result<Versions, WalkError> {
    let mut versions = vec![None; plan.tools.len()];
    if wanted.is_empty() {
        return Ok(versions);
    }
    let scratch = tempfile::tempdir().map_err(|source| WalkError::State {
        verb: "create a directory in",
        path: std::env::temp_dir(),
        source,
    })?;
    let secrets = Secrets::of(&plan.env);
    let output = |position: usize| scratch.path().join(position.to_string());
    let mut dag = Dag::builder();
    for &position in wanted {
        dag.add_vertex(plan.tools[position].name.clone(), position, [""; 0]);
    }
    let dag = dag.build()?;
    let mut walk = walk_fn(|action| probe(plan, *action.data(), output(*action.data())).into())
        .with_params(params.clone());
    let report = run(&mut walk, &dag)?;
    for (&position, ended) in wanted.iter().zip(report.actions()) {
        let printed = fs::read(output(position)).or_else(missing_is_empty);
        let printed = printed.map(|it| elements::printed(&it));
        let tool = &plan.tools[position];
        let failed = |reason: String| WalkError::Tool {
            tool: tool.name.clone(),
            command: secrets.mask(&shell::join(&tool.version)).into(),
            reason: secrets.mask(&reason).into(),
        };
        let printed = printed.map_err(|error| failed(error.to_string()))?;
        if ended.status != Some(JobStatus::Success) && !report.is_interrupted() {
            let ending = ended.execution.as_ref().and_then(|it| it.ending.clone());
            let ending = ending.map_or_else(|| "failed".into(), |it| it.to_string());
            return Err(failed(format!("{ending} {printed}").trim_end().into()));
        }
        let name = format!("tool {}", tool.name).into();
        versions[position] = Some((name, elements::text(&printed)));
    }
    Ok(versions)
}

fn probe(plan: &Plan, position: usize, output: PathBuf) -> Job {
    let mut words = plan.tools[position].version.iter().map(OsString::from);
    let program = words.next().unwrap_or_default();
    let process =
        Process::new(program).args(words).current_dir(&plan.root).output(Output::File(output));
    Job::new(process).timeout(LONGEST)
}

fn missing_is_empty(error: io::Error) -> io::Result<Vec<u8>> {
    if error.kind() == io::ErrorKind::NotFound { Ok(Vec::new()) } else { Err(error) }
}
