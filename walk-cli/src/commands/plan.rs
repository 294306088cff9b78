//! `walk plan` and `walk status`: what would run, and why.

use std::io::{self, Write};

use walk_core::DirtyReason;
use walk_plan::{Command, Reason};

use super::forecast::{Forecast, Outlook};
use crate::args::{Common, PlanArgs, TargetArgs};
use crate::error::Result;
use crate::exit::Exit;
use crate::explain;
use crate::os;
use crate::run::command_text;
use crate::terminal::{Palette, name_width, tame, width};

/// How many actions have which outlook.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    runs: usize,
    depends: usize,
    up_to_date: usize,
}

/// Shows what would run, and why.
pub(crate) fn plan(
    common: &Common,
    args: &PlanArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    let forecast = Forecast::of(common, &args.targets, args.force)?;
    let (counts, width) = count(&forecast);
    let words = Words { runs: "would run", depends: "may run  ", width, palette };
    words.write_all(&forecast, out, |command, outlook, out| {
        if let (Outlook::Runs(reason), true) = (outlook, args.explain) {
            out.write_all(explain::changes(&Reason::of(reason), "    ", palette).as_bytes())?;
        }
        if common.verbose && outlook != Outlook::UpToDate {
            for line in command_text(forecast.walk.plan(), &command.run).lines() {
                writeln!(out, "    {}", palette.dim(&format!("$ {}", tame(line))))?;
            }
        }
        Ok(())
    })?;
    if !common.quiet {
        writeln!(out, "{}", counts.describe("would run", "may run"))?;
    }
    Ok(Exit::Done)
}

/// Says what is not up to date.
pub(crate) fn status(
    common: &Common,
    args: &TargetArgs,
    palette: Palette,
    out: &mut dyn Write,
) -> Result<Exit> {
    let forecast = Forecast::of(common, &args.targets, false)?;
    let (counts, width) = count(&forecast);
    if !common.quiet {
        let words = Words { runs: "stale", depends: "maybe", width, palette };
        words.write_all(&forecast, out, |_, _, _| Ok(()))?;
        writeln!(out, "{}", counts.describe("stale", "may be stale"))?;
    }
    Ok(if counts.runs + counts.depends == 0 { Exit::Done } else { Exit::Failed })
}

/// Returns the counts, and the width of the column of names.
fn count(forecast: &Forecast) -> (Counts, usize) {
    let mut counts = Counts::default();
    let mut lengths = vec![0];
    for (command, outlook) in forecast.first().chain(forecast.actions()) {
        if outlook != Outlook::UpToDate {
            lengths.push(width(&tame(&command.name)));
        }
        *match outlook {
            Outlook::UpToDate => &mut counts.up_to_date,
            Outlook::Runs(_) => &mut counts.runs,
            Outlook::Depends(_) => &mut counts.depends,
        } += 1;
    }
    let longest = lengths.iter().copied().max().unwrap_or(0);
    (counts, name_width(lengths.into_iter(), os::columns()).min(longest))
}

impl Counts {
    fn describe(self, runs: &str, depends: &str) -> String {
        let counts = [(runs, self.runs), (depends, self.depends), ("up to date", self.up_to_date)];
        let shown = counts.iter().filter(|it| it.1 > 0);
        let shown: Vec<String> = shown.map(|(word, count)| format!("{word} {count}")).collect();
        if shown.is_empty() { "nothing to do".into() } else { shown.join(", ") }
    }
}

/// How a command calls the outlooks.
struct Words {
    runs: &'static str,
    depends: &'static str,
    width: usize,
    palette: Palette,
}

impl Words {
    /// Writes a line for each action that is not up to date, and `more` after it.
    fn write_all(
        &self,
        forecast: &Forecast,
        out: &mut dyn Write,
        more: impl Fn(&Command, Outlook<'_>, &mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        for (command, outlook) in forecast.first() {
            self.write(command, outlook, out)?;
            more(command, outlook, out)?;
        }
        if let Some(caveat) = forecast.caveat() {
            writeln!(out, "{}", self.palette.dim(&format!("({})", tame(&caveat))))?;
        }
        for (command, outlook) in forecast.actions() {
            self.write(command, outlook, out)?;
            more(command, outlook, out)?;
        }
        Ok(())
    }

    fn write(
        &self,
        command: &Command,
        outlook: Outlook<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let name = format!("{:<1$}", tame(&command.name), self.width);
        match outlook {
            Outlook::UpToDate => Ok(()),
            Outlook::Runs(reason) => {
                let word = self.palette.warn(self.runs);
                writeln!(out, "{word} {name}   {}", self.palette.dim(&tame(&summary(reason))))
            }
            Outlook::Depends(other) => {
                let word = self.palette.same(self.depends);
                let reason = format!("if {} changes", tame(other));
                writeln!(out, "{word} {name}   {}", self.palette.dim(&reason))
            }
        }
    }
}

fn summary(reason: &DirtyReason) -> String {
    Reason::of(reason).summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_out_what_there_is_none_of() {
        let check = |runs, depends, up_to_date, expected| {
            let counts = Counts { runs, depends, up_to_date };
            assert_eq!(counts.describe("would run", "may run"), expected);
        };
        check(3, 5, 252, "would run 3, may run 5, up to date 252");
        check(0, 0, 260, "up to date 260");
        check(1, 0, 0, "would run 1");
        check(0, 0, 0, "nothing to do");
    }
}
