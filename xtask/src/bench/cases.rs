//! What is measured, and what walk has to reach: the one list of both.

use super::graph::Shape;
use super::sample::Sample;

/// What was done to a tree that is up to date, before it is built again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    Null,
    /// The content of the leaf is another.
    Leaf,
    /// The head has a new time and the same content.
    TouchOne,
    /// All sources have a new time and the same content.
    TouchAll,
    /// Nothing is built, nothing remembered.
    Cold,
}

use State::{Cold, Leaf, Null, TouchAll, TouchOne};

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Null => "null",
            Leaf => "one leaf",
            TouchOne => "touch one",
            TouchAll => "touch all",
            Cold => "cold",
        }
    }

    /// How often it is measured; one that takes long, less often.
    pub(crate) fn rounds(self, is_quick: bool) -> usize {
        let (full, quick) = match self {
            Null => (15, 5),
            Leaf => (9, 3),
            TouchOne | TouchAll | Cold => (3, 1),
        };
        if is_quick { quick } else { full }
    }
}

/// A graph, and what is measured with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) shape: Shape,
    pub(crate) size: usize,
    pub(crate) states: Vec<State>,
    /// Whether a cheap stand-in takes the place of the shell and the tools, so that their cost
    /// does not hide the rest.
    pub(crate) stand_in: bool,
}

impl Case {
    fn new(shape: Shape, size: usize, states: &[State]) -> Self {
        Self { shape, size, states: states.to_vec(), stand_in: size > 1000 }
    }

    /// As in `wide 10k*`: with a star for the stand-in.
    pub(crate) fn name(&self) -> String {
        name(self.shape, self.size)
    }
}

fn name(shape: Shape, size: usize) -> String {
    let star = if size > 1000 { "*" } else { "" };
    match size {
        size if size % 1000 == 0 => format!("{} {}k{star}", shape.name(), size / 1000),
        size => format!("{} {size}{star}", shape.name()),
    }
}

/// All that the goals need, and their neighbours.
pub(crate) fn all() -> Vec<Case> {
    use Shape::{Chain, Fanin, Layered, Wide, Widecp};
    vec![
        Case::new(Wide, 1000, &[Null, Leaf, TouchOne, TouchAll, Cold]),
        Case::new(Widecp, 1000, &[Null, Cold]),
        Case::new(Layered, 1000, &[Null, Leaf, TouchOne, Cold]),
        Case::new(Chain, 1000, &[Null, Leaf]),
        Case::new(Fanin, 1000, &[Null, Leaf]),
        Case::new(Wide, 10_000, &[Null, Leaf, TouchAll, Cold]),
        Case::new(Layered, 10_000, &[Null, Leaf, TouchOne, Cold]),
        Case::new(Chain, 10_000, &[Null]),
        Case::new(Fanin, 10_000, &[Null]),
        Case::new(Wide, 100_000, &[Null, Leaf, Cold]),
        Case::new(Layered, 100_000, &[Null, Leaf, Cold]),
        Case::new(Chain, 100_000, &[Null]),
    ]
}

/// The cases of a few minutes.
pub(crate) fn quick() -> Vec<Case> {
    all().into_iter().filter(|case| case.size == 1000).collect()
}

/// Every state of these graphs.
pub(crate) fn chosen(shapes: &[Shape], sizes: &[usize]) -> Vec<Case> {
    let states = [Null, Leaf, TouchOne, TouchAll, Cold];
    let cases = |shape| sizes.iter().map(move |size| Case::new(shape, *size, &states));
    shapes.iter().flat_map(|shape| cases(*shape)).collect()
}

/// What is taken from a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    Cpu,
    Wall,
    /// The CPU of its own process, for each action.
    Own,
    Memory,
    Reruns,
    /// The CPU of all processes, compared with ninja's in the same round.
    Ratio,
}

impl Figure {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "CPU ms",
            Self::Wall => "wall ms",
            Self::Own => "own CPU us/action",
            Self::Memory => "peak RSS MB",
            Self::Reruns => "reruns",
            Self::Ratio => "CPU / ninja's",
        }
    }

    /// The figure of a run on so many actions; `anchor` is ninja's of the same round.
    pub(crate) fn of(self, sample: &Sample, anchor: Option<&Sample>, size: usize) -> Option<f64> {
        let actions = f64::from(u32::try_from(size).unwrap_or(u32::MAX));
        match self {
            Self::Cpu => Some(sample.cpu),
            Self::Wall => Some(sample.wall),
            Self::Own => Some(sample.own / actions * 1e3),
            Self::Memory => Some(sample.memory),
            Self::Reruns => Some(sample.ran),
            Self::Ratio => anchor.map(|anchor| sample.cpu / anchor.cpu),
        }
    }
}

