//! What people do to a manifest between two walks: actions and outputs come, go, and change.
//!
//! The readers of what is renamed or removed follow, so that the project stays one that works.

use super::edit::Site;
use super::graph::{Action, Graph, Input, Kind, dedup};
use super::grow::{action, text};

impl Site {
    pub(super) fn any(&mut self, is_wanted: impl Fn(&Action) -> bool) -> Option<usize> {
        let all = self.graph.actions.iter().enumerate();
        let wanted: Vec<usize> = all.filter(|it| is_wanted(it.1)).map(|it| it.0).collect();
        self.random.pick(&wanted).copied()
    }

    pub(super) fn edit_command(&mut self) -> Option<String> {
        let index = self.any(|it| it.kind != Kind::Alias)?;
        let new = action(String::new(), Kind::Join, &mut self.random);
        let old = &mut self.graph.actions[index];
        if self.random.percent(70) {
            old.salt = new.salt;
            return Some(format!("let {} write {}", old.name, old.salt));
        }
        (old.style, old.is_stubborn, old.is_special) = (new.style, new.is_stubborn, new.is_special);
        (old.variant, old.tokens, old.env) = (new.variant, new.tokens, new.env);
        old.tells_surroundings = new.tells_surroundings;
        Some(format!("let {} do it otherwise: {:?}", old.name, old.style))
    }

    pub(super) fn add_action(&mut self) -> Option<String> {
        if self.graph.actions.len() > 14 {
            return None;
        }
        let name = self.graph.add(&mut self.random);
        Some(format!("add {:?}", self.graph.action(&name)?))
    }

    pub(super) fn remove_action(&mut self) -> Option<String> {
        let index = self.any(|_| true).filter(|_| self.graph.actions.len() > 3)?;
        let gone = self.graph.remove(index, &mut self.random);
        Some(format!("remove {}", gone.name))
    }

    /// The same action by another name: its outputs stay.
    pub(super) fn rename_action(&mut self) -> Option<String> {
        let is_bound = |it: &Action| matches!(it.kind, Kind::Compile | Kind::Stamp | Kind::Late);
        let index = self.any(|it| !is_bound(it))?;
        let new = self.graph.fresh();
        let old = std::mem::replace(&mut self.graph.actions[index].name, new.clone());
        for action in &mut self.graph.actions {
            let ofs = action.inputs.iter_mut().filter_map(|it| match it {
                Input::Of(name) => Some(name),
                _ => None,
            });
            ofs.chain(&mut action.order)
                .filter(|it| **it == old)
                .for_each(|it| it.clone_from(&new));
        }
        Some(format!("rename {old} to {new}"))
    }

    pub(super) fn rename_output(&mut self) -> Option<String> {
        let index = self.any(|it| !it.outputs.is_empty() && !it.is_leaf())?;
        let old = self.random.pick(&self.graph.actions[index].outputs)?.clone();
        let new = format!("o/new/{}", self.graph.fresh());
        self.graph.rename_file(&old, &new);
        Some(format!("rename output {old} to {new}"))
    }

    /// Two actions write where the other one wrote.
    pub(super) fn swap_outputs(&mut self) -> Option<String> {
        let has_outputs = |it: &Action| matches!(it.kind, Kind::Join | Kind::Head) && !it.is_leaf();
        let (one, other) = (self.any(has_outputs)?, self.any(has_outputs)?);
        if one == other {
            return None;
        }
        let first = |it: usize| self.graph.actions[it].outputs[0].clone();
        let (one, other) = (first(one), first(other));
        self.graph.rename_file(&one, "between");
        self.graph.rename_file(&other, &one);
        self.graph.rename_file("between", &other);
        Some(format!("swap {one} and {other}"))
    }

    pub(super) fn reorder_inputs(&mut self) -> Option<String> {
        let index = self.any(|it| it.inputs.len() > 1)?;
        let action = &mut self.graph.actions[index];
        self.random.shuffle(&mut action.inputs);
        Some(format!("let {} read {:?}", action.name, action.inputs))
    }

    pub(super) fn edit_inputs(&mut self) -> Option<String> {
        let is_free = |it: &Action| {
            !matches!(it.kind, Kind::Compile | Kind::Alias)
                && !it.inputs.iter().any(|it| matches!(it, Input::Glob(_)))
        };
        let index = self.any(is_free)?;
        let before = if self.graph.actions[index].is_leaf() { 0 } else { index };
        let input = self.graph.input(before, &mut self.random);
        let action = &mut self.graph.actions[index];
        if action.inputs.len() > 1 && self.random.percent(50) {
            action.inputs.remove(0);
        } else if !matches!(&input, Input::File(path) if action.outputs.contains(path)) {
            action.inputs.push(input);
        }
        dedup(&mut action.inputs);
        Some(format!("let {} read {:?}", action.name, action.inputs))
    }

    pub(super) fn reorder_manifest(&mut self) -> String {
        self.graph.actions.iter_mut().for_each(|it| it.place = self.random.next());
        "reorder the manifest".into()
    }

    pub(super) fn edit_settings(&mut self) -> String {
        match self.random.below(3) {
            0 => self.graph.set = self.random.word(),
            1 => self.graph.tracked = self.random.word(),
            _ => self.graph.tokens = 2 + self.random.below(2),
        }
        let Graph { set, tracked, tokens, .. } = &self.graph;
        format!("set {set:?}, track {tracked:?}, {tokens} tokens")
    }

    /// What was a source is made from now on; the old one lies in its place.
    pub(super) fn make_source(&mut self) -> Option<String> {
        let plain = self.graph.plain_sources();
        let path = self.random.pick(&plain).filter(|_| plain.len() > 2)?.clone();
        self.graph.sources.remove(&path);
        let name = self.graph.fresh();
        let mut maker = action(name.clone(), Kind::Join, &mut self.random);
        let others: Vec<&String> = plain.iter().filter(|it| **it != path).collect();
        maker.inputs = vec![Input::File((*self.random.pick(&others)?).clone())];
        maker.outputs = vec![path.clone()];
        self.graph.actions.insert(0, maker);
        Some(format!("let {name} make {path}"))
    }

    /// What was made is a source from now on, as it is or edited.
    pub(super) fn keep_output(&mut self) -> Option<String> {
        let is_one = |it: &Action| it.kind == Kind::Join && it.outputs.len() == 1 && !it.is_leaf();
        let index = self.any(is_one)?;
        let path = self.graph.actions[index].outputs[0].clone();
        let content =
            std::fs::read_to_string(self.disk.path(&path)).ok().filter(|it| !it.is_empty())?;
        let content = if self.random.percent(50) { content } else { text(&mut self.random) };
        let order = |it: &Action| it.order.contains(&self.graph.actions[index].name);
        if self.graph.actions.iter().any(order) {
            return None;
        }
        let gone = self.graph.actions.remove(index);
        for action in &mut self.graph.actions {
            let of = Input::Of(gone.name.clone());
            for input in action.inputs.iter_mut().filter(|it| **it == of) {
                *input = Input::File(path.clone());
            }
            dedup(&mut action.inputs);
        }
        self.set(&path, content.clone());
        Some(format!("keep {path} without {}: {content:?}", gone.name))
    }
}
