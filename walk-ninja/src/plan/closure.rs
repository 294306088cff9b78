//! The edges that targets need.
//!
//! A depth-first search with a stack of its own, so that the depth of a graph costs no stack.
//! Validations are started like further targets: they are needed, but nothing waits for them.

use super::BuildError;
use crate::graph::{Edge, Graph, Node};

/// The edges that targets need, each after those that it waits for.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) edges: Vec<Edge>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// An edge that is being searched: through which node it was entered, and its next input.
struct Step {
    node: Node,
    edge: Edge,
    next: usize,
}

struct Search<'g> {
    graph: &'g Graph,
    marks: Vec<Mark>,
    steps: Vec<Step>,
    targets: Vec<Node>,
    done: Vec<Edge>,
}

impl Closure {
    /// Finds what `targets` need.
    pub(super) fn of(graph: &Graph, targets: &[Node]) -> Result<Self, BuildError> {
        let mut search = Search {
            graph,
            marks: vec![Mark::New; graph.edges().len()],
            steps: Vec::new(),
            targets: targets.iter().rev().copied().collect(),
            done: Vec::new(),
        };
        while let Some(target) = search.targets.pop() {
            search.enter(target)?;
            while search.step()? {}
        }
        Ok(Self { edges: search.done })
    }
}

impl Search<'_> {
    /// Goes to the next input of the innermost edge; returns whether there is more to do.
    fn step(&mut self) -> Result<bool, BuildError> {
        let Some(step) = self.steps.last_mut() else { return Ok(false) };
        if let Some(&input) = self.graph.inputs(step.edge).get(step.next) {
            step.next += 1;
            self.enter(input)?;
        } else {
            let edge = step.edge;
            self.steps.pop();
            self.marks[edge.index()] = Mark::Done;
            self.targets.extend(self.graph.validations(edge));
            self.done.push(edge);
        }
        Ok(true)
    }

    fn enter(&mut self, node: Node) -> Result<(), BuildError> {
        let Some(edge) = self.graph.producer(node) else { return Ok(()) };
        match self.marks[edge.index()] {
            Mark::Done => Ok(()),
            Mark::Open => Err(self.cycle(node, edge)),
            Mark::New => {
                self.marks[edge.index()] = Mark::Open;
                self.steps.push(Step { node, edge, next: 0 });
                Ok(())
            }
        }
    }

    /// Describes the cycle that `node` closes, which `edge` makes.
    fn cycle(&self, node: Node, edge: Edge) -> BuildError {
        let start = self.steps.iter().position(|it| it.edge == edge).unwrap_or(0);
        // The edge may have been entered through another of its outputs.
        let around = self.steps[start..].iter().skip(1).map(|it| it.node);
        let path = std::iter::once(node).chain(around).chain([node]);
        let text = |it: Node| String::from_utf8_lossy(self.graph.path(it)).into_owned();
        let path: Vec<String> = path.map(text).collect();
        let is_plain =
            self.graph.outputs(edge).len() == 1 && self.graph.implicit_inputs(edge).is_empty();
        let is_phony = path.len() == 2 && is_plain && self.graph.is_phony(edge);
        BuildError::Cycle { place: self.graph.place(edge), path, is_phony }
    }
}
