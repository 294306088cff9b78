//! `walk why --last` and `walk why --run`: what a record says of an action, or of a whole run.
//!
//! Neither the manifest nor any file is looked at, as what was asked about may be long gone; but for
//! the question what an action waits for in a run that goes on, which has not come to it yet.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::mem;
use std::time::{Duration, SystemTime};

use walk_core::JobStatus;
use walk_plan::{Change, Options};

use super::runs::headline;
use crate::args::{Common, WhyArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::explain;
use crate::history::{
    Attempt, Choice, Recorded, RecordedAction, RecordedRun, first_cause, origins,
};
use crate::project::{self, Project};
use crate::terminal::{Palette, age, brief, seconds, tame};

/// How many of those that ran for one reason are named.
const MOST_NAMED: usize = 6;

/// From here on a wait for tokens is worth a line.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// Says how and why the targets ran, as it was recorded.
pub(super) fn why(
    common: &Common,
    args: &WhyArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    let recorded = Recorded::of(&project::state(common)?);
    if args.targets.is_empty() {
        let run = recorded.read(args.run.unwrap_or_default())?;
        return write_run(&run, palette, out);
    }
    let mut gap = "";
    for target in &args.targets {
        let run = match args.run {
            Some(choice) => recorded.read(choice)?,
            None => last_with(&recorded, target)?,
        };
        out.write_all(gap.as_bytes())?;
        match find(&run, target) {
            Some(action) => write_action(&run, action, palette, out)?,
            None => write_absent(common, &run, target, palette, out)?,
        }
        gap = "\n";
    }
    Ok(Exit::Done)
}

/// Returns the last run in which something became of `target`.
fn last_with(recorded: &Recorded, target: &str) -> Result<RecordedRun> {
    for record in recorded.records().iter().rev() {
        let run = RecordedRun::read(&record.path)?;
        if find(&run, target).is_some() {
            return Ok(run);
        }
    }
    // Says so if there is no record at all.
    recorded.read(Choice::Last)?;
    let count = recorded.records().len();
    let message =
        format!("`{target}` ran in no recorded run: `walk runs` lists them, {count} in all");
    Err(CliError::Usage(message))
}

/// Returns the action that is called `target`, or makes it.
fn find<'a>(run: &'a RecordedRun, target: &str) -> Option<&'a RecordedAction> {
    let makes = |it: &&RecordedAction| it.makes.iter().any(|it| it == target);
    run.action(target).or_else(|| run.actions.iter().find(makes))
}

/// Says of a run what ran because of what.
fn write_run(run: &RecordedRun, palette: Palette, out: &mut dyn Write) -> Result<Exit> {
    writeln!(out, "run {}, {}", number(run), headline(run, SystemTime::now(), palette))?;
    for (reason, origins, followers) in by_reason(run) {
        writeln!(out, "  {}   {}", palette.bold(&few(&origins)), tame(reason))?;
        if !followers.is_empty() {
            writeln!(out, "    and because of it: {}", few(&followers))?;
        }
    }
    let blocked: Vec<&RecordedAction> =
        run.actions.iter().filter(|it| it.blocked.is_some() || was_not_started(run, it)).collect();
    if !blocked.is_empty() {
        writeln!(out, "  not run: {}", few(&blocked))?;
    }
    Ok(Exit::Done)
}

/// Returns whether an action was to run and nothing more was started by then.
fn was_not_started(run: &RecordedRun, action: &RecordedAction) -> bool {
    run.end.is_some() && action.attempts.is_empty()
}

type Reasoned<'a> = (&'a str, Vec<&'a RecordedAction>, Vec<&'a RecordedAction>);

/// Returns the reasons, each with those that had it, and those that ran because of these.
fn by_reason(run: &RecordedRun) -> Vec<Reasoned<'_>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<Reasoned<'_>> = Vec::new();
    for (origin, followers) in groups(run) {
        let reason = if origin.reason.is_empty() { "forced" } else { &origin.reason };
        let place = *places.entry(reason).or_insert(all.len());
        if place == all.len() {
            all.push((reason, Vec::new(), Vec::new()));
        }
        all[place].1.push(origin);
        all[place].2.extend(followers);
    }
    all
}

/// Returns what ran for a reason of its own, each with those that ran because of it.
fn groups(run: &RecordedRun) -> impl Iterator<Item = (&RecordedAction, Vec<&RecordedAction>)> {
    let origins = origins(run);
    let mut followers = vec![Vec::new(); run.actions.len()];
    let ran = || {
        let all = run.actions.iter().enumerate();
        all.filter(|it| it.1.blocked.is_none() && !was_not_started(run, it.1))
    };
    for (place, action) in ran().filter(|it| origins[it.0] != it.0) {
        followers[origins[place]].push(action);
    }
    let begins = ran().filter(move |it| origins[it.0] == it.0);
    begins.map(move |(place, origin)| (origin, mem::take(&mut followers[place])))
}

