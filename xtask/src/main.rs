//! The project's own tasks, behind `cargo xtask`: test, tidy, bench, acceptance.
//!
//! It imports none of the walk crates and drives them as a user would, through cargo
//! and the `walk` binary: what checks the layers must not be one of them.

mod command;
mod table;

mod acceptance;
mod bench;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must hold before a change is merged
    Test(test::Options),
    /// The rules of the house: layers, names, sizes, habits
    Tidy,
    /// How long walk takes, beside ninja where it is installed
    Bench(bench::Options),
    /// Builds a real C project with walk and checks what it ran
    Acceptance(acceptance::Options),
}

fn main() -> ExitCode {
    let root = root();
    let succeeded = match Arguments::parse().task {
        Task::Test(options) => test::run(&root, &options),
        Task::Tidy => tidy::run(&root),
        Task::Bench(options) => bench::run(&root, &options),
        Task::Acceptance(options) => acceptance::run(&root, &options),
    };
    match succeeded {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The directory of the workspace: the one above this crate's.
fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_of_all_tasks_agree() {
        Arguments::command().debug_assert();
    }
}
