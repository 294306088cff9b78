//! Prints the command of every edge of a manifest, and what ninja would warn of.
//!
//! Run it with `cargo run -p walk-ninja --example commands -- build.ninja`.

use std::io::{self, Write as _};
use std::path::Path;
use std::{env, error};

use walk_ninja::{Graph, ReadOptions};

fn main() -> Result<(), Box<dyn error::Error>> {
    let manifest = env::args_os().nth(1).unwrap_or_else(|| "build.ninja".into());
    let graph = match Graph::read(Path::new(""), Path::new(&manifest), &ReadOptions::default()) {
        Ok(graph) => graph,
        Err(error) => return Err(error.to_string().into()),
    };
    for warning in graph.warnings() {
        eprintln!("warning: {warning}");
    }
    let mut commands = Vec::new();
    for edge in graph.edges().filter(|it| !graph.is_phony(*it)) {
        graph.push_command(edge, &mut commands).map_err(|it| it.to_string())?;
        commands.push(b'\n');
    }
    io::stdout().write_all(&commands)?;
    Ok(())
}
