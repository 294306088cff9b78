//! Applies all the rules to the tree and prints what they find.
//!
//! The only file here that reads the disk. What git ignores is none of its business; without
//! git, build products are left out by name.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::finding::Finding;
use super::sizes::Statistics;
use super::source::Source;
use super::{habits, layers, presence, sizes, third_party, words};
use crate::command;

/// What all the rules found, and how long things are.
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    pub(crate) statistics: Statistics,
}

/// `cargo xtask tidy`: prints every finding and the summary; true if there is no finding.
///
/// # Errors
///
/// The tree cannot be read.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let report = report(root)?;
    println!("{}", render(&report));
    Ok(report.findings.is_empty())
}

/// The findings, one per line, and the summary.
pub(crate) fn render(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    lines.push(report.statistics.to_string());
    lines.push(format!("tidy: {} findings", report.findings.len()));
    lines.join("\n")
}

/// Applies every rule to the tree at `root`.
///
/// # Errors
///
/// The tree cannot be read.
pub(crate) fn report(root: &Path) -> Result<Report> {
    let paths = paths(root)?;
    let mut findings = layers::check(&layers::metadata(root)?);
    findings.extend(presence::check(&paths));
    let mut sources = Vec::new();
    for path in &paths {
        let Some(text) = read_text(&root.join(path))? else { continue };
        findings.extend(check_text(root, path, &text));
        if extension(path) == "rs" {
            sources.push(Source::parse(path, text)?);
        }
    }
    findings.extend(sources.iter().flat_map(sizes::check));
    findings.extend(sources.iter().flat_map(habits::check));
    findings.extend(third_party::check(&sources));
    findings.sort();
    Ok(Report { findings, statistics: Statistics::of(&sources) })
}

fn check_text(root: &Path, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = words::check(path, text);
    match extension(path) {
        "rs" => findings.extend(presence::check_opening(path, text)),
        "md" => {
            let exists = |target: &str| root.join(target).exists();
            findings.extend(presence::check_links(path, text, exists));
        }
        _ => {}
    }
    findings
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The content of a file, or `None` if it is not text.
fn read_text(path: &Path) -> Result<Option<String>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8(bytes).ok())
}

/// The project's files, relative to `root`, sorted.
fn paths(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let mut paths = match command::run(&mut git) {
        Ok(listing) if listing.success => {
            listing.output.split_terminator('\0').map(str::to_owned).collect()
        }
        _ => {
            let mut paths = Vec::new();
            collect(root, "", &mut paths)?;
            paths
        }
    };
    paths.retain(|path: &String| root.join(path).is_file());
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Adds the files below `folder`, which is empty or ends with a slash.
fn collect(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<()> {
    let directory = root.join(folder);
    let entries =
        directory.read_dir().with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_directory = entry.file_type()?.is_dir();
        if is_directory && !matches!(name.as_str(), ".git" | "target" | ".walk") {
            collect(root, &format!("{folder}{name}/"), paths)?;
        } else if !is_directory {
            paths.push(format!("{folder}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let report = report(&crate::root()).expect("the tree can be read");
        assert!(report.findings.is_empty(), "\n{}", render(&report));
    }

    #[test]
    fn without_git_build_products_are_left_out() {
        let tree = tempfile::tempdir().expect("a directory");
        for folder in ["src", "target/debug", ".git"] {
            std::fs::create_dir_all(tree.path().join(folder)).expect("a folder");
            std::fs::write(tree.path().join(folder).join("a.rs"), "//!").expect("a file");
        }
        assert_eq!(paths(tree.path()).expect("it is readable"), ["src/a.rs"]);
    }
}
