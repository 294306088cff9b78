//! Writes a graph in the formats of those who build it.
//!
//! It knows the formats and not the programs; each says the same graph the way its manual does.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::graph::{Action, Graph};

/// Returns the files that tell a program of a graph: their paths and contents.
pub(crate) type Format = fn(&Graph) -> Vec<(&'static str, String)>;

/// The text of all actions, one after the other.
fn each(graph: &Graph, text: impl Fn(&Action) -> String) -> String {
    graph.actions.iter().map(text).collect()
}

fn words<'a>(files: impl Iterator<Item = &'a str>) -> String {
    files.collect::<Vec<_>>().join(" ")
}

/// walk's own, as a generator would write it.
pub(crate) fn walk(graph: &Graph) -> Vec<(&'static str, String)> {
    let action = |action: &Action| {
        let reads: Vec<_> = action.reads().collect();
        let mut object = json!({"action": action.name, "run": action.command(), "in": reads,
                                "out": [action.output]});
        if let Some(depfile) = &action.depfile {
            object["depfile"] = json!(depfile);
        }
        object.to_string()
    };
    let actions: Vec<String> = graph.actions.iter().map(action).collect();
    let track: Vec<_> = graph.variable.into_iter().collect();
    let header = format!(r#"{{"walk":{{"version":1}},"env":{{"track":{}}},"#, json!(track));
    vec![("walk.json", format!("{header}\"actions\":[\n{}\n]}}\n", actions.join(",\n")))]
}

pub(crate) fn ninja(graph: &Graph) -> Vec<(&'static str, String)> {
    let rule = |tool: &str| tool.replace(|letter: char| !letter.is_alphanumeric(), "_");
    let tools: BTreeSet<&str> = graph.actions.iter().map(|action| &*action.tool).collect();
    let rules = tools.into_iter().map(|tool| {
        let to = if tool == "cp" { "" } else { "> " };
        format!("rule {}\n  command = {tool} $in {to}$out\n", rule(tool))
    });
    let build = |action: &Action| {
        let Action { output, inputs, headers, .. } = action;
        let implicit = if headers.is_empty() { "" } else { " | " };
        let (inputs, headers) = (inputs.join(" "), headers.join(" "));
        let depfile = action.depfile.as_ref();
        let depfile = depfile.map(|file| format!("  depfile = {file}\n  deps = gcc\n"));
        let depfile = depfile.unwrap_or_default();
        format!("build {output}: {} {inputs}{implicit}{headers}\n{depfile}", rule(&action.tool))
    };
    vec![("build.ninja", rules.collect::<String>() + &each(graph, build))]
}

pub(crate) fn make(graph: &Graph) -> Vec<(&'static str, String)> {
    let outputs = words(graph.actions.iter().map(|action| &*action.output));
    let rule = |action: &Action| {
        let depfile = action.depfile.as_ref().map(|file| format!("-include {file}\n"));
        let depfile = depfile.unwrap_or_default();
        let Action { output, .. } = action;
        format!("{output}: {}\n\t{}\n{depfile}", words(action.reads()), action.command())
    };
    // All in one line: with a line for each action GNU make would be quadratic.
    vec![("Makefile", format!(".PHONY: all\n.SUFFIXES:\nall: {outputs}\n{}", each(graph, rule)))]
}

pub(crate) fn tup(graph: &Graph) -> Vec<(&'static str, String)> {
    let export = graph.variable.map(|variable| format!("export {variable}\n"));
    let rule = |action: &Action| {
        let Action { output, inputs, headers, .. } = action;
        let implicit = if headers.is_empty() { "" } else { " | " };
        let (inputs, headers) = (inputs.join(" "), headers.join(" "));
        let depfile = action.depfile.as_deref().unwrap_or_default();
        format!(": {inputs}{implicit}{headers} |> {} |> {output} {depfile}\n", action.command())
    };
    vec![("Tupfile", export.unwrap_or_default() + &each(graph, rule))]
}

/// Rows of output, command and inputs, for `shake.hs`.
pub(crate) fn rows(graph: &Graph) -> Vec<(&'static str, String)> {
    let row = |action: &Action| {
        format!("{}\t{}\t{}\n", action.output, action.command(), words(action.reads()))
    };
    vec![("graph.tsv", each(graph, row))]
}

/// Objects of name, command, inputs, output and predecessors, for the programs written in Python.
pub(crate) fn objects(graph: &Graph) -> Vec<(&'static str, String)> {
    let makers = makers(graph);
    let object = |action: &Action| {
        json!({"name": action.name, "command": action.command(), "output": action.output,
               "inputs": action.reads().collect::<Vec<_>>(), "after": after(action, &makers)})
    };
    let objects: Vec<Value> = graph.actions.iter().map(object).collect();
    vec![("graph.json", Value::Array(objects).to_string())]
}

pub(crate) fn doit(graph: &Graph) -> Vec<(&'static str, String)> {
    let mut files = objects(graph);
    files.push(("dodo.py", DODO.to_owned()));
    files
}

const DODO: &str = "\
import json

DOIT_CONFIG = {'verbosity': 0, 'reporter': 'zero'}


def task_all():
    for action in json.load(open('graph.json')):
        yield {'name': action['name'], 'actions': [action['command']],
               'file_dep': action['inputs'], 'targets': [action['output']]}
";

pub(crate) fn scons(graph: &Graph) -> Vec<(&'static str, String)> {
    let mut files = objects(graph);
    files.push(("SConstruct", SCONSTRUCT.to_owned()));
    files
}

const SCONSTRUCT: &str = "\
import json, os

DefaultEnvironment(tools=[])
env = Environment(tools=[], ENV=dict(os.environ))
for action in json.load(open('graph.json')):
    env.Command(action['output'], action['inputs'], action['command'])
Default('out')
";

pub(crate) fn task(graph: &Graph) -> Vec<(&'static str, String)> {
    let makers = makers(graph);
    let names: Vec<_> = graph.actions.iter().map(|action| &action.name).collect();
    let mut tasks = Map::new();
    tasks.insert("default".to_owned(), json!({"deps": names}));
    for action in &graph.actions {
        let task = json!({"deps": after(action, &makers), "cmds": [action.command()],
            "sources": action.reads().collect::<Vec<_>>(), "generates": [action.output]});
        tasks.insert(action.name.clone(), task);
    }
    // What is JSON is YAML.
    let file = json!({"version": "3", "silent": true, "run": "once", "tasks": tasks});
    vec![("Taskfile.yml", file.to_string())]
}

type Makers<'a> = std::collections::HashMap<&'a str, &'a str>;

/// The action that makes a file, by the file.
fn makers(graph: &Graph) -> Makers<'_> {
    graph.actions.iter().map(|action| (&*action.output, &*action.name)).collect()
}

