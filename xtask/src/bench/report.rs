//! Turns what was measured into two tables: every peer in every state, and walk beside its goals.

use super::cases::{Case, Figure, GOALS, GROWTH, Goal, State};
use super::graph::Shape;
use super::outside::Measured;
use super::sample::{Sample, Spread, figures};
use crate::table::Table;

/// Whose figures the others are compared with: the first of these that ran.
const ANCHORS: [&str; 2] = ["ninja", "ninja-pip"];

const WALK: &str = "walk";

impl Measured {
    fn runs_of(&self, peer: &str) -> Option<&[Sample]> {
        self.runs.iter().find(|(name, _)| name == peer).map(|(_, runs)| &runs[..])
    }

    fn spread(&self, peer: &str, figure: Figure) -> Option<Spread> {
        let anchors = ANCHORS.iter().find_map(|anchor| self.runs_of(anchor)).unwrap_or_default();
        let runs = self.runs_of(peer)?.iter().enumerate();
        let size = self.case.size;
        Spread::of(runs.filter_map(|(round, run)| figure.of(run, anchors.get(round), size)))
    }

    fn median(&self, peer: &str, figure: Figure) -> Option<f64> {
        Some(self.spread(peer, figure)?.median)
    }

    /// Every peer in this state: medians, and the quartiles of what is compared.
    pub(crate) fn table(&self) -> Table {
        let title = format!("{}, {}", self.state.name(), self.case.name());
        let titles = [
            &*title,
            "CPU ms",
            "CPU / ninja's",
            "wall ms",
            "own CPU us/action",
            "peak RSS MB",
            "reruns",
        ];
        let mut table = Table::new(&titles);
        for (peer, _) in &self.runs {
            let spread = |figure| self.spread(peer, figure);
            let median = |figure| cell(spread(figure).map(|it| figures(it.median)));
            table.row([
                peer.clone(),
                cell(spread(Figure::Cpu)),
                cell(spread(Figure::Ratio)),
                median(Figure::Wall),
                if self.state == State::Cold { median(Figure::Own) } else { cell(None::<String>) },
                median(Figure::Memory),
                cell(self.median(peer, Figure::Reruns)),
            ]);
        }
        table
    }

