//! Generates graphs of actions, the same ones for the same numbers.
//!
//! It knows the graphs, not the formats of those who build them.

/// The shape of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Twenty layers; each action reads three outputs of the layer below and two sources
    Layered,
    /// Independent actions of one source each
    Wide,
}

impl Shape {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Layered => "layered",
            Self::Wide => "wide",
        }
    }
}

/// An action: `tool` reads the inputs and writes the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) tool: &'static str,
    pub(crate) inputs: Vec<String>,
    pub(crate) output: String,
}

/// A graph; its actions are in topological order.
pub(crate) struct Graph {
    pub(crate) actions: Vec<Action>,
    pub(crate) sources: Vec<String>,
    /// The source that only one action reads, whose output nothing reads, and that action.
    pub(crate) leaf: (String, usize),
}

const LAYERS: usize = 20;

impl Graph {
    /// A graph of `size` actions, rounded down to full layers.
    ///
    /// # Panics
    ///
    /// A layered graph has fewer than three actions in a layer.
    pub(crate) fn new(shape: Shape, size: usize) -> Self {
        match shape {
            Shape::Layered => layered(size / LAYERS),
            Shape::Wide => wide(size),
        }
    }
}

fn source(number: usize) -> String {
    format!("src/{:03}/s{number:06}.c", number / 1000)
}

fn output(number: usize) -> String {
    format!("out/{:03}/a{number:06}.o", number / 1000)
}

fn action(number: usize, tool: &'static str, inputs: Vec<String>) -> Action {
    Action { name: format!("a{number:06}"), tool, inputs, output: output(number) }
}

fn wide(size: usize) -> Graph {
    let actions = (0..size).map(|number| action(number, "cat", vec![source(number)]));
    let last = size.saturating_sub(1);
    Graph {
        actions: actions.collect(),
        sources: (0..size).map(source).collect(),
        leaf: (source(last), last),
    }
}

fn layered(width: usize) -> Graph {
    assert!(width >= 3, "a layer has at least three actions");
    let size = width * LAYERS;
    let mut random = Random(20_240_607);
    let mut readers = vec![0_u32; size];
    let mut actions = Vec::with_capacity(size);
    for number in 0..size {
        let layer = number / width;
        let mut inputs = Vec::new();
        if layer > 0 {
            let below = (layer - 1) * width;
            inputs.extend(random.three(width).map(|offset| output(below + offset)));
        }
        let other = random.below(size);
        for read in [Some(number), (other != number).then_some(other)].into_iter().flatten() {
            inputs.push(source(read));
            readers[read] += 1;
        }
        actions.push(action(number, "sum", inputs));
    }
    let last = (0..size).rev().find(|number| readers[*number] == 1).unwrap_or(size - 1);
    Graph { actions, sources: (0..size).map(source).collect(), leaf: (source(last), last) }
}

/// Numbers that look random and are the same every time (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ (mixed >> 31)) % limit).unwrap_or(0)
    }

    /// Three different numbers.
    fn three(&mut self, limit: usize) -> [usize; 3] {
        loop {
            let [a, b, c] = [self.below(limit), self.below(limit), self.below(limit)];
            if a != b && b != c && a != c {
                return [a, b, c];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layered_graph_reads_three_outputs_of_the_layer_below() {
        let graph = Graph::new(Shape::Layered, 1000);
        assert_eq!((graph.actions.len(), graph.sources.len()), (1000, 1000));
        for (number, action) in graph.actions.iter().enumerate() {
            let from_below = action.inputs.iter().filter(|input| input.starts_with("out/"));
            let layers: Vec<usize> = from_below
                .filter_map(|input| graph.actions.iter().position(|a| a.output == *input))
                .map(|below| below / 50)
                .collect();
            let expected = if number < 50 { vec![] } else { vec![number / 50 - 1; 3] };
            assert_eq!(layers, expected, "{}", action.name);
        }
    }

    #[test]
    fn only_one_action_reads_the_leaf() {
        for shape in [Shape::Layered, Shape::Wide] {
            let graph = Graph::new(shape, 1000);
            let (leaf, number) = &graph.leaf;
            let reads = |(at, action): (usize, &Action)| action.inputs.contains(leaf).then_some(at);
            let readers: Vec<usize> = graph.actions.iter().enumerate().filter_map(reads).collect();
            assert_eq!(readers, [*number], "{shape:?}");
            let output = &graph.actions[*number].output;
            assert!(graph.actions.iter().all(|a| !a.inputs.contains(output)), "{shape:?}");
        }
    }

    #[test]
    fn the_same_numbers_give_the_same_graph() {
        let graph = || Graph::new(Shape::Layered, 200).actions;
        assert_eq!(graph(), graph());
    }
}