fn after<'a>(action: &Action, makers: &Makers<'a>) -> Vec<&'a str> {
    action.inputs.iter().filter_map(|input| makers.get(&**input).copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// What a format says of two actions, of which one reads a header and has a depfile.
    fn check(format: Format, path: &str, expected: &str) {
        let one = Action::new("one", "cp", &["src/a"], "out/one");
        let mut two = Action::new("two", "sed p", &["out/one", "src/b"], "out/two");
        two.headers = Rc::from(["h".to_owned()]);
        two.depfile = Some("two.d".to_owned());
        let mut graph = Graph::of(vec![one, two], &["src/a", "src/b"]);
        graph.variable = Some("MODE");
        let files = format(&graph);
        let (_, text) = files.iter().find(|(name, _)| *name == path).expect("it writes this file");
        assert_eq!(text, expected, "{path}");
    }

    #[test]
    fn every_format_says_the_same_graph() {
        let expected = r#"{"walk":{"version":1},"env":{"track":["MODE"]},"actions":[
{"action":"one","in":["src/a"],"out":["out/one"],"run":"cp src/a out/one"},
{"action":"two","depfile":"two.d","in":["out/one","src/b","h"],"out":["out/two"],"run":"sed p out/one src/b > out/two"}
]}
"#;
        check(walk, "walk.json", expected);
        let expected = "rule cp\n  command = cp $in $out\nrule sed_p\n  command = sed p $in > $out
build out/one: cp src/a
build out/two: sed_p out/one src/b | h\n  depfile = two.d\n  deps = gcc\n";
        check(ninja, "build.ninja", expected);
        let expected = ".PHONY: all\n.SUFFIXES:\nall: out/one out/two
out/one: src/a\n\tcp src/a out/one
out/two: out/one src/b h\n\tsed p out/one src/b > out/two\n-include two.d\n";
        check(make, "Makefile", expected);
        let expected = "export MODE\n: src/a |> cp src/a out/one |> out/one 
: out/one src/b | h |> sed p out/one src/b > out/two |> out/two two.d\n";
        check(tup, "Tupfile", expected);
        let expected = "out/one\tcp src/a out/one\tsrc/a
out/two\tsed p out/one src/b > out/two\tout/one src/b h\n";
        check(rows, "graph.tsv", expected);
    }

    #[test]
    fn predecessors_are_named_where_they_have_to_be() {
        let one = Action::new("one", "cp", &["a"], "x");
        let graph = Graph::of(vec![one, Action::new("two", "cp", &["x"], "y")], &["a", "b"]);
        let parsed = |files: &[(&str, String)]| -> Value {
            serde_json::from_str(&files[0].1).expect("this is JSON")
        };
        assert_eq!(parsed(&objects(&graph))[1]["after"], json!(["one"]));
        assert_eq!(parsed(&task(&graph))["tasks"]["two"]["deps"], json!(["one"]));
    }
}
