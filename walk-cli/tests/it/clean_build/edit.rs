//! What people do between two walks: to sources, outputs, headers, and the manifest.
//!
//! An edit changes the project, the disk, or both, and says what it did; one that finds nothing
//! to do it to says nothing.

use std::time::SystemTime;

use super::disk::{Disk, long_ago};
use super::graph::{Action, Dialect, Graph, Kind};
use super::grow::text;
use super::random::Random;

/// A project, its directory, and what decides what happens to them.
pub(super) struct Site {
    pub(super) graph: Graph,
    pub(super) disk: Disk,
    pub(super) random: Random,
    /// Earlier contents of sources.
    pub(super) past: Vec<(String, String)>,
}

type Edit = fn(&mut Site) -> Option<String>;

/// What can be done, and how often in comparison.
const EDITS: &[(usize, Edit)] = &[
    (6, |it| Some(it.edit_source())),
    (4, |it| Some(it.edit_unseen())),
    (2, |it| Some(it.edit_in_the_past())),
    (2, |it| Some(it.touch())),
    (4, Site::switch_back),
    (2, Site::break_source),
    (5, Site::damage_output),
    (3, Site::edit_command),
    (3, Site::add_action),
    (2, Site::remove_action),
    (1, Site::rename_action),
    (2, Site::rename_output),
    (1, Site::swap_outputs),
    (2, Site::reorder_inputs),
    (2, Site::edit_inputs),
    (1, |it| Some(it.reorder_manifest())),
    (2, |it| Some(it.edit_settings())),
    (4, Site::edit_includes),
    (3, |it| Some(it.edit_header())),
    (2, Site::drop_header),
    (1, |it| Some(it.match_another())),
    (1, Site::make_source),
    (1, Site::keep_output),
];

impl Site {
    /// Does something at random.
    pub(super) fn edit(&mut self) -> String {
        let all: usize = EDITS.iter().map(|it| it.0).sum();
        loop {
            let mut at = self.random.below(all);
            let chosen = EDITS.iter().find(|(weight, _)| {
                let is_it = at < *weight;
                at = at.saturating_sub(*weight);
                is_it
            });
            let done = chosen.and_then(|(_, edit)| edit(self));
            self.disk.sync(&self.graph);
            if let Some(done) = done {
                return done;
            }
        }
    }

    /// Takes the lines out that make whoever reads them fail.
    pub(super) fn mend(&mut self) -> Option<String> {
        let is_broken = |it: &(&String, &mut String)| it.1.starts_with('!');
        let broken = self.graph.sources.iter_mut().filter(is_broken);
        let mended: Vec<String> = broken
            .map(|(path, content)| {
                *content = content.trim_start_matches("!\n").to_owned();
                path.clone()
            })
            .collect();
        self.disk.sync(&self.graph);
        (!mended.is_empty()).then(|| format!("mend {}", mended.join(" ")))
    }

    /// Returns a source that is text, with its content.
    fn source(&mut self) -> (String, String) {
        let is_text = |it: &&String| !it.starts_with("h/") && !it.starts_with("c/");
        let paths: Vec<String> = self.graph.sources.keys().filter(is_text).cloned().collect();
        let path = self.random.pick(&paths).expect("there always are some").clone();
        let content = self.graph.sources[&path].clone();
        self.past.push((path.clone(), content.clone()));
        (path, content)
    }

    pub(super) fn set(&mut self, path: &str, content: String) {
        self.graph.sources.insert(path.into(), content);
    }

    pub(super) fn edit_source(&mut self) -> String {
        let (path, _) = self.source();
        let content = text(&mut self.random);
        self.set(&path, content.clone());
        format!("edit {path}: {content:?}")
    }

    /// A content of the same size, and the times as they were.
    fn edit_unseen(&mut self) -> String {
        let (path, content) = self.source();
        let mut bytes = content.into_bytes();
        let at = self.random.below(bytes.len());
        let letters: Vec<u8> = (b'a'..=b'z').collect();
        if bytes[at].is_ascii_lowercase() {
            bytes[at] = *self.random.pick(&letters).expect("there are some");
        }
        let content = String::from_utf8(bytes).expect("a letter for a letter");
        self.set(&path, content.clone());
        let how = if self.random.percent(50) {
            self.disk.write_unseen(&path, &content);
            "in place"
        } else {
            self.disk.replace(&path, &content);
            "by another file"
        };
        format!("edit {path} {how}, size and time as before: {content:?}")
    }

    fn edit_in_the_past(&mut self) -> String {
        let said = self.edit_source();
        self.disk.sync(&self.graph);
        let path = self.past.last().expect("just now").0.clone();
        self.disk.set_time(&path, long_ago());
        format!("{said}, long ago")
    }

    fn touch(&mut self) -> String {
        let (path, _) = self.source();
        let time = if self.random.percent(50) { SystemTime::now() } else { long_ago() };
        self.disk.set_time(&path, time);
        format!("touch {path}")
    }

