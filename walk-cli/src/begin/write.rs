//! Reads what is imported, and writes the manifest: to standard output, or over nothing.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::{compdb, make};
use crate::args::{Common, Import, ImportArgs};
use crate::error::{CliError, Result};
use crate::exit::Exit;

/// Makes a manifest of what another tool wrote.
pub(crate) fn import(common: &Common, import: &Import, out: &mut dyn Write) -> Result<Exit> {
    let (Import::Compdb(args) | Import::MakeDry(args)) = import;
    let (default, hint) = match import {
        Import::Compdb(_) => ("compile_commands.json", None),
        Import::MakeDry(_) => ("-", Some("make -nB | walk import make-dry -o walk.toml")),
    };
    let from = args.from.as_deref().unwrap_or(Path::new(default));
    let text = read(common, from, hint)?;
    let target = args.output.as_ref().map(|it| common.at(it));
    let root = root(common, target.as_deref())?;
    let wrong = |error: String| CliError::Usage(format!("`{}`: {error}", from.display()));
    let draft = match import {
        Import::Compdb(_) => compdb::read(&text, &root).map_err(wrong)?,
        Import::MakeDry(_) => make::read(&String::from_utf8_lossy(&text), &root),
    };
    if draft.entries.is_empty() {
        return Err(wrong("there is no command in it".into()));
    }
    write(args, target.as_deref(), &draft, out)
}

fn write(
    args: &ImportArgs,
    target: Option<&Path>,
    draft: &Draft,
    out: &mut dyn Write,
) -> Result<Exit> {
    let Some(target) = target else {
        out.write_all(draft.toml().as_bytes())?;
        return Ok(Exit::Done);
    };
    let text = match target.extension().and_then(|it| it.to_str()) {
        Some("toml") => draft.toml(),
        Some("json") => draft.json(),
        _ => return Err(CliError::NoReader(target.into())),
    };
    if args.force {
        let failed = |source| CliError::File { verb: "write", path: target.into(), source };
        fs::write(target, text).map_err(failed)?;
    } else {
        write_new(target, &text)?;
    }
    let count = draft.entries.len();
    let s = if count == 1 { "" } else { "s" };
    writeln!(out, "wrote {}: {count} action{s}; next: walk -f {0} plan", target.display())?;
    Ok(Exit::Done)
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<()> {
    let written = File::create_new(path).and_then(|mut it| it.write_all(text.as_bytes()));
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::Usage(format!("`{}` exists: nothing was written", path.display()))
        }
        _ => CliError::File { verb: "write", path: path.into(), source },
    })
}

fn read(common: &Common, from: &Path, hint: Option<&str>) -> Result<Vec<u8>> {
    let path = if from == Path::new("-") { from.into() } else { common.at(from) };
    let failed = |source| CliError::File { verb: "read", path: path.clone(), source };
    if path != Path::new("-") {
        return fs::read(&path).map_err(failed);
    }
    if let (true, Some(hint)) = (io::stdin().is_terminal(), hint) {
        return Err(CliError::Usage(format!("nothing on standard input; for example: {hint}")));
    }
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

/// Returns the directory that the manifest will be in, absolute.
fn root(common: &Common, target: Option<&Path>) -> Result<PathBuf> {
    let here = common.at(Path::new("."));
    let parent = target.and_then(Path::parent).filter(|it| !it.as_os_str().is_empty());
    let root = parent.unwrap_or(&here);
    fs::canonicalize(root).map_err(|source| CliError::File {
        verb: "find",
        path: root.into(),
        source,
    })
}
