//! Reads a manifest and lists its actions: `cargo run --example read_plan -- walk.toml`.
//!
//! Without an argument it reads a small manifest of its own.

use std::error::Error;
use std::path::PathBuf;

use walk_plan::{Overrides, Plan, Source};

const TEXT: &str = r#"{"actions": [
    {"action": "hello", "run": "echo hello > {out}", "out": ["hello.txt"]},
    {"action": "count", "matrix": {"unit": ["c", "w"]}, "run": ["wc", "-{unit}", "{in}"], "in": ["hello.txt"]}
]}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let source = match std::env::args_os().nth(1) {
        Some(path) => Source::File(PathBuf::from(path)),
        None => Source::Stdin { text: TEXT.into(), root: std::env::temp_dir() },
    };
    match Plan::read(&source, &Overrides::default()) {
        Ok(plan) => print(&plan)?,
        Err(error) => eprintln!("{error}"),
    }
    Ok(())
}

fn print(plan: &Plan) -> Result<(), Box<dyn Error>> {
    let dag = plan.dag(&[])?;
    for vertex in dag.topological_order() {
        let id = dag[*vertex];
        let names = plan.predecessors(id).map(|it| &*plan.actions[it.index()].name);
        let names: Vec<&str> = names.collect();
        println!("{:30} {}", plan.actions[id.index()].name, names.join(" "));
    }
    Ok(())
}
