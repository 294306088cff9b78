//! Writes a generated graph to disk: its sources, and the files of those who build it.
//!
//! Everything is made anew: a tree that somebody built before would not be cold.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::graph::{Action, Graph};

/// Writes sources, empty folders for the outputs, `walk.json` and `build.ninja` below `root`.
///
/// # Errors
///
/// The disk is full or not writable.
pub(crate) fn write(graph: &Graph, root: &Path) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    let outputs = graph.actions.iter().map(|action| &action.output);
    let folders: BTreeSet<_> =
        graph.sources.iter().chain(outputs).filter_map(|file| Path::new(file).parent()).collect();
    for folder in folders {
        fs::create_dir_all(root.join(folder))?;
    }
    for (number, source) in graph.sources.iter().enumerate() {
        write_source(&root.join(source), number)?;
    }
    fs::write(root.join("walk.json"), walk_json(graph))?;
    fs::write(root.join("build.ninja"), build_ninja(graph))?;
    Ok(())
}

/// A kilobyte that no other source has, a month old.
fn write_source(path: &Path, number: usize) -> Result<()> {
    let old = SystemTime::now() - Duration::from_secs(30 * 86_400);
    let mut text = format!("{number:<15}\n");
    while text.len() < 1024 {
        writeln!(text, "{number:08x} is what this line says")?;
    }
    text.truncate(1024);
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.set_modified(old)?;
    Ok(())
}

fn walk_json(graph: &Graph) -> String {
    let action = |action: &Action| {
        let run = format!("{} {} > {}", action.tool, action.inputs.join(" "), action.output);
        json!({"action": action.name, "run": run, "in": action.inputs, "out": [action.output]})
            .to_string()
    };
    let actions: Vec<String> = graph.actions.iter().map(action).collect();
    format!("{{\"walk\":{{\"version\":1}},\"actions\":[\n{}\n]}}\n", actions.join(",\n"))
}

fn build_ninja(graph: &Graph) -> String {
    let mut lines = Vec::new();
    for tool in ["cat", "sum"] {
        lines.push(format!("rule {tool}\n  command = {tool} $in > $out"));
    }
    for Action { tool, inputs, output, .. } in &graph.actions {
        lines.push(format!("build {output}: {tool} {}", inputs.join(" ")));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::graph::Shape;
    use super::*;

    #[test]
    fn both_formats_say_the_same() {
        let graph = Graph::new(Shape::Wide, 2);
        let ninja = build_ninja(&graph);
        assert!(ninja.ends_with("build out/000/a000001.o: cat src/000/s000001.c\n"), "{ninja}");
        let json: serde_json::Value =
            serde_json::from_str(&walk_json(&graph)).expect("this is JSON");
        assert_eq!(json["actions"][1]["run"], "cat src/000/s000001.c > out/000/a000001.o");
        assert_eq!(json["actions"][1]["out"], json!(["out/000/a000001.o"]));
    }

    #[test]
    fn a_tree_is_complete_and_written_anew() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path().join("tree");
        for _ in 0..2 {
            write(&Graph::new(Shape::Wide, 3), &root).expect("it is writable");
            let text = fs::read(root.join("src/000/s000002.c")).expect("it is there");
            assert_eq!((text.len(), &text[..3]), (1024, &b"2  "[..]));
            assert!(root.join("out/000").is_dir());
            fs::write(root.join("out/000/a000000.o"), "").expect("it is writable");
        }
        write(&Graph::new(Shape::Wide, 3), &root).expect("it is writable");
        assert!(!root.join("out/000/a000000.o").exists());
    }
}
