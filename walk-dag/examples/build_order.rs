//! Prints in which order to build a small program, and what is wrong with a second one.
//!
//! Run it with `cargo run -p walk-dag --example build_order`.

use walk_dag::{Dag, DagError};

fn main() -> Result<(), DagError> {
    let mut builder = Dag::builder();
    builder.add_vertex("app", "cc -o app main.o parse.o", ["main.o", "parse.o"]);
    builder.add_vertex("main.o", "cc -c main.c", ["parse.h"]);
    builder.add_vertex("parse.o", "cc -c parse.c", ["parse.h"]);
    builder.add_vertex("parse.h", "generate parse.h", [""; 0]);
    let mut dag = builder.build()?;

    for &vertex in dag.topological_order() {
        println!("{:8} {}", dag.uid(vertex), dag[vertex]);
    }
    println!("\n{}\n", dag.to_tree());

    if let Err(error) = dag.update_vertex("parse.h", None, ["app"]) {
        println!("{error}");
    }
    Ok(())
}
