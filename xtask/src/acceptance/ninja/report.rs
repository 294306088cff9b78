//! What came of the checks, as lines while they run and as tables at the end.

use std::time::Duration;

use anyhow::Result;

use super::measure::Figures;
use crate::table::{Table, human};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// By a program that goes by times, of which nothing else is to be expected.
    ByTimes,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAILED",
            Self::ByTimes => "by times",
        }
    }
}

/// All verdicts and figures so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(String, String, Verdict)>,
    figures: Vec<(String, Vec<Figures>)>,
}

impl Report {
    /// Prints and keeps the result of a check; `excused` where no more can be expected.
    pub(crate) fn add(
        &mut self,
        project: &str,
        check: &str,
        excused: bool,
        result: &Result<String>,
    ) {
        let verdict = match result {
            Ok(_) => Verdict::Passed,
            Err(_) if excused => Verdict::ByTimes,
            Err(_) => Verdict::Failed,
        };
        let facts = match result {
            Ok(facts) => facts.clone(),
            Err(error) => format!("{error:#}"),
        };
        println!("{:<9}{project}: {check}: {facts}", verdict.word());
        self.rows.push((project.to_owned(), check.to_owned(), verdict));
    }

    /// Keeps the figures of the tested program, and after them those of its peer.
    pub(crate) fn measure(&mut self, project: &str, figures: Vec<Figures>) {
        self.figures.push((project.to_owned(), figures));
    }

    pub(crate) fn all_passed(&self) -> bool {
        !self.rows.is_empty() && self.count(Verdict::Failed) == 0
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.2 == verdict).count()
    }

    /// A row for each check and a column for each project.
    pub(crate) fn verdicts(&self) -> Table {
        let (mut projects, mut checks) = (Vec::new(), Vec::new());
        for (project, check, _) in &self.rows {
            push_new(&mut projects, project.as_str());
            push_new(&mut checks, check.as_str());
        }
        let mut table = Table::new(&[&["check"], &projects[..]].concat());
        for check in checks {
            let cells = projects.iter().map(|project| {
                let row = self.rows.iter().find(|row| row.0 == *project && row.1 == check);
                row.map_or("-", |row| row.2.word()).to_owned()
            });
            table.row(std::iter::once(check.to_owned()).chain(cells));
        }
        table
    }

    /// Times and memory of each project, with the peer's and the ratio where there is one.
    pub(crate) fn figures(&self) -> Table {
        let titles = ["project", "build", "", "tested", "peer", "tested/peer"];
        let mut table = Table::new(&titles);
        for (project, figures) in &self.figures {
            let full = figures.iter().map(|one| one.full).collect::<Vec<_>>();
            let null = figures.iter().map(|one| one.null).collect::<Vec<_>>();
            table.row(times(project, "full", &full));
            table.row(times(project, "nothing to do", &null));
            let peaks: Vec<u64> = figures.iter().filter_map(|one| one.peak).collect();
            table.row(memory(project, &peaks));
        }
        table
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [passed, failed, excused] =
            [Verdict::Passed, Verdict::Failed, Verdict::ByTimes].map(|one| self.count(one));
        write!(f, "{passed} passed, {failed} failed")?;
        if excused > 0 {
            write!(f, ", {excused} that only a program can pass that goes by content")?;
        }
        Ok(())
    }
}

fn push_new<'a>(all: &mut Vec<&'a str>, one: &'a str) {
    if !all.contains(&one) {
        all.push(one);
    }
}

fn times(project: &str, build: &str, times: &[Duration]) -> Vec<String> {
    let mut cells = vec![project.to_owned(), build.to_owned(), "time".to_owned()];
    cells.extend(times.iter().map(|time| human(*time)));
    if let [tested, peer] = *times {
        cells.push(format!("{:.2}", tested.as_secs_f64() / peer.as_secs_f64()));
    }
    cells
}

fn memory(project: &str, peaks: &[u64]) -> Vec<String> {
    let mut cells = ["", "nothing to do", "peak"].map(str::to_owned).to_vec();
    project.clone_into(&mut cells[0]);
    cells.extend(peaks.iter().map(|peak| format!("{peak} KiB")));
    if let [tested, peer] = *peaks {
        // As long as a kibibyte is not a fraction of anything, so are their ratios.
        let hundredths = tested * 100 / peer.max(1);
        cells.push(format!("{}.{:02}", hundredths / 100, hundredths % 100));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_project() {
        let mut report = Report::default();
        let failure = || Err(anyhow::anyhow!("no"));
        report.add("one", "builds", false, &Ok("4 s".to_owned()));
        report.add("one", "touch", true, &failure());
        report.add("two", "builds", false, &failure());
        let expected =
            "check        one     two\nbuilds        ok  FAILED\ntouch   by times       -\n";
        assert_eq!(report.verdicts().to_string(), expected);
        let sum = "1 passed, 1 failed, 1 that only a program can pass that goes by content";
        assert_eq!((report.to_string(), report.all_passed()), (sum.to_owned(), false));
    }

    #[test]
    fn figures_end_with_their_ratio() {
        let figure = |millis, peak| Figures {
            full: Duration::from_secs(2),
            null: Duration::from_millis(millis),
            peak: Some(peak),
        };
        let mut report = Report::default();
        report.measure("one", vec![figure(30, 3000), figure(20, 4000)]);
        let text = report.figures().to_string();
        let ends: Vec<_> = text.lines().map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(ends, [Some("tested/peer"), Some("1.00"), Some("1.50"), Some("0.75")]);
    }
}