fn write_action(
    run: &RecordedRun,
    action: &RecordedAction,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<()> {
    let ago = age(SystemTime::now().duration_since(run.started()).unwrap_or_default());
    let name = palette.bold(&tame(&action.name));
    let run_of = format!("run {}, {ago}", number(run));
    match (&action.blocked, action.last()) {
        (Some(reason), _) => {
            writeln!(out, "{name} did not run in {run_of}: {}", tame(reason))?;
            return Ok(write_blockers(run, reason, palette, out)?);
        }
        (None, None) => {
            let verb = if run.is_going_on() { "waits" } else { "waited" };
            let queue = tame(&action.queue);
            writeln!(out, "{name} {verb} for tokens of the queue {queue} in {run_of}")?;
        }
        (None, Some(_)) => {
            let how = how(action);
            match (action.status(), action.last()) {
                (None, Some(attempt)) if run.is_going_on() => {
                    let taken = since(attempt.started_ms);
                    writeln!(out, "{name} runs in {run_of}, for {} already", seconds(taken))?;
                }
                // Nobody knows when.
                (None, _) => writeln!(out, "{name} ran in {run_of}: {how}")?,
                _ if action.cached => {
                    writeln!(out, "{name} was taken from the cache in {run_of}: {}", tame(&how))?;
                }
                _ => {
                    let taken = seconds(action.duration());
                    writeln!(out, "{name} ran in {run_of}, for {taken}: {}", tame(&how))?;
                }
            }
        }
    }
    write_why(run, action, palette, out)?;
    Ok(write_wait(action, out)?)
}

fn write_why(
    run: &RecordedRun,
    action: &RecordedAction,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let reason = if action.reason.is_empty() { "it was asked for" } else { &action.reason };
    writeln!(out, "  because: {}", tame(reason))?;
    let changes = action.elements.iter().cloned();
    let changes = changes.map(|it| Change { element: it.name, old: it.old, new: it.new });
    out.write_all(explain::these(&changes.collect::<Vec<_>>(), "    ", palette).as_bytes())?;
    write_chain(run, action, out)
}

/// Says what began a chain at whose end `action` is.
pub(super) fn write_chain(
    run: &RecordedRun,
    action: &RecordedAction,
    out: &mut dyn Write,
) -> io::Result<()> {
    for made in first_cause(run, action).through {
        let reason = if made.reason.is_empty() { "it was asked for" } else { &made.reason };
        writeln!(out, "  which {} made, because: {}", tame(&made.name), tame(reason))?;
    }
    Ok(())
}

/// Says for how long it waited, if that was long.
fn write_wait(action: &RecordedAction, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = action.attempts.first() else { return Ok(()) };
    let waited = Duration::from_millis(first.started_ms.saturating_sub(action.queued_ms));
    if waited < LONG_WAIT || action.queued_ms == 0 {
        return Ok(());
    }
    writeln!(out, "  it waited {} for tokens of the queue {}", brief(waited), tame(&action.queue))
}

/// Says how those ended because of which an action did not run.
fn write_blockers(
    run: &RecordedRun,
    reason: &str,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let failed = run.actions.iter().filter(|it| it.has_failed());
    for action in failed.filter(|it| reason.contains(&format!("`{}`", it.name))) {
        let name = palette.fail(&tame(&action.name));
        writeln!(out, "  {name} ran for {}: {}", seconds(action.duration()), tame(&how(action)))?;
    }
    Ok(())
}

/// Says what is known of an action of which a run recorded nothing.
fn write_absent(
    common: &Common,
    run: &RecordedRun,
    target: &str,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<()> {
    let name = palette.bold(&tame(target));
    let number = number(run);
    if run.end.is_some() {
        writeln!(out, "{name} did not run in run {number}: it was up to date, or not asked for")?;
        return Ok(());
    }
    let open: Vec<&RecordedAction> =
        run.actions.iter().filter(|it| it.status().is_none()).collect();
    if !run.is_going_on() {
        writeln!(out, "{name} did not run in run {number}, which was killed meanwhile")?;
        return Ok(writeln!(out, "  not ended: {}", few_or_nothing(&open))?);
    }
    // The record knows nothing of what was not decided; the manifest says what that needs.
    match needed_by(common, target) {
        Some(needed) => {
            let waits = |it: &&RecordedAction| needed.contains(&it.name);
            let open: Vec<&RecordedAction> = open.into_iter().filter(waits).collect();
            if open.is_empty() {
                return Ok(writeln!(
                    out,
                    "{name} waits for nothing: it is up to date, or not asked for"
                )?);
            }
            writeln!(out, "{name} waits in run {number} for {}", few(&open))?;
        }
        None => writeln!(
            out,
            "{name} is not decided in run {number}; not ended: {}",
            few_or_nothing(&open)
        )?,
    }
    Ok(())
}

/// Returns the names of all that comes before `target`, as far as the manifest can be read.
fn needed_by(common: &Common, target: &str) -> Option<HashSet<String>> {
    let walk = Project::read(common, None).ok()?.open_dry(&Options::default()).ok()?;
    let targets = walk.plan().select(&[target.to_owned()]).ok()?;
    let dag = walk.dag(&targets).ok()?;
    Some(dag.vertices().map(|it| dag.uid(it).to_owned()).collect())
}

fn since(time_ms: u64) -> Duration {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(time_ms);
    SystemTime::now().duration_since(time).unwrap_or_default()
}

fn few_or_nothing(actions: &[&RecordedAction]) -> String {
    if actions.is_empty() { "nothing".into() } else { few(actions) }
}

fn number(run: &RecordedRun) -> String {
    run.start.run.map_or_else(|| "?".into(), |it| it.to_string())
}

fn how(action: &RecordedAction) -> String {
    let tries = match action.attempts.len() {
        0 | 1 => String::new(),
        count => format!(", attempt {count}"),
    };
    let attempt = action.last();
    let ending = match action.status() {
        None => "it did not end",
        Some(_) if attempt.is_some_and(Attempt::is_stopped) => "interrupted",
        Some(JobStatus::Unchanged) => "ok, its output stayed the same",
        Some(status) if status.is_success() => "ok",
        Some(_) => attempt.map(|it| &*it.ending).filter(|it| !it.is_empty()).unwrap_or("failed"),
    };
    format!("{ending}{tries}")
}

fn few(actions: &[&RecordedAction]) -> String {
    let names = actions.iter().take(MOST_NAMED).map(|it| tame(&it.name));
    let shown = names.collect::<Vec<_>>().join(", ");
    match actions.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} (+{more})"),
    }
}