    /// The best of those who are not walk, by this figure; who does not do the work is none.
    fn best(&self, figure: Figure) -> Option<(&str, f64)> {
        let names = self.runs.iter().map(|(name, _)| &**name).filter(|it| !it.starts_with(WALK));
        let built = names.filter(|name| {
            let reruns = self.median(name, Figure::Reruns);
            self.state != State::Leaf || reruns.is_some_and(|reruns| reruns > 0.0)
        });
        let figures = built.filter_map(|name| Some((name, self.median(name, figure)?)));
        figures.min_by(|one, other| one.1.total_cmp(&other.1))
    }
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// walk beside its goals, ninja, and the best of the others.
pub(crate) fn goals(all: &[Measured]) -> Table {
    let titles =
        ["", "", "goal", "walk", "", "goal / ninja", "walk / ninja", "", "ninja", "best other"];
    let mut table = Table::new(&titles);
    for goal in GOALS {
        let found = find(all, goal.state, goal.shape, goal.size);
        if let Some(cells) = found.and_then(|found| row(goal, found)) {
            table.row(cells);
        }
    }
    if let Some(cells) = growth(all) {
        table.row(cells);
    }
    table
}

fn find(all: &[Measured], state: State, shape: Shape, size: usize) -> Option<&Measured> {
    let is_meant = |case: &Case| (case.shape, case.size) == (shape, size);
    all.iter().find(|measured| measured.state == state && is_meant(&measured.case))
}

fn row(goal: &Goal, measured: &Measured) -> Option<[String; 10]> {
    let walk = measured.spread(WALK, goal.figure)?;
    let anchor = ANCHORS.iter().find_map(|anchor| measured.median(anchor, goal.figure));
    let ratio = match goal.figure {
        Figure::Cpu => measured.spread(WALK, Figure::Ratio),
        Figure::Ratio | Figure::Reruns => None,
        _ => Spread::of(anchor.map(|anchor| walk.median / anchor)),
    };
    let reached = goal.ratio().zip(ratio).map(|(goal, ratio)| verdict(ratio.median, goal));
    Some([
        goal.name(),
        goal.figure.unit().to_owned(),
        format!("<= {}", goal.at_most),
        walk.to_string(),
        verdict(walk.median, goal.at_most),
        cell(goal.ratio().map(|ratio| format!("<= {}", figures(ratio)))),
        cell(ratio),
        cell(reached),
        cell(anchor.map(figures)),
        cell(measured.best(goal.figure).map(|(name, best)| format!("{name} {}", figures(best)))),
    ])
}

/// How a walk with nothing to do grows from ten to a hundred thousand actions.
fn growth(all: &[Measured]) -> Option<[String; 10]> {
    let null = |size| find(all, State::Null, Shape::Wide, size);
    let (small, large) = (null(10_000)?, null(100_000)?);
    let growth =
        |peer| Some(large.median(peer, Figure::Cpu)? / small.median(peer, Figure::Cpu)? / 10.0);
    let walk = growth(WALK)?;
    let anchor = ANCHORS.into_iter().find_map(growth);
    Some([
        "null, growth 10k to 100k, wide".to_owned(),
        "CPU / 10 x CPU".to_owned(),
        format!("<= {GROWTH}"),
        figures(walk),
        verdict(walk, GROWTH),
        cell(None::<String>),
        cell(anchor.map(|anchor| figures(walk / anchor))),
        cell(None::<String>),
        cell(anchor.map(figures)),
        "-".to_owned(),
    ])
}

/// Whether a figure is as good as it has to be.
pub(crate) fn verdict(figure: f64, at_most: f64) -> String {
    if figure <= at_most { "met".to_owned() } else { "missed".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(state: State, runs: &[(&str, &[(f64, f64)])]) -> Measured {
        let case = Case { shape: Shape::Wide, size: 1000, states: vec![state], stand_in: false };
        let sample = |&(cpu, ran): &(f64, f64)| Sample {
            wall: cpu / 2.0,
            cpu,
            own: 10.0,
            memory: 2.0,
            ran,
            code: 0,
        };
        let runs = runs
            .iter()
            .map(|(name, samples)| ((*name).to_owned(), samples.iter().map(sample).collect()));
        Measured { case, state, runs: runs.collect() }
    }

    #[test]
    fn a_ratio_is_taken_between_runs_of_one_round() {
        let walk: &[_] = &[(2.0, 0.0), (30.0, 0.0), (4.0, 0.0)];
        let ninja: &[_] = &[(4.0, 0.0), (60.0, 0.0), (8.0, 0.0)];
        let measured = measured(State::Null, &[("walk", walk), ("ninja", ninja)]);
        let ratio = measured.spread("walk", Figure::Ratio).map(|it| it.to_string());
        assert_eq!(ratio.as_deref(), Some("0.50"));
    }

    #[test]
    fn a_goal_stands_beside_the_figure_and_the_best_who_did_the_work() {
        let runs: &[(&str, &[(f64, f64)])] = &[
            ("walk", &[(6.0, 1.0)]),
            ("walk as ninja", &[(1.0, 1.0)]),
            ("ninja", &[(9.0, 1.0)]),
            ("fast", &[(8.0, 1.0)]),
            ("stale", &[(2.0, 0.0)]),
        ];
        let text = goals(&[measured(State::Leaf, runs)]).to_string();
        let line = text.lines().nth(1).expect("there is a row");
        let words: Vec<_> = line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect();
        let walk = "6.00";
        let ratio = "0.67";
        let expected = [
            "one leaf, wide 1k",
            "CPU ms",
            "<= 5",
            walk,
            "missed",
            "<= 0.53",
            ratio,
            "missed",
            "9.00",
            "fast 8.00",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_table_has_a_row_for_each_peer() {
        let measured = measured(State::Cold, &[("walk", &[(6.0, 1.0)]), ("make", &[])]);
        let text = measured.table().to_string();
        assert_eq!(text.lines().count(), 3);
        assert!(text.starts_with("cold, wide 1k"), "{text}");
    }
}
