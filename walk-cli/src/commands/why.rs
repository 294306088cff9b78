//! `walk why`: why an action ran last time, would run now, or has not run.

use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use walk_core::{JobStatus, Vertex};
use walk_plan::{ActionId, CommandWalk, Lapse, Note, Reason};

use super::forecast::{Forecast, Opened, Outlook};
use super::recorded;
use crate::args::{Common, WhyArgs};
use crate::error::Result;
use crate::exit::Exit;
use crate::explain;
use crate::history::Recorded;
use crate::terminal::{Palette, age, seconds, tame};

/// How many of those that read a source are named.
const MOST_READERS: usize = 3;

/// Says why each of the targets ran last time, would run now, or has not run.
pub(crate) fn why(
    common: &Common,
    args: &WhyArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    if args.last || args.run.is_some() {
        return recorded::why(common, args, palette, out);
    }
    if let [target] = &*args.targets
        && let Some(forecast) = Forecast::of_remembered(common, target)?
    {
        explain_all(forecast, palette, "", out)?;
        return Ok(Exit::Done);
    }
    let opened = Opened::read(common)?;
    let (mut targets, mut gap) = (Vec::new(), "");
    for target in &args.targets {
        match opened.walk.plan().select(std::slice::from_ref(target)) {
            Ok(found) => targets.extend(found),
            Err(error) => {
                let readers = readers(&opened.walk, target);
                if readers.is_empty() {
                    return Err(error.into());
                }
                write_source(&opened.walk, target, &readers, palette, out)?;
                gap = "\n";
            }
        }
    }
    if targets.is_empty() {
        return Ok(Exit::Done);
    }
    targets.sort_unstable();
    explain_all(Forecast::with(opened, targets, false)?, palette, gap, out)?;
    Ok(Exit::Done)
}

fn explain_all(
    mut forecast: Forecast,
    palette: Palette,
    mut gap: &str,
    out: &mut dyn Write,
) -> Result<()> {
    for vertex in forecast.dag.vertices().collect::<Vec<_>>() {
        if forecast.targets.binary_search(&forecast.dag[vertex]).is_ok() {
            out.write_all(gap.as_bytes())?;
            explain_one(&mut forecast, vertex, palette, out)?;
            gap = "\n";
        }
    }
    if let Some(caveat) = forecast.caveat() {
        writeln!(out, "{}", palette.dim(&format!("({})", tame(&caveat))))?;
    }
    Ok(())
}

/// Returns who reads the file that `target` is, if it is one: seen from the manifest, or from
/// here.
fn readers(walk: &CommandWalk, target: &str) -> Vec<ActionId> {
    let found = walk.readers(Path::new(target));
    if !found.is_empty() {
        return found;
    }
    std::path::absolute(target).map_or_else(|_| Vec::new(), |it| walk.readers(&it))
}

/// Says of a file that nothing makes who reads it.
fn write_source(
    walk: &CommandWalk,
    path: &str,
    readers: &[ActionId],
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = readers.iter().take(MOST_READERS).map(|it| &*walk.plan().actions[it.index()].name);
    let names = names.map(tame).collect::<Vec<_>>().join(", ");
    let more = match readers.len().saturating_sub(MOST_READERS) {
        0 => String::new(),
        more => format!(" (+{more})"),
    };
    writeln!(out, "{} is a source: nothing makes it", palette.bold(&tame(path)))?;
    writeln!(out, "  read by {names}{more}")
}

fn explain_one(
    forecast: &mut Forecast,
    vertex: Vertex,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<()> {
    let name = forecast.dag.uid(vertex).to_owned();
    let note = forecast.walk.note(&name)?;
    let blocker = match note {
        Some(ref note) if !note.status().is_success() => None,
        _ => failed_before(forecast, vertex)?,
    };
    let outlook = forecast.outlook(vertex);
    write_now(&name, outlook, palette, out)?;
    if let (Some((blocker, failure)), true) = (blocker, outlook != Outlook::UpToDate) {
        let how = ending(&failure);
        let (blocker, how) = (palette.fail(&tame(&blocker)), tame(how));
        writeln!(out, "  it has not run since, because {blocker} failed last time: {how}")?;
    }
    match note {
        Some(note) => {
            write_last(&note, palette, out)?;
            let newest = Recorded::of(forecast.walk.state()).newest_if_small();
            let run = newest.filter(|it| it.started_ms <= note.started_ms);
            if let Some((run, action)) = run.as_ref().and_then(|it| Some((it, it.action(&name)?))) {
                recorded::write_chain(run, action, out)?;
            }
            Ok(())
        }
        None => Ok(writeln!(out, "  no run of it is remembered")?),
    }
}

fn write_now(
    name: &str,
    outlook: Outlook<'_>,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = palette.bold(&tame(name));
    match outlook {
        Outlook::UpToDate => writeln!(out, "{name} is up to date"),
        Outlook::Depends(other) => {
            writeln!(out, "{name} would run if the result of {} changes", tame(other))
        }
        Outlook::Runs(reason) => {
            let reason = Reason::of(reason);
            writeln!(out, "{name} would run: {}", tame(&reason.summary))?;
            out.write_all(explain::changes(&reason, "  ", palette).as_bytes())
        }
    }
}

/// Writes when, how and why it ran last.
fn write_last(note: &Note, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let ago = age(SystemTime::now().duration_since(note.started()).unwrap_or_default());
    let ending = ending(note);
    let attempts = match note.attempts {
        0 | 1 => String::new(),
        count => format!(", attempt {count}"),
    };
    let time = match note.lapse {
        Some(Lapse::Unended) => String::new(),
        _ => format!(", for {}", seconds(note.duration())),
    };
    if note.is_restored {
        writeln!(out, "  last taken from the cache {ago}: {}", tame(ending))?;
    } else {
        writeln!(out, "  last ran {ago}{time}: {}{attempts}", tame(ending))?;
    }
    writeln!(out, "  because: {}", tame(&note.reason.summary))?;
    out.write_all(explain::changes(&note.reason, "    ", palette).as_bytes())
}

/// Returns how it ended, in words.
fn ending(note: &Note) -> &str {
    match note.status() {
        _ if note.lapse == Some(Lapse::Unended) => "it did not end",
        _ if note.lapse == Some(Lapse::Interrupted) => "interrupted",
        JobStatus::Unchanged => "ok, its output stayed the same",
        status if status.is_success() => "ok",
        _ => note.ending.as_deref().unwrap_or("failed"),
    }
}

fn has_failed(note: &Note) -> bool {
    !note.status().is_success()
}

/// Returns the nearest of those before `vertex` that failed when it ran last.
fn failed_before(forecast: &mut Forecast, vertex: Vertex) -> Result<Option<(String, Note)>> {
    let mut is_seen = vec![false; forecast.dag.len()];
    let mut level = vec![vertex];
    while !level.is_empty() {
        let mut next = Vec::new();
        for vertex in level {
            let before = forecast.dag.predecessors(vertex).to_vec();
            next.extend(
                before.into_iter().filter(|it| !std::mem::replace(&mut is_seen[it.index()], true)),
            );
        }
        for &vertex in &next {
            let name = forecast.dag.uid(vertex).to_owned();
            match forecast.walk.note(&name)? {
                Some(note) if has_failed(&note) => return Ok(Some((name, note))),
                _ => {}
            }
        }
        level = next;
    }
    Ok(None)
}
