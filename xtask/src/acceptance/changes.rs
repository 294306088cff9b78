//! The changes that are made to Zstandard, and what walk has to run for each.
//!
//! They depend on each other: each starts from what the one before left up to date.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::project::{Project, Walked};
use crate::table;

/// A header that few sources include, of the library as well as of the program.
const HEADER: &str = "lib/common/pool.h";

/// In its first comment, so that no line moves and the objects stay what they are.
const COMMENT: (&str, &str) = ("Copyright", "Copyright, edited,");

/// A change, and what to check after it.
pub(crate) type Change = fn(&Project) -> Result<String>;

pub(crate) const CHANGES: &[(&str, Change)] = &[
    ("a first walk runs everything", first),
    ("the program works", round_trip),
    ("a second walk runs nothing", second),
    ("touching every file runs nothing", touch),
    ("a comment in a header recompiles its includers and links nothing", comment),
    ("`walk why` names the header", why),
    ("an older header restored is noticed", restore),
    ("a deleted object is made again, and only it", delete),
    ("a broken source fails, and once repaired is all that runs", repair),
    ("an edited flag recompiles everything", flag),
    ("after all that a walk runs nothing", second),
];

fn first(project: &Project) -> Result<String> {
    let mut expected = project.compilations()?;
    expected.extend(["archive".to_owned(), "link".to_owned()]);
    expect(project, &expected)
}

/// Compresses and decompresses a generated file.
fn round_trip(project: &Project) -> Result<String> {
    let (plain, packed, again) = (project.path("x"), project.path("x.zst"), project.path("x.out"));
    fs::write(&plain, text(10_000_000))?;
    let filter = |arguments: &[&str], from: &_, to: &_| -> Result<()> {
        let mut zstd = Command::new(project.path("zstd"));
        let streams = zstd.stdin(File::open(from)?).stdout(File::create(to)?).stderr(Stdio::null());
        let status = streams.args(arguments).status().context("cannot run zstd")?;
        ensure!(status.success(), "zstd {} failed: {status}", arguments.join(" "));
        Ok(())
    };
    filter(&["-c"], &plain, &packed)?;
    filter(&["-d", "-c"], &packed, &again)?;
    let (before, small, after) = (fs::read(&plain)?, fs::read(&packed)?, fs::read(&again)?);
    ensure!(before == after, "{} bytes became {} other bytes", before.len(), after.len());
    ensure!(small.len() < before.len(), "{} bytes did not shrink", before.len());
    Ok(format!("{} bytes to {} and back", before.len(), small.len()))
}

/// Words of a small vocabulary in no order: compresses, but not to nothing.
fn text(size: usize) -> Vec<u8> {
    let words = ["walk ", "through ", "a ", "graph ", "of ", "actions, ", "once.\n", "again "];
    let mut state = 1_u64;
    let mut text = Vec::with_capacity(size + 16);
    while text.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.extend_from_slice(words[(state >> 61) as usize].as_bytes());
    }
    text
}

fn second(project: &Project) -> Result<String> {
    expect(project, &BTreeSet::new())
}

fn touch(project: &Project) -> Result<String> {
    let count = project.touch_all()?;
    Ok(format!("{count} files touched, {}", expect(project, &BTreeSet::new())?))
}

fn comment(project: &Project) -> Result<String> {
    let includers = project.includers(HEADER)?;
    ensure!(!includers.is_empty(), "{HEADER} is included by no source");
    project.edit(HEADER, COMMENT.0, COMMENT.1)?;
    Ok(format!("{HEADER}: {}", expect(project, &includers)?))
}

fn why(project: &Project) -> Result<String> {
    let action = "compile:lib/common/pool.c";
    let answer = project.ask(&["why", action])?;
    let line = answer.lines().find(|line| line.contains(HEADER));
    let line = line.with_context(|| format!("walk why {action} says only:\n{answer}"))?;
    Ok(line.trim().to_owned())
}

fn restore(project: &Project) -> Result<String> {
    let includers = project.includers(HEADER)?;
    project.edit(HEADER, COMMENT.1, COMMENT.0)?;
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options().append(true).open(project.path(HEADER))?.set_modified(long_ago)?;
    expect(project, &includers)
}

fn delete(project: &Project) -> Result<String> {
    fs::remove_file(project.path("build/lib/pool.o"))?;
    expect(project, &BTreeSet::from(["compile:lib/common/pool.c".to_owned()]))
}

fn repair(project: &Project) -> Result<String> {
    let source = "lib/common/pool.c";
    let text = fs::read_to_string(project.path(source))?;
    fs::write(project.path(source), "#error \"broken\"\n")?;
    ensure!(project.walk().is_err(), "walk succeeds with a source that does not compile");
    fs::write(project.path(source), text)?;
    expect(project, &BTreeSet::from([format!("compile:{source}")]))
}

/// The flag defines what nothing uses, so the objects stay and nothing is linked.
fn flag(project: &Project) -> Result<String> {
    project.edit("walk.toml", "flags = \"", "flags = \"-DUNUSED ")?;
    expect(project, &project.compilations()?)
}

/// Walks and compares what was started with what has to be.
fn expect(project: &Project, expected: &BTreeSet<String>) -> Result<String> {
    let Walked { started, skipped, time } = project.walk()?;
    let list =
        |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let (missing, extra) = (expected.difference(&started), started.difference(expected));
    let (missing, extra) = (list(missing.collect()), list(extra.collect()));
    ensure!(missing.is_empty(), "did not run: {missing}");
    ensure!(extra.is_empty(), "ran without need: {extra}");
    Ok(format!("{} ran, {skipped} did not, {}", started.len(), table::human(time)))
}
