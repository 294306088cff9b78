//! Generates graphs of actions, the same ones for the same numbers.
//!
//! It knows the graphs, not the formats of those who build them.

use std::rc::Rc;

/// The shape of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Independent actions of one source each, `cat source > output`
    Wide,
    /// The same by `cp source output`, which needs no shell
    Widecp,
    /// Twenty layers; each action reads three outputs of the layer below and two sources
    Layered,
    /// Each action reads the output of the one before and a source
    Chain,
    /// Wide, and each action depends on the same 200 of 2000 headers
    Fanin,
}

impl Shape {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Widecp => "widecp",
            Self::Layered => "layered",
            Self::Chain => "chain",
            Self::Fanin => "fanin",
        }
    }
}

/// An action: `tool` reads the inputs and writes the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) name: String,
    /// The words of the command before the inputs.
    pub(crate) tool: String,
    pub(crate) inputs: Vec<String>,
    /// What the action depends on besides, not given to the tool.
    pub(crate) headers: Rc<[String]>,
    pub(crate) output: String,
    /// The file in make's format that it writes, naming more inputs.
    pub(crate) depfile: Option<String>,
}

impl Action {
    pub(crate) fn new(name: &str, tool: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            name: name.to_owned(),
            tool: tool.to_owned(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            headers: Rc::from([]),
            output: output.to_owned(),
            depfile: None,
        }
    }

    /// The command, for a shell; `cp` takes the output as its last word.
    pub(crate) fn command(&self) -> String {
        let to = if self.tool == "cp" { "" } else { "> " };
        format!("{} {} {to}{}", self.tool, self.inputs.join(" "), self.output)
    }

    /// All that it depends on by its declaration.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().chain(self.headers.iter()).map(String::as_str)
    }
}

/// A graph; its actions are in topological order.
#[derive(Clone)]
pub(crate) struct Graph {
    pub(crate) actions: Vec<Action>,
    /// The files that nobody makes, and how many bytes they have.
    pub(crate) sources: Vec<(String, usize)>,
    /// A source that only one action reads, whose output nothing reads.
    pub(crate) leaf: String,
    /// A source with a large cone above it.
    pub(crate) head: String,
    /// A variable that the commands read.
    pub(crate) variable: Option<&'static str>,
}

const LAYERS: usize = 20;
const HEADERS: usize = 2000;
const HEADERS_READ: usize = 200;
const SOURCE_BYTES: usize = 1024;
const HEADER_BYTES: usize = 4096;

impl Graph {
    /// A graph of `size` actions, rounded down to full layers.
    ///
    /// # Panics
    ///
    /// There is no action, or a layered graph has fewer than three in a layer.
    pub(crate) fn new(shape: Shape, size: usize) -> Self {
        assert!(size > 0, "a graph has an action");
        match shape {
            Shape::Wide => independent("cat", size),
            Shape::Widecp => independent("cp", size),
            Shape::Layered => layered(size / LAYERS),
            Shape::Chain => chain(size),
            Shape::Fanin => fanin(size),
        }
    }

    /// A graph of these actions, which read these sources; the first is the head, the last the leaf.
    ///
    /// # Panics
    ///
    /// There is no source.
    pub(crate) fn of(actions: Vec<Action>, sources: &[&str]) -> Self {
        let [head, .., leaf] = sources else { panic!("a graph has two sources") };
        Self {
            actions,
            sources: sources.iter().map(|source| (source.to_string(), SOURCE_BYTES)).collect(),
            leaf: leaf.to_string(),
            head: head.to_string(),
            variable: None,
        }
    }
}

fn source(number: usize) -> String {
    format!("src/{:03}/s{number:06}.c", number / 1000)
}

fn output(number: usize) -> String {
    format!("out/{:03}/a{number:06}.o", number / 1000)
}

fn header(number: usize) -> String {
    format!("hdr/h{number:05}.h")
}

