//! `walk graph` and `walk query`: the graph, and questions about it.
//!
//! The JSON form is one object: `v` is 1, and `actions` lists each with `action`, `group`,
//! `command` (if it runs anything), `inputs`, `outputs`, `queue` and `predecessors`, the
//! names of those that it depends on directly.

use std::io::{self, Write};

use serde::Serialize;
use walk_core::{Dag, Vertex};
use walk_plan::{ActionId, CommandWalk, FileId, Options, Plan};

use crate::args::{Common, GraphArgs, GraphFormat, Question, SomeTargetArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::project::Project;
use crate::run::command_text;

/// Prints the graph, or the part that targets need.
pub(crate) fn graph(common: &Common, args: &GraphArgs, out: &mut dyn Write) -> Result<Exit> {
    let walk = Project::read(common, None)?.open_dry(&Options::default())?;
    let dag = walk.dag(&walk.plan().select(&args.targets)?)?;
    match args.format {
        GraphFormat::Dot => out.write_all(dag.to_dot().as_bytes())?,
        GraphFormat::Mermaid => out.write_all(dag.to_mermaid().as_bytes())?,
        // What was asked for stands on top, what it needs below.
        GraphFormat::Tree => writeln!(out, "{}", dag.reversed().to_tree())?,
        GraphFormat::Json => write_json(walk.plan(), &dag, out)?,
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Graph<'a> {
    v: u32,
    actions: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    action: &'a str,
    group: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    command: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    queue: &'a str,
    predecessors: Vec<&'a str>,
}

fn write_json(plan: &Plan, dag: &Dag<ActionId>, out: &mut dyn Write) -> io::Result<()> {
    let actions = dag.vertices().map(|it| node(plan, dag, it)).collect();
    serde_json::to_writer_pretty(&mut *out, &Graph { v: 1, actions })?;
    writeln!(out)
}

fn node<'a>(plan: &'a Plan, dag: &'a Dag<ActionId>, vertex: Vertex) -> Node<'a> {
    let action = &plan.actions[dag[vertex].index()];
    let paths = |ids: &[FileId]| {
        ids.iter().map(|it| plan.files.path(*it).to_string_lossy().into_owned()).collect()
    };
    Node {
        action: &action.name,
        group: &action.group,
        command: command_text(plan, &action.run),
        inputs: paths(&action.inputs),
        outputs: paths(&action.outputs),
        queue: &action.queue,
        predecessors: dag.predecessors(vertex).iter().map(|it| dag.uid(*it)).collect(),
    }
}

/// Answers a question about the graph.
pub(crate) fn query(common: &Common, question: &Question, out: &mut dyn Write) -> Result<Exit> {
    let walk = Project::read(common, None)?.open_dry(&Options::default())?;
    let all = walk.plan().select(&["*".into()]).unwrap_or_default();
    let dag = walk.dag(&all)?;
    match question {
        Question::Deps(args) => write_closure(&walk, args, &dag, out),
        Question::Rdeps(args) => write_closure(&walk, args, &dag.reversed(), out),
        Question::Path { from, to } => {
            let (from, to) = (one(&walk, &dag, from)?, one(&walk, &dag, to)?);
            write_path(&dag, from, to, out)
        }
    }
}

fn write_closure(
    walk: &CommandWalk,
    args: &SomeTargetArgs,
    dag: &Dag<ActionId>,
    out: &mut dyn Write,
) -> Result<Exit> {
    let targets = vertices(walk, dag, &args.targets)?;
    let needed = dag.restricted_to(&targets);
    for vertex in needed.vertices() {
        let id = needed[vertex];
        if !targets.iter().any(|it| dag[*it] == id) {
            writeln!(out, "{}", needed.uid(vertex))?;
        }
    }
    Ok(Exit::Done)
}

/// Prints a shortest chain, whichever of the two comes first in it.
fn write_path(dag: &Dag<ActionId>, from: Vertex, to: Vertex, out: &mut dyn Write) -> Result<Exit> {
    let back = || dag.shortest_path(to, from).map(|it| it.into_iter().rev().collect());
    let path: Option<Vec<Vertex>> = dag.shortest_path(from, to).or_else(back);
    let Some(path) = path else {
        let (from, to) = (dag.uid(from), dag.uid(to));
        return Err(CliError::Usage(format!("no chain of dependencies joins `{from}` and `{to}`")));
    };
    for vertex in path {
        writeln!(out, "{}", dag.uid(vertex))?;
    }
    Ok(Exit::Done)
}

fn vertices(walk: &CommandWalk, dag: &Dag<ActionId>, targets: &[String]) -> Result<Vec<Vertex>> {
    let found = walk.plan().select(targets)?;
    let name = |it: &ActionId| &*walk.plan().actions[it.index()].name;
    Ok(found.iter().filter_map(|it| dag.vertex(name(it))).collect())
}

fn one(walk: &CommandWalk, dag: &Dag<ActionId>, target: &str) -> Result<Vertex> {
    match vertices(walk, dag, &[target.to_owned()])?[..] {
        [vertex] => Ok(vertex),
        ref several => {
            let message = format!("`{target}` is {} actions: name one", several.len());
            Err(CliError::Usage(message))
        }
    }
}
