//! A manifest in the making, and its text.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

/// A manifest in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What is said at its top.
    pub(super) comments: Vec<String>,
    pub(super) default: Vec<String>,
    pub(super) vars: Vec<(String, String)>,
    /// Tools and the commands that print their versions.
    pub(super) tools: Vec<(String, Vec<String>)>,
    pub(super) entries: Vec<Entry>,
}

/// An action in the making.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) comments: Vec<String>,
    keys: Vec<(&'static str, Value)>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    List(Vec<String>),
    Flag(bool),
}

impl Entry {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(super) fn comment(mut self, text: impl Into<String>) -> Self {
        self.comments.push(text.into());
        self
    }

    pub(super) fn text(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.keys.push((key, Value::Text(value.into())));
        self
    }

    /// Sets a list, unless it is empty.
    pub(super) fn list<T: Into<String>>(
        mut self,
        key: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        if !values.is_empty() {
            self.keys.push((key, Value::List(values)));
        }
        self
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.keys.iter().any(|it| it.0 == key)
    }

    pub(super) fn flag(mut self, key: &'static str) -> Self {
        self.keys.push((key, Value::Flag(true)));
        self
    }
}

impl Draft {
    /// Starts one that says this at its top.
    pub(super) fn new(comments: &[&str]) -> Self {
        Self { comments: comments.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// Gives an entry a name that no other has, and adds it.
    pub(super) fn add(&mut self, mut entry: Entry) -> String {
        let wanted = entry.name.clone();
        let is_taken = |name: &str| self.entries.iter().any(|it| it.name == name);
        let names = (2..).map(|number| format!("{wanted}-{number}"));
        let name = std::iter::once(wanted.clone()).chain(names).find(|it| !is_taken(it));
        entry.name = name.unwrap_or(wanted);
        self.entries.push(entry);
        self.entries.last().map(|it| it.name.clone()).unwrap_or_default()
    }

    /// Returns the text as TOML, for people.
    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        push_comments(&mut text, &self.comments);
        text += "\n[walk]\nversion = 1\n";
        if !self.default.is_empty() {
            let _ = writeln!(text, "default = {}", list(&self.default));
        }
        if !self.vars.is_empty() {
            text += "\n[vars]\n";
        }
        for (name, value) in &self.vars {
            let _ = writeln!(text, "{} = {}", key(name), quoted(value));
        }
        for (name, version) in &self.tools {
            let _ = writeln!(text, "\n[tool.{}]\nversion = {}", key(name), list(version));
        }
        for entry in &self.entries {
            entry.push_to(&mut text);
        }
        text
    }

    /// Returns the text as JSON, for programs.
    pub(super) fn json(&self) -> String {
        let object = |pairs: &[(String, Json)]| -> Json {
            pairs.iter().cloned().collect::<Map<_, _>>().into()
        };
        let mut walk = json!({"version": 1});
        if !self.default.is_empty() {
            walk["default"] = json!(self.default);
        }
        let vars: Vec<_> = self.vars.iter().map(|it| (it.0.clone(), json!(it.1))).collect();
        let tools = self.tools.iter().map(|it| (it.0.clone(), json!({"version": it.1})));
        let actions: Vec<Json> = self.entries.iter().map(Entry::json).collect();
        let whole = json!({
            "walk": walk,
            "vars": object(&vars),
            "tool": object(&tools.collect::<Vec<_>>()),
            "actions": actions,
        });
        format!("{whole:#}\n")
    }
}

impl Entry {
    fn push_to(&self, text: &mut String) {
        text.push('\n');
        push_comments(text, &self.comments);
        let _ = writeln!(text, "[action.{}]", key(&self.name));
        for (name, value) in &self.keys {
            let value = match value {
                Value::Text(value) => quoted(value),
                Value::List(values) => list(values),
                Value::Flag(value) => value.to_string(),
            };
            let _ = writeln!(text, "{name} = {value}");
        }
    }

    fn json(&self) -> Json {
        let mut object = Map::new();
        object.insert("action".into(), json!(self.name));
        for (name, value) in &self.keys {
            let value = match value {
                Value::Text(value) => json!(value),
                Value::List(values) => json!(values),
                Value::Flag(value) => json!(value),
            };
            object.insert((*name).into(), value);
        }
        object.into()
    }
}

fn push_comments(text: &mut String, comments: &[String]) {
    for line in comments.iter().flat_map(|it| it.lines()) {
        let line = line.replace(|it: char| it.is_control() && it != '\t', " ");
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
}

/// Returns a key, in quotes if it needs them.
fn key(name: &str) -> String {
    let is_bare = |it: u8| it.is_ascii_alphanumeric() || b"_-".contains(&it);
    if !name.is_empty() && name.bytes().all(is_bare) { name.into() } else { quoted(name) }
}

/// Returns a list, on one line if it fits.
fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|it| quoted(it)).collect();
    let line = format!("[{}]", values.join(", "));
    if line.len() <= 92 { line } else { format!("[\n    {},\n]", values.join(",\n    ")) }
}

/// JSON's strings are TOML's, apart from one character.
fn quoted(text: &str) -> String {
    Json::from(text).to_string().replace('\x7f', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_texts_quoted() {
        let mut draft = Draft::default();
        draft.add(Entry::new("a b").text("run", "echo \"x\"\n\u{7f}\\"));
        draft.add(Entry::new("a b").list("in", [""; 0]).flag("always").comment("why\x1b so"));
        let expected = "\n[walk]\nversion = 1\n\
            \n[action.\"a b\"]\nrun = \"echo \\\"x\\\"\\n\\u007f\\\\\"\n\
            \n# why  so\n[action.\"a b-2\"]\nalways = true\n";
        assert_eq!(draft.toml(), expected);
    }
}
