//! `walk check`, `schema` and `man`: about the manifest, and about walk.

use std::io::Write;

use clap::CommandFactory as _;
use clap_mangen::Man;
use walk_plan::Run;

use crate::args::{Cli, Common};
use crate::error::{CliError, Result};
use crate::exit::Exit;
use crate::project::Project;

/// Checks the manifest: that it can be read, and that its graph has no cycle. What runs nothing
/// is an alias.
pub(crate) fn check(common: &Common, out: &mut dyn Write) -> Result<Exit> {
    let Project { plan, .. } = Project::read(common, None)?;
    let dag = plan.dag(&[]).map_err(|it| CliError::Walk(it.into()))?;
    if !common.quiet {
        let actions = plan.actions.iter().filter(|it| it.run != Run::Nothing).count();
        let counts = [
            count(actions, "action", "actions"),
            count(dag.len() - actions, "alias", "aliases"),
            count(dag.edge_count(), "dependency", "dependencies"),
        ];
        writeln!(out, "{}: {}", plan.manifest.display(), counts.join(", "))?;
    }
    Ok(Exit::Done)
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Prints the JSON Schema of the manifest.
pub(crate) fn schema(out: &mut dyn Write) -> Result<Exit> {
    writeln!(out, "{}", walk_plan::schema())?;
    Ok(Exit::Done)
}

/// Prints the manual page of walk, or of one of its commands.
pub(crate) fn man(command: Option<&str>, out: &mut dyn Write) -> Result<Exit> {
    let mut walk = Cli::command();
    walk.build();
    let page = match command {
        None => walk,
        Some(name) => {
            let found = walk.find_subcommand(name).cloned();
            found.ok_or_else(|| CliError::Usage(format!("`{name}` is no command of walk")))?
        }
    };
    Man::new(page).render(out)?;
    Ok(Exit::Done)
}
