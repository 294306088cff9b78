//! How a random project comes to be: its sources, its headers, and one action after the other.
//!
//! An action reads sources and what stands before it, so that there is never a cycle.

use std::collections::BTreeMap;

use super::graph::{Action, Dialect, Graph, Input, Kind, OUTPUTS_GLOB, SOURCES_GLOB, Style, dedup};
use super::random::Random;

impl Graph {
    pub(super) fn new(dialect: Dialect, random: &mut Random) -> Self {
        let mut graph = Self {
            dialect,
            sources: BTreeMap::new(),
            actions: Vec::new(),
            set: random.word(),
            tracked: random.word(),
            tokens: 2,
            is_generated: dialect == Dialect::Ninja && random.percent(25),
            count: 0,
        };
        for name in ["s0", "s1", "src/s2", "src/deep/s3", "g/0.g", "g/1.g", "tool.txt"] {
            graph.sources.insert(name.into(), text(random));
        }
        for header in 0..3 {
            let content = graph.header(header, random);
            graph.sources.insert(format!("h/{header}.h"), content);
        }
        for _ in 0..3 + random.below(8) {
            graph.add(random);
        }
        graph
    }

    /// Adds an action that reads some of what is there.
    pub(super) fn add(&mut self, random: &mut Random) -> String {
        let name = self.fresh();
        let is_toml = self.dialect == Dialect::Toml;
        let kind = match random.below(16) {
            0 | 1 => Kind::Head,
            2..=5 => Kind::Compile,
            6 | 7 => Kind::Tree,
            8 => Kind::Stamp,
            9 if is_toml => Kind::Late,
            10 if !self.actions.is_empty() => Kind::Alias,
            _ => Kind::Join,
        };
        let is_leaf = is_toml && kind == Kind::Join && random.percent(25);
        let mut action = action(name.clone(), kind, random);
        action.outputs = self.outputs(&name, kind, is_leaf, random);
        let before = if is_leaf { 0 } else { self.actions.len() };
        self.connect(&mut action, before, random);
        self.actions.insert(before, action);
        name
    }

    fn outputs(&self, name: &str, kind: Kind, is_leaf: bool, random: &mut Random) -> Vec<String> {
        match kind {
            Kind::Alias | Kind::Late => vec![],
            Kind::Stamp if self.dialect == Dialect::Toml => vec![],
            Kind::Stamp => vec![format!("o/{name}.stamp")],
            Kind::Join if is_leaf => vec![format!("gen/{name}.g")],
            Kind::Join => {
                let all = [format!("o/{name}"), format!("o/deep/{name}.1"), format!("{name}.2")];
                all[..=random.below(3)].to_vec()
            }
            _ => vec![format!("o/{name}.out")],
        }
    }

    /// Lets an action read some of the sources and of what the first `before` actions make.
    fn connect(&mut self, action: &mut Action, before: usize, random: &mut Random) {
        let earlier: Vec<String> =
            self.actions[..before].iter().map(|it| it.name.clone()).collect();
        match action.kind {
            Kind::Compile => {
                let source = format!("c/{}.c", action.name);
                action.order =
                    (0..random.below(3)).filter_map(|_| random.pick(&earlier)).cloned().collect();
                action.order.sort();
                action.order.dedup();
                action.inputs = vec![Input::File(source.clone())];
                let content = self.includes(action, random);
                self.sources.insert(source, content);
            }
            Kind::Alias => {
                let some = (0..=random.below(3)).filter_map(|_| random.pick(&earlier).cloned());
                action.inputs = some.map(Input::Of).collect();
            }
            _ if self.dialect == Dialect::Toml && before > 0 && random.percent(12) => {
                let leaves = self.actions.iter().any(Action::is_leaf);
                let glob = if leaves { OUTPUTS_GLOB } else { SOURCES_GLOB };
                action.inputs = vec![Input::Glob(glob)];
            }
            _ => {
                action.inputs = (0..=random.below(3)).map(|_| self.input(before, random)).collect();
                action.order.extend(random.pick(&earlier).filter(|_| before % 3 == 1).cloned());
            }
        }
        dedup(&mut action.inputs);
    }

    /// Returns something to read: a source, or what one of the first `before` actions makes.
    pub(super) fn input(&self, before: usize, random: &mut Random) -> Input {
        let maker = random.pick(&self.actions[..before]).filter(|_| random.percent(65));
        let Some(maker) = maker else {
            let source = random.pick(&self.plain_sources()).cloned();
            return Input::File(source.unwrap_or_else(|| "tool.txt".into()));
        };
        match random.pick(&maker.outputs) {
            Some(path) if maker.kind != Kind::Stamp && random.percent(80) => {
                Input::File(path.clone())
            }
            _ => Input::Of(maker.name.clone()),
        }
    }

    /// Returns a source of its own for an action that has one, which names some headers.
    pub(super) fn includes(&self, action: &Action, random: &mut Random) -> String {
        let mut headers: Vec<String> =
            self.sources.keys().filter(|it| it.starts_with("h/")).cloned().collect();
        let ordered = action.order.iter().filter_map(|it| self.action(it));
        let is_file = |it: &&Action| !matches!(it.kind, Kind::Tree | Kind::Stamp);
        headers.extend(ordered.filter(is_file).filter_map(|it| it.outputs.first().cloned()));
        random.shuffle(&mut headers);
        headers.truncate(random.below(4));
        headers.iter().fold(text(random), |text, it| text + "#include " + it + "\n")
    }

    /// Returns the content of a header, which may name later ones.
    pub(super) fn header(&self, number: usize, random: &mut Random) -> String {
        let later = format!("h/{}.h", number + 1);
        let line = format!("#include {later}\n");
        let names_it = self.sources.contains_key(&later) && random.percent(40);
        text(random) + if names_it { &line } else { "" }
    }
}

/// Makes an action that reads and makes nothing yet.
pub(super) fn action(name: String, kind: Kind, random: &mut Random) -> Action {
    let styles =
        [Style::Directly, Style::Directly, Style::Renamed, Style::IfChanged, Style::WithOldTimes];
    Action {
        name,
        kind,
        inputs: vec![],
        order: vec![],
        outputs: vec![],
        salt: random.below(3).to_string(),
        style: styles[random.below(styles.len())],
        is_stubborn: random.percent(10),
        is_special: random.percent(20),
        variant: random.percent(50),
        tokens: [0, 0, 1, 2][random.below(4)],
        env: random.percent(20).then(|| random.word()),
        tells_surroundings: random.percent(30),
        place: random.next(),
    }
}

/// Returns some text of one or more lines.
pub(super) fn text(random: &mut Random) -> String {
    let lines = 1 + random.below(3);
    (0..lines).map(|_| random.word() + "\n").collect()
}
