//! What is done to a configured tree, and what the tested ninja has to run for it.
//!
//! The checks depend on each other: each one starts from a tree that is brought up to date.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, bail, ensure};

use super::catalog::{Edit, Project, System, Tests};
use super::expect::Rule;
use super::graph::Graph;
use super::source;
use super::tools;
use super::tree::{Built, Tree, readers, tail};
use crate::command;
use crate::table;

/// A named check of a tree.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// Only a program that goes by content can pass it.
    pub(crate) content: bool,
    pub(crate) run: fn(&mut Tree<'_>) -> Result<String>,
}

const fn check(name: &'static str, run: fn(&mut Tree<'_>) -> Result<String>) -> Check {
    Check { name, content: false, run }
}

const fn content(name: &'static str, run: fn(&mut Tree<'_>) -> Result<String>) -> Check {
    Check { name, content: true, run }
}

/// The check that later ones cannot do without.
pub(crate) const CONFIGURES: Check = check("configures", configures);
/// The check whose time is that of a full build.
pub(crate) const BUILDS: Check = check("builds", builds);

pub(crate) const CHECKS: &[Check] = &[
    check("does nothing the second time", second),
    check("passes its own tests", tests),
    check("the tools for generators work", tools::generators),
    check("-t compdb has every command", tools::compdb),
    check("-t deps has what the depfiles have", tools::deps),
    content("does nothing after a touch of every source", touch),
    check("an edited header: its readers and what follows", header),
    content("a comment in a header: its readers only", comment),
    check("a comment for the generator: only it runs", regenerate),
    check("to another branch and back: what differs", branch),
    check("a deleted object is made again", delete),
    check("a broken source fails, repaired it is all that runs", broken),
    check("at last does nothing", second),
];

fn configures(tree: &mut Tree<'_>) -> Result<String> {
    let outcome = tree.configure()?;
    Ok(format!("{} steps, {}", tree.graph.steps.len(), table::human(outcome.time)))
}

fn builds(tree: &mut Tree<'_>) -> Result<String> {
    let all = tree.graph.steps.iter().filter(|step| !Graph::is_regeneration(step));
    let all: BTreeSet<String> = all.map(|step| step.name.clone()).collect();
    let built = tree.build()?;
    compare(&all, &built.ran)?;
    Ok(format!("{} ran, {}", built.ran.len(), table::human(built.time)))
}

/// Only what reads something that never exists may run.
fn second(tree: &mut Tree<'_>) -> Result<String> {
    let built = tree.build()?;
    let plain = tree.ninja(&[])?;
    compare(&built.expected, &built.ran)?;
    let work: Vec<&String> = built.ran.iter().filter(|name| is_work(tree, name)).collect();
    ensure!(work.is_empty(), "compiled or linked: {work:?}");
    ensure!(plain.success, "fails without -v:\n{}", tail(&plain.output));
    if built.ran.is_empty() {
        let said = [&built.output, &plain.output].map(|text| text.trim_end());
        ensure!(said == ["ninja: no work to do."; 2], "it says {said:?}");
    }
    if let System::CMake(_) = tree.project.system {
        let outcome = command::succeed(tree.kit.command("cmake").arg("--build").arg(&tree.build))?;
        let worked = outcome.output.lines().any(|line| line.contains(" object "));
        ensure!(!worked, "`cmake --build` compiles:\n{}", tail(&outcome.output));
    }
    Ok(match built.ran.len() {
        0 => table::human(plain.time),
        count => format!("{count} that always run, {}", table::human(plain.time)),
    })
}

fn is_work(tree: &Tree<'_>, name: &str) -> bool {
    tree.graph.step(name).is_some_and(|step| step.links() || step.compiles())
}

