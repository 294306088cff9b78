//! `compile_commands.json`: a list of commands that compile, each with the directory to run it in.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::commands::{Commands, Known};
use super::draft::Draft;
use super::{compiler, words};

#[derive(Debug, Deserialize)]
struct Item {
    directory: PathBuf,
    file: String,
    command: Option<String>,
    arguments: Option<Vec<String>>,
    output: Option<String>,
}

/// Makes a manifest of the text of a compilation database, for the directory `root`.
pub(super) fn read(text: &[u8], root: &Path) -> Result<Draft, String> {
    let items: Vec<Item> = serde_json::from_slice(text)
        .map_err(|error| format!("it is no compilation database: {error}"))?;
    let mut commands = Commands::new(root.into());
    let mut twice = 0;
    for item in &items {
        twice += usize::from(!add(&mut commands, item, root));
    }
    let mut draft = Draft::new(&[
        "Made by `walk import compdb`: an action for each command of the compilation database.",
        "It says nothing of linking: add an action that reads the objects.",
    ]);
    if twice > 0 {
        let some = format!("Left out, as another command makes the same file: {twice} of them.");
        draft.comments.push(some);
    }
    commands.fill(&mut draft);
    Ok(draft)
}

/// Adds a command; returns false if another makes the same.
fn add(commands: &mut Commands, item: &Item, root: &Path) -> bool {
    let cwd = root.join(&item.directory);
    let cwd = cwd.strip_prefix(root).unwrap_or(&cwd).to_path_buf();
    let words = item.arguments.clone();
    let words = words.or_else(|| item.command.as_deref().and_then(words::split));
    let text = match &words {
        Some(words) => walk_plan::join(words),
        None => item.command.clone().unwrap_or_default(),
    };
    if let Some(mut effect) = words.as_deref().and_then(compiler::effect) {
        if let Some(output) = &item.output {
            effect.output.clone_from(output);
        }
        return commands.add_effect(&text, &cwd, &effect);
    }
    let outputs = item.output.iter().map(|it| commands.seen(&cwd, it)).collect();
    let inputs = vec![commands.seen(&cwd, &item.file)];
    let comment = Some("no compiler that is known: headers that it reads are not seen");
    commands.add(Known { text, cwd, inputs, outputs, comment, ..Known::default() })
}
