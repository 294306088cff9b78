//! `walk list` and `walk log`: what is remembered of the last runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use walk_core::JobStatus;
use walk_plan::{Lapse, Note, Plan};

use crate::args::{Common, TargetArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::os;
use crate::project::Project;
use crate::run::habit;
use crate::terminal::{Line, Palette, Verdict, age, name_width, tame, width};

/// Lists the actions, and how they ended last time.
pub(crate) fn list(
    common: &Common,
    args: &TargetArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    let Project { plan, state, .. } = Project::read(common, None)?;
    let targets = match &args.targets[..] {
        [] => plan.select(&["*".into()]).unwrap_or_default(),
        targets => plan.select(targets)?,
    };
    let notes: BTreeMap<String, Note> = state.notes()?.into_iter().collect();
    let names = targets.iter().map(|it| &*plan.actions[it.index()].name);
    let width = name_width(names.clone().map(|it| width(&tame(it))), os::columns());
    let now = SystemTime::now();
    for name in names {
        let note = notes.get(name).filter(|it| !is_cleaned(it));
        let line = match note {
            Some(note) => known(name, note, now).render(width, palette),
            None => format!("    -  {}", tame(name)),
        };
        writeln!(out, "{line}")?;
    }
    Ok(Exit::Done)
}

fn is_cleaned(note: &Note) -> bool {
    matches!(note.lapse, Some(Lapse::Cleaned | Lapse::Forgotten))
}

struct Row<'a> {
    verdict: Verdict,
    name: &'a str,
    note: &'a Note,
    ago: String,
}

fn known<'a>(name: &'a str, note: &'a Note, now: SystemTime) -> Row<'a> {
    let verdict = match note.status() {
        _ if matches!(note.lapse, Some(Lapse::Interrupted | Lapse::Unended)) => Verdict::Stop,
        _ if note.is_flaky => Verdict::Flaky,
        JobStatus::Unchanged => Verdict::Same,
        JobStatus::NotReady => Verdict::Wait,
        status if status.is_success() => Verdict::Ok,
        _ => Verdict::Fail,
    };
    let ago = age(now.duration_since(note.started()).unwrap_or_default());
    Row { verdict, name, note, ago }
}

impl Row<'_> {
    fn render(&self, width: usize, palette: Palette) -> String {
        let ending = match &self.note.ending {
            _ if self.note.lapse == Some(Lapse::Unended) => format!("{}, not ended", self.ago),
            Some(ending) if self.verdict.is_bad() => format!("{}, {ending}", self.ago),
            _ => self.ago.clone(),
        };
        let ending = match self.note.history.recently_flaky() {
            (0, _) => ending,
            recent => match habit(recent) {
                Some(habit) => format!("{ending}, flaky in {habit}"),
                None => ending,
            },
        };
        let duration = self.note.duration();
        Line { verdict: self.verdict, name: self.name, duration, reason: &ending }
            .render(width, palette)
    }
}

/// Prints what an action wrote when it ran last, byte for byte.
pub(crate) fn log(common: &Common, action: &str, out: &mut dyn Write) -> Result<Exit> {
    let Project { plan, state, .. } = Project::read(common, None)?;
    let name = one(&plan, action, |it| state.log(it).exists())?;
    let path = state.log(&name);
    match File::open(&path) {
        Ok(mut file) => {
            io::copy(&mut file, out)?;
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let note = state.notes()?.into_iter().find(|it| it.0 == name).map(|it| it.1);
            writeln!(io::stderr(), "`{name}` {}", why_no_log(&plan, &name, note.as_ref()))?;
            Ok(Exit::Done)
        }
        Err(source) => Err(CliError::File { verb: "read", path, source }),
    }
}

/// Returns why there is nothing to show of what `name` wrote.
fn why_no_log(plan: &Plan, name: &str, note: Option<&Note>) -> &'static str {
    let mut actions = plan.actions.iter().filter(|it| *it.name == *name);
    let is_interactive = actions.next().is_some_and(|it| it.interactive);
    match note {
        None => "has not run yet",
        Some(note) if is_cleaned(note) => "has not run since `walk clean`",
        Some(_) if is_interactive => {
            "had the terminal for itself when it ran last: what it wrote went there and was not kept"
        }
        Some(_) => "wrote nothing when it ran last",
    }
}

/// Returns the one action that `target` means; it may be gone from the manifest.
fn one(plan: &Plan, target: &str, has_log: impl Fn(&str) -> bool) -> Result<String> {
    let found = match plan.select(&[target.to_owned()]) {
        Ok(found) => found,
        Err(_) if has_log(target) => return Ok(target.into()),
        Err(error) => return Err(error.into()),
    };
    let names: Vec<&str> = found.iter().map(|it| &*plan.actions[it.index()].name).collect();
    match names[..] {
        [name] => Ok(name.into()),
        _ if names.contains(&target) => Ok(target.into()),
        _ => {
            let few = names.iter().take(3).copied().collect::<Vec<_>>().join("`, `");
            let message = format!("`{target}` is {} actions: choose one, as `{few}`", names.len());
            Err(CliError::Usage(message))
        }
    }
}