    fn switch_back(&mut self) -> Option<String> {
        let past = std::mem::take(&mut self.past);
        let all = self.random.percent(30);
        let chosen: Vec<_> =
            if all { past.iter().collect() } else { self.random.pick(&past).into_iter().collect() };
        let mut said = String::new();
        for (path, content) in chosen {
            if self.graph.sources.contains_key(path) && !path.starts_with("c/") {
                self.set(path, content.clone());
                said = format!("{said} {path}: {content:?}");
            }
        }
        self.past = past;
        (!said.is_empty()).then(|| format!("switch back{said}"))
    }

    fn break_source(&mut self) -> Option<String> {
        let (path, content) = self.source();
        if path == "tool.txt" || content.starts_with('!') {
            return None;
        }
        self.past.pop();
        self.set(&path, format!("!\n{content}"));
        Some(format!("break {path}"))
    }

    /// Deletes, truncates, empties or edits an output.
    fn damage_output(&mut self) -> Option<String> {
        let names: Vec<String> = self.graph.actions.iter().map(|it| it.name.clone()).collect();
        self.damage_output_of(&names)
    }

    /// Does so with an output of one of the actions of these names.
    pub(super) fn damage_output_of(&mut self, names: &[String]) -> Option<String> {
        let is_one = |it: &&Action| names.contains(&it.name) && !it.outputs.is_empty();
        let makers: Vec<&Action> = self.graph.actions.iter().filter(is_one).collect();
        let maker = *self.random.pick(&makers)?;
        let path = self.random.pick(&maker.outputs)?.clone();
        if maker.kind == Kind::Tree {
            return self.damage_tree(&path);
        }
        let mut content = std::fs::read(self.disk.path(&path)).ok()?;
        let time = self.disk.time(&path);
        match self.random.below(7) {
            0 | 1 => {
                self.disk.remove(&path);
                return Some(format!("delete {path}"));
            }
            2 => {
                let other = self.disk.path(&format!("elsewhere/{}", self.random.next()));
                self.disk.link(&path, &other);
                return Some(format!("put a link to {} in the place of {path}", other.display()));
            }
            3 => content.truncate(content.len() / 2),
            4 => content.clear(),
            5 => content.extend(b"more\n"),
            _ => {
                let at = self.random.below(content.len().max(1));
                *content.get_mut(at)? ^= 1;
            }
        }
        self.disk.overwrite(&path, &content);
        if self.random.percent(50) {
            self.disk.set_time(&path, time);
        }
        Some(format!("tamper with {path}: {:?}", String::from_utf8_lossy(&content)))
    }

    /// A directory is looked into only where walk's own manifest declares it.
    fn damage_tree(&mut self, path: &str) -> Option<String> {
        let inside = format!("{path}/all");
        let how = self.random.below(if self.graph.dialect == Dialect::Toml { 4 } else { 1 });
        if !self.disk.path(&inside).exists() {
            return None;
        }
        match how {
            0 => self.disk.remove(path),
            1 => self.disk.remove(&inside),
            2 => self.disk.overwrite(&inside, b"tampered\n"),
            _ => self.disk.overwrite(&format!("{path}/sub/more"), b"more\n"),
        }
        Some(format!("{} {path}", ["delete", "delete in", "edit in", "add to"][how]))
    }

    /// Another source for something that is compiled: headers come and go.
    fn edit_includes(&mut self) -> Option<String> {
        let index = self.any(|it| it.kind == Kind::Compile)?;
        let action = self.graph.actions[index].clone();
        let content = self.graph.includes(&action, &mut self.random);
        let path = format!("c/{}.c", action.name);
        self.set(&path, content.clone());
        Some(format!("edit {path}: {content:?}"))
    }

    pub(super) fn edit_header(&mut self) -> String {
        let number = self.random.below(4);
        let content = self.graph.header(number, &mut self.random);
        let path = format!("h/{number}.h");
        self.set(&path, content.clone());
        format!("edit {path}: {content:?}")
    }

    /// A header goes, and with it the last line that names it.
    fn drop_header(&mut self) -> Option<String> {
        let path = format!("h/{}.h", self.random.below(4));
        self.graph.sources.remove(&path)?;
        self.graph.forget_include(&path);
        self.past.retain(|it| !it.0.starts_with("h/"));
        Some(format!("drop {path}"))
    }

    fn match_another(&mut self) -> String {
        let path = format!("g/{}.g", self.random.below(4));
        let is_there = self.graph.sources.remove(&path).is_some();
        let verb = if is_there && self.graph.sources.keys().any(|it| it.starts_with("g/")) {
            "drop"
        } else {
            let content = text(&mut self.random);
            self.set(&path, content);
            "add"
        };
        format!("{verb} {path}")
    }
}
