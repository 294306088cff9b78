//! Looks around, writes a first manifest, and says what comes next.

use std::io::Write;
use std::path::Path;

use walk_plan::Plan;

use super::super::draft::{Draft, Entry};
use super::super::write::write_new;
use super::survey::Survey;
use super::{runners, sources};
use crate::args::Common;
use crate::error::{CliError, Result};
use crate::exit::Exit;

const GREETING: &[&str] = &[
    "A first manifest, by `walk init`. What a walk runs is decided by what is in the files that",
    "actions read (`in`) and write (`out`): `walk plan` shows it, `walk why NAME` explains it.",
];

/// Who writes a build.ninja, from which file and how.
const GENERATORS: &[(&str, &str, &str)] = &[
    ("CMakeLists.txt", "CMake", "cmake -G Ninja -B build && walk -C build"),
    ("meson.build", "Meson", "meson setup build && walk -C build"),
];

/// Writes a first manifest.
pub(crate) fn init(common: &Common, out: &mut dyn Write) -> Result<Exit> {
    let name = common.file.as_deref().unwrap_or(Path::new("walk.toml"));
    if let Some(found) = Plan::find(&common.at(Path::new(""))).filter(|_| common.file.is_none()) {
        let message = format!("`{}` is there: nothing was written", found.display());
        return Err(CliError::Usage(message));
    }
    if name.extension().is_none_or(|it| it != "toml") {
        return Err(CliError::Usage("`init` writes TOML: name a file that ends with .toml".into()));
    }
    let path = common.at(name);
    let directory = common.at(Path::new("."));
    let survey =
        Survey::of(path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(&directory));
    let advice = advice(&survey);
    let (draft, found) = draft(&survey, !advice.is_empty());
    if draft.entries.is_empty() {
        writeln!(out, "nothing to write: {}", advice.join("\n"))?;
        return Ok(Exit::Done);
    }
    write_new(&path, &draft.toml())?;
    if common.quiet {
        return Ok(Exit::Done);
    }
    writeln!(out, "wrote {}", path.display())?;
    for found in found {
        writeln!(out, "  from {found}")?;
    }
    let at = flags(common);
    writeln!(
        out,
        "next:\n  walk{at} plan     what would run, and why\n  walk{at}          run it"
    )?;
    writeln!(out, "  walk{at} watch    run it again whenever a file changes")?;
    for line in &advice {
        writeln!(out, "{line}")?;
    }
    Ok(Exit::Done)
}

/// Returns the flags that lead to what was written.
fn flags(common: &Common) -> String {
    let flags = [(" -C ", &common.directory), (" -f ", &common.file)];
    let flag = |(flag, path): &(&str, &Option<_>)| {
        path.as_ref().map(|it: &std::path::PathBuf| {
            format!("{flag}{}", walk_plan::join([it.to_string_lossy()]))
        })
    };
    flags.iter().filter_map(flag).collect()
}

/// What to do where a tool writes a manifest that walk reads.
fn advice(survey: &Survey) -> Vec<String> {
    let found = GENERATORS.iter().filter(|it| survey.has(it.0));
    let line = |it: &(&str, &str, &str)| {
        format!("{} writes a build.ninja, which walk reads as it is: {}", it.1, it.2)
    };
    let mut advice: Vec<String> = found.map(line).collect();
    if survey.has("build.ninja") {
        advice.push("there is a build.ninja, which walk reads as it is: walk".into());
    }
    advice
}

/// Returns a manifest, and what each part was found in.
fn draft(survey: &Survey, has_generator: bool) -> (Draft, Vec<String>) {
    let mut draft = Draft::new(GREETING);
    let mut found = Vec::new();
    let is_made = has_generator || survey.first(&["GNUmakefile", "Makefile", "makefile"]).is_some();
    if !is_made && !survey.has("Cargo.toml") {
        found.extend(sources::c(survey, &mut draft));
    }
    let parts = [sources::rust, sources::python, runners::node, runners::doit, runners::task];
    found.extend(parts.iter().filter_map(|it| it(survey, &mut draft)));
    if !has_generator {
        found.extend(runners::make(survey, &mut draft));
    }
    let is_endless = |it: &Entry| it.is_set("interactive");
    if draft.entries.iter().any(is_endless) {
        let ending = draft.entries.iter().filter(|it| !is_endless(it));
        draft.default = ending.map(|it| walk_plan::literal(&it.name)).collect();
    }
    if draft.entries.is_empty() && !has_generator {
        found.push("an example: there was nothing here that is known".into());
        draft.add(
            Entry::new("hello")
                .comment("An action: a command, the files that it reads and those that it writes.")
                .text("run", "echo hello > {out}")
                .list("out", ["build/hello.txt"]),
        );
        draft.add(
            Entry::new("shout")
                .comment("It reads what the other one makes, and so comes after it.")
                .text("run", "tr a-z A-Z < {in} > {out}")
                .list("in", ["build/hello.txt"])
                .list("out", ["build/shout.txt"]),
        );
    }
    (draft, found)
}