fn tests(tree: &mut Tree<'_>) -> Result<String> {
    let output = match &tree.project.tests {
        Tests::Ctest { without } => {
            let mut ctest = tree.kit.command("ctest");
            ctest.args(["--output-on-failure", "-j2"]).current_dir(&tree.build);
            if !without.is_empty() {
                ctest.args(["-E", without]);
            }
            let output = command::succeed(&mut ctest)?.output;
            ensure!(!output.contains("No tests were found"), "there are no tests");
            output
        }
        Tests::Meson => {
            let mut meson = tree.kit.command("meson");
            command::succeed(meson.arg("test").arg("-C").arg(&tree.build))?.output
        }
        Tests::Program { name, environment, runs } => {
            for arguments in *runs {
                let mut program = tree.kit.command(tree.build.join(name));
                program.envs(environment.iter().copied()).args(*arguments);
                command::succeed(program.current_dir(&tree.build))?;
            }
            format!("{} of its tests passed", runs.len())
        }
    };
    let sums = ["tests passed", "Ok: "];
    let sum = output.lines().rfind(|line| sums.iter().any(|sum| line.contains(sum)));
    Ok(sum.unwrap_or("passed").split_whitespace().collect::<Vec<_>>().join(" "))
}

fn touch(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let count = source::touch_all(&tree.source, tree.now()?)?;
    let built = tree.build()?;
    compare(&built.by_content, &built.ran)?;
    Ok(format!("{count} files touched, {}", facts(&built)))
}

fn header(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let edit = &tree.project.header;
    let readers = readers(tree, edit.file)?;
    source::apply(&tree.source, edit, tree.now()?)?;
    let built = tree.build()?;
    compare(&built.expected, &built.ran)?;
    let idle: Vec<_> = readers.difference(&built.ran).collect();
    ensure!(idle.is_empty(), "they read {} and did not run: {idle:?}", edit.file);
    ensure!(built.ran.iter().any(|name| links(tree, name)), "nothing was linked");
    nothing(tree)?;
    Ok(format!("{}: {} read it, {}", edit.file, readers.len(), facts(&built)))
}

fn comment(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let edit = &tree.project.comment;
    let readers = readers(tree, edit.file)?;
    source::apply(&tree.source, edit, tree.now()?)?;
    let built = tree.build()?;
    compare(&built.by_content, &built.ran)?;
    let idle: Vec<_> = readers.difference(&built.ran).collect();
    ensure!(idle.is_empty(), "they read {} and did not run: {idle:?}", edit.file);
    let linked: Vec<_> = built.ran.iter().filter(|name| links(tree, name)).collect();
    ensure!(linked.is_empty(), "linked: {linked:?}");
    nothing(tree)?;
    Ok(format!("{}: {} read it, {}", edit.file, readers.len(), facts(&built)))
}

fn links(tree: &Tree<'_>, name: &str) -> bool {
    tree.graph.step(name).is_some_and(super::graph::Step::links)
}

/// The generator runs first, and what it writes again is what it was.
fn regenerate(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let file = match tree.project.system {
        System::CMake(folder) => tree.source.join(folder).join("CMakeLists.txt"),
        System::Meson => tree.source.join("meson.build"),
    };
    let text = fs::read_to_string(&file)? + "\n# edited\n";
    source::write(&file, &text, tree.now()?)?;
    let built = tree.build()?;
    let mut due = built.expected.clone();
    if tree.rule == Rule::Times {
        // Meson asks for `-t restat`, after which an output that was left alone looks old.
        let again = tree.graph.steps.iter().filter(|step| step.restat).map(|step| &step.name);
        due.extend(again.filter(|name| built.ran.contains(*name)).cloned());
    }
    compare(&due, &built.ran)?;
    let first = built.order.first().map(String::as_str);
    ensure!(first == Some(super::graph::MANIFEST), "ran first: {first:?}");
    let work: Vec<&String> = built.ran.iter().filter(|name| is_work(tree, name)).collect();
    ensure!(work.is_empty(), "compiled or linked: {work:?}");
    nothing(tree)?;
    Ok(facts(&built))
}

fn branch(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let project: &Project = tree.project;
    let time = tree.now()?;
    let texts = project.branch.iter().map(|edit| source::apply(&tree.source, edit, time));
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let there = tree.build();
    // Whatever came of it, the next checks want the tree that they know.
    let time = tree.now()?;
    for (edit, text) in project.branch.iter().zip(&texts) {
        source::write(&tree.source.join(edit.file), text, time)?;
    }
    let there = there?;
    compare(&there.expected, &there.ran)?;
    let back = tree.build()?;
    compare(&back.expected, &back.ran)?;
    nothing(tree)?;
    Ok(format!("there {}, back {}", facts(&there), facts(&back)))
}