/// A figure of walk that has a limit.
pub(crate) struct Goal {
    pub(crate) state: State,
    pub(crate) shape: Shape,
    pub(crate) size: usize,
    pub(crate) figure: Figure,
    pub(crate) at_most: f64,
    /// What ninja 1.11 took on the machine and on the day for which the limit was chosen.
    pub(crate) ninja_then: Option<f64>,
}

impl Goal {
    /// As in `null, wide 10k`.
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.state.name(), name(self.shape, self.size))
    }

    /// The limit as a ratio to ninja, which another machine can be held to as well.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.at_most / self.ninja_then?)
    }
}

const fn goal(state: State, shape: Shape, size: usize, figure: Figure, at_most: f64) -> Goal {
    Goal { state, shape, size, figure, at_most, ninja_then: None }
}

impl Goal {
    const fn beside(self, ninja: f64) -> Self {
        Self { ninja_then: Some(ninja), ..self }
    }
}

pub(crate) const GOALS: &[Goal] = &[
    goal(Null, Shape::Wide, 1000, Figure::Cpu, 3.5).beside(6.8),
    goal(Null, Shape::Wide, 10_000, Figure::Cpu, 24.0).beside(53.1),
    goal(Null, Shape::Wide, 10_000, Figure::Wall, 14.0),
    goal(Null, Shape::Wide, 100_000, Figure::Cpu, 220.0).beside(640.0),
    goal(Null, Shape::Wide, 100_000, Figure::Wall, 130.0),
    goal(Null, Shape::Layered, 1000, Figure::Cpu, 4.0).beside(8.8),
    goal(Null, Shape::Layered, 10_000, Figure::Cpu, 27.0).beside(78.5),
    goal(Null, Shape::Layered, 10_000, Figure::Wall, 16.0),
    goal(Null, Shape::Layered, 100_000, Figure::Cpu, 250.0).beside(1007.0),
    goal(Null, Shape::Layered, 100_000, Figure::Wall, 150.0),
    goal(Null, Shape::Chain, 1000, Figure::Cpu, 3.5).beside(7.1),
    goal(Null, Shape::Fanin, 1000, Figure::Cpu, 5.0).beside(48.4),
    goal(Null, Shape::Fanin, 10_000, Figure::Cpu, 35.0).beside(456.0),
    goal(Leaf, Shape::Wide, 1000, Figure::Cpu, 5.0).beside(9.47),
    goal(Leaf, Shape::Layered, 1000, Figure::Cpu, 6.5),
    goal(Leaf, Shape::Wide, 100_000, Figure::Cpu, 225.0).beside(614.0),
    goal(TouchOne, Shape::Layered, 1000, Figure::Cpu, 5.0),
    goal(TouchOne, Shape::Layered, 1000, Figure::Reruns, 0.0),
    goal(TouchOne, Shape::Layered, 10_000, Figure::Cpu, 30.0),
    goal(TouchOne, Shape::Layered, 10_000, Figure::Reruns, 0.0),
    goal(TouchAll, Shape::Wide, 1000, Figure::Cpu, 10.0),
    goal(TouchAll, Shape::Wide, 1000, Figure::Reruns, 0.0),
    goal(Cold, Shape::Wide, 100_000, Figure::Own, 40.0).beside(52.0),
    goal(Cold, Shape::Layered, 100_000, Figure::Own, 50.0).beside(82.0),
    goal(Cold, Shape::Wide, 1000, Figure::Ratio, 1.02),
    goal(Cold, Shape::Widecp, 1000, Figure::Cpu, 1500.0),
    goal(Cold, Shape::Widecp, 1000, Figure::Ratio, 0.6),
    goal(Null, Shape::Wide, 1000, Figure::Memory, 4.0).beside(5.0),
    goal(Null, Shape::Wide, 10_000, Figure::Memory, 8.0).beside(12.2),
    goal(Null, Shape::Wide, 100_000, Figure::Memory, 40.0).beside(86.8),
];

/// How much more than ten times as long a walk over ten times the actions may take.
pub(crate) const GROWTH: f64 = 1.05;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_is_measured() {
        for goal in GOALS {
            let measures = |case: &Case| {
                (case.shape, case.size) == (goal.shape, goal.size)
                    && case.states.contains(&goal.state)
            };
            assert!(all().iter().any(measures), "{}", goal.name());
        }
    }

    #[test]
    fn a_name_has_a_star_for_the_stand_in() {
        let names: Vec<_> =
            chosen(&[Shape::Chain], &[500, 1000, 20_000]).iter().map(Case::name).collect();
        assert_eq!(names, ["chain 500", "chain 1k", "chain 20k*"]);
    }
}