fn action(number: usize, tool: &str, inputs: Vec<String>) -> Action {
    let action = Action::new(&format!("a{number:06}"), tool, &[], &output(number));
    Action { inputs, ..action }
}

/// `actions`, with a source for each of them, the last of which is the leaf.
fn with_sources(actions: Vec<Action>) -> Graph {
    let size = actions.len();
    Graph {
        actions,
        sources: (0..size).map(|number| (source(number), SOURCE_BYTES)).collect(),
        leaf: source(size - 1),
        head: source(0),
        variable: None,
    }
}

fn independent(tool: &str, size: usize) -> Graph {
    let actions = (0..size).map(|number| action(number, tool, vec![source(number)]));
    with_sources(actions.collect())
}

fn chain(size: usize) -> Graph {
    let inputs = |number: usize| {
        let before = number.checked_sub(1).map(output);
        before.into_iter().chain([source(number)]).collect()
    };
    with_sources((0..size).map(|number| action(number, "sum", inputs(number))).collect())
}

fn fanin(size: usize) -> Graph {
    let mut graph = independent("cat", size);
    let mut random = Random(20_240_607);
    let read = random.distinct(HEADERS_READ, HEADERS);
    let headers: Rc<[String]> = read.into_iter().map(header).collect();
    graph.head.clone_from(&headers[0]);
    for action in &mut graph.actions {
        action.headers = Rc::clone(&headers);
    }
    graph.sources.extend((0..HEADERS).map(|number| (header(number), HEADER_BYTES)));
    graph
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
            inputs.extend(random.distinct(3, width).iter().map(|offset| output(below + offset)));
        }
        let other = random.below(size);
        for read in [Some(number), (other != number).then_some(other)].into_iter().flatten() {
            inputs.push(source(read));
            readers[read] += 1;
        }
        actions.push(action(number, "sum", inputs));
    }
    let last = (size - width..size).rev().find(|number| readers[*number] == 1);
    Graph { leaf: source(last.unwrap_or(size - 1)), ..with_sources(actions) }
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

    /// `count` different numbers.
    fn distinct(&mut self, count: usize, limit: usize) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let number = self.below(limit);
            if !chosen.contains(&number) {
                chosen.push(number);
            }
        }
        chosen
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
    fn only_one_action_reads_the_leaf_and_nothing_reads_that() {
        for shape in [Shape::Wide, Shape::Widecp, Shape::Layered, Shape::Chain, Shape::Fanin] {
            let graph = Graph::new(shape, 1000);
            let reads = |action: &Action, file: &str| action.reads().any(|read| read == file);
            let readers: Vec<_> =
                graph.actions.iter().filter(|action| reads(action, &graph.leaf)).collect();
            assert_eq!(readers.len(), 1, "{shape:?}");
            let output = &readers[0].output;
            assert!(!graph.actions.iter().any(|action| reads(action, output)), "{shape:?}");
        }
    }

    #[test]
    fn a_fanin_shares_its_headers() {
        let graph = Graph::new(Shape::Fanin, 3);
        assert_eq!((graph.actions[2].reads().count(), graph.sources.len()), (201, 2003));
        assert!(graph.actions.iter().all(|action| action.headers[0] == graph.head));
    }

    #[test]
    fn the_same_numbers_give_the_same_graph() {
        let graph = || Graph::new(Shape::Layered, 400);
        assert_eq!(graph().actions, graph().actions);
    }

    #[test]
    fn a_command_is_what_the_shell_gets() {
        let command = |shape, size: usize| Graph::new(shape, size).actions[size - 1].command();
        assert_eq!(command(Shape::Wide, 1), "cat src/000/s000000.c > out/000/a000000.o");
        assert_eq!(command(Shape::Widecp, 1), "cp src/000/s000000.c out/000/a000000.o");
        let chain = "sum out/000/a000000.o src/000/s000001.c > out/000/a000001.o";
        assert_eq!(command(Shape::Chain, 2), chain);
    }
}