fn delete(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let Some(step) = tree.graph.steps.iter().find(|step| step.compiles()) else {
        bail!("nothing compiles");
    };
    let name = step.name.clone();
    fs::remove_file(tree.build.join(&name))?;
    let built = tree.build()?;
    compare(&built.expected, &built.ran)?;
    ensure!(built.ran.contains(&name), "{name} is not made again");
    nothing(tree)?;
    Ok(format!("{name}: {}", facts(&built)))
}

fn broken(tree: &mut Tree<'_>) -> Result<String> {
    settle(tree)?;
    let Edit { file, .. } = tree.project.branch[0];
    let readers = readers(tree, file)?;
    let path = tree.source.join(file);
    let text = fs::read_to_string(&path)?;
    source::write(&path, "#error broken\n", tree.now()?)?;
    let outcome = tree.ninja(&[])?;
    source::write(&path, &text, tree.now()?)?;
    ensure!(!outcome.success, "it succeeds with a source that does not compile");
    let says = outcome.output.contains("FAILED: ") && outcome.output.contains("#error");
    ensure!(says, "it does not say what failed:\n{}", tail(&outcome.output));
    let built = tree.build()?;
    // By content, those that the failure kept from starting have nothing to do.
    let is_due = |it: &&String| tree.rule != Rule::Content || failed(&outcome.output, it);
    let readers: BTreeSet<_> = readers.iter().filter(is_due).cloned().collect();
    ensure!(!readers.is_empty(), "what failed does not read {file}");
    let idle: Vec<_> = readers.difference(&built.ran).collect();
    ensure!(idle.is_empty(), "they read {file} and did not run: {idle:?}");
    if tree.rule == Rule::Content {
        let due = readers.union(&built.by_content).cloned().collect();
        compare(&due, &built.ran)?;
    }
    nothing(tree)?;
    Ok(format!("{file}: {}", facts(&built)))
}

/// Whether a line says that what makes `output` failed.
fn failed(said: &str, output: &str) -> bool {
    let mut lines = said.lines().filter(|line| line.starts_with("FAILED: "));
    lines.any(|line| line.split(' ').any(|word| word == output))
}

/// Brings the tree up to date, whatever that takes.
fn settle(tree: &mut Tree<'_>) -> Result<()> {
    tree.build().map(drop)
}

fn nothing(tree: &mut Tree<'_>) -> Result<()> {
    let built = tree.build()?;
    compare(&built.expected, &built.ran).map_err(|error| error.context("the build after it"))
}

/// Fails unless exactly what was expected ran.
fn compare(expected: &BTreeSet<String>, ran: &BTreeSet<String>) -> Result<()> {
    let missing: Vec<_> = expected.difference(ran).collect();
    let extra: Vec<_> = ran.difference(expected).collect();
    ensure!(missing.is_empty(), "did not run: {}", short(&missing));
    ensure!(extra.is_empty(), "ran without need: {}", short(&extra));
    Ok(())
}

/// The first names of many.
fn short(names: &[&String]) -> String {
    let shown: Vec<&str> = names.iter().take(6).map(|name| name.as_str()).collect();
    let more = if names.len() > shown.len() { ".." } else { "" };
    format!("{} ({}{more})", names.len(), shown.join(" "))
}

fn facts(built: &Built) -> String {
    format!("{} ran, {}", built.ran.len(), table::human(built.time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_in_both_directions() {
        let set = |names: &str| names.split_whitespace().map(str::to_owned).collect();
        let check = |expected, ran, message: &str| {
            let error = compare(&set(expected), &set(ran)).err();
            assert_eq!(error.map(|error| error.to_string()).unwrap_or_default(), message);
        };
        check("a b", "b a", "");
        check("a b", "b", "did not run: 1 (a)");
        check("a", "a 1 2 3 4 5 6 7", "ran without need: 7 (1 2 3 4 5 6..)");
    }
}
