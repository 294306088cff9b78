//! `walk runs` and `walk diff`: the runs that are recorded, and in what two of them differ.

use std::io::{self, Write};
use std::time::SystemTime;

use crate::args::{Common, DiffArgs};
use crate::error::Result;
use crate::exit::Exit;
use crate::history::{Change, Choice, Comparison, Recorded, RecordedAction, RecordedRun};
use crate::project;
use crate::terminal::{Palette, age, seconds, tame};

/// How many actions each part of a comparison names.
const MOST_NAMED: usize = 20;

/// Lists the runs that are recorded, the newest last.
pub(crate) fn runs(common: &Common, palette: Palette, out: &mut dyn Write) -> Result<Exit> {
    let recorded = Recorded::of(&project::state(common)?);
    let now = SystemTime::now();
    for record in recorded.records() {
        let row = match RecordedRun::read(&record.path) {
            Ok(run) => headline(&run, now, palette),
            Err(error) => error.to_string(),
        };
        writeln!(out, "{:>4}  {row}", record.number)?;
    }
    if recorded.records().is_empty() {
        writeln!(io::stderr(), "nothing has run yet")?;
    }
    Ok(Exit::Done)
}

/// Returns when a run was, how it ended, and what it was asked for.
pub(super) fn headline(run: &RecordedRun, now: SystemTime, palette: Palette) -> String {
    let ago = age(now.duration_since(run.started()).unwrap_or_default());
    let mut text = format!("{ago:<15}  {}", ending(run, now, palette));
    if !run.start.targets.is_empty() {
        let targets = run.start.targets.iter().map(|it| tame(it)).collect::<Vec<_>>();
        text.push_str(&palette.dim(&format!("  {}", targets.join(" "))));
    }
    text
}

fn ending(run: &RecordedRun, now: SystemTime, palette: Palette) -> String {
    let Some(end) = run.end else {
        let (how, taken) = if run.is_going_on() {
            ("still running after", now.duration_since(run.started()).unwrap_or_default())
        } else {
            ("killed, last heard of after", run.duration())
        };
        return palette.warn(&format!("{how} {}", seconds(taken)));
    };
    let counts = end.tally.describe(run.duration());
    match end.exit {
        0 => counts,
        exit => palette.fail(&format!("{counts}, exit {exit}")),
    }
}

/// Says in what two runs differ; without any, the last two.
pub(crate) fn diff(
    common: &Common,
    args: &DiffArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    let recorded = Recorded::of(&project::state(common)?);
    let before = recorded.read(args.before.unwrap_or(Choice::Before(1)))?;
    let after = recorded.read(args.after.unwrap_or_default())?;
    let now = SystemTime::now();
    for (sign, run) in [("-", &before), ("+", &after)] {
        let number = run.start.run.unwrap_or_default();
        writeln!(out, "{sign} run {number}  {}", headline(run, now, palette))?;
    }
    let found = Comparison::new(&before, &after);
    let failed = |it: &Change<'_>| format!("   {}", how(it.after));
    let mended = |it: &Change<'_>| format!("   was: {}", how(it.before));
    write_changes("failed, and had not", &found.broken, failed, palette, out)?;
    write_changes("succeeded, and had not", &found.mended, mended, palette, out)?;
    let times = |it: &Change<'_>| {
        let [before, after] = [it.before, it.after].map(|it| seconds(it.duration()));
        format!("   {before} -> {after}")
    };
    write_changes("slower", &found.slower, times, palette, out)?;
    write_changes("faster", &found.faster, times, palette, out)?;
    write_actions(&format!("only in run {}", number(&before)), &found.only_before, palette, out)?;
    write_actions(&format!("only in run {}", number(&after)), &found.only_after, palette, out)?;
    Ok(Exit::Done)
}

fn number(run: &RecordedRun) -> u64 {
    run.start.run.unwrap_or_default()
}

fn how(action: &RecordedAction) -> &str {
    match (&action.blocked, action.last()) {
        (Some(reason), _) => reason,
        (None, Some(attempt)) if !attempt.ending.is_empty() => &attempt.ending,
        (None, Some(attempt)) if attempt.status.is_none() => "not ended",
        _ => "failed",
    }
}

fn write_changes(
    title: &str,
    changes: &[Change<'_>],
    text: impl Fn(&Change<'_>) -> String,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = changes.iter().map(|it| format!("{}{}", tame(&it.after.name), tame(&text(it))));
    write_part(title, rows, palette, out)
}

fn write_actions(
    title: &str,
    actions: &[&RecordedAction],
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = actions.iter().map(|it| {
        let why = it.blocked.as_ref().unwrap_or(&it.reason);
        format!("{}   {}", tame(&it.name), palette.dim(&tame(why)))
    });
    write_part(title, rows, palette, out)
}

fn write_part(
    title: &str,
    rows: impl ExactSizeIterator<Item = String>,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let left = rows.len().saturating_sub(MOST_NAMED);
    if rows.len() > 0 {
        writeln!(out, "\n{}", palette.bold(title))?;
    }
    for row in rows.take(MOST_NAMED) {
        writeln!(out, "  {}", row.trim_end())?;
    }
    if left > 0 {
        writeln!(out, "  (+{left})")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::os;

    /// Nothing is recorded while a long action runs.
    #[test]
    fn what_goes_on_has_taken_until_now() {
        let check = |pid: u32, expected: &str| {
            let line = serde_json::json!({
                "v": 1, "time_ms": 1_000, "event": "run-started", "pid": pid, "host": os::host(),
            });
            let run = RecordedRun::parse(format!("{line}\n").as_bytes()).expect("it is a record");
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
            assert_eq!(ending(&run, now, Palette::default()), expected);
        };
        check(std::process::id(), "still running after 8.00s");
        check(0, "killed, last heard of after 0.00s");
    }
}
