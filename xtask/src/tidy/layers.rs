//! Which crate of the workspace may import which.
//!
//! The truth is `cargo metadata`: declared dependencies of every kind, tests included. The
//! arrows are those of ARCHITECTURE.md; a new crate has none until it is listed here.

use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

use super::finding::Finding;

const ARROWS: &[(&str, &[&str])] = &[
    ("walk-dag", &[]),
    ("walk-scheduler", &[]),
    ("walk-fingerprint", &[]),
    ("walk-core", &["walk-dag", "walk-scheduler", "walk-fingerprint"]),
    ("walk-plan", &["walk-core"]),
    ("walk-ninja", &["walk-plan"]),
    ("walk-slurm", &["walk-scheduler"]),
    ("walk-cache", &["walk-fingerprint"]),
    ("walk-cli", &["walk-core", "walk-plan", "walk-ninja", "walk-slurm", "walk-cache"]),
    ("xtask", &[]),
];

/// The packages of the workspace at `root`, as cargo sees them.
///
/// # Errors
///
/// Cargo cannot read the manifests.
pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(root).no_deps();
    command.exec().context("cannot read the workspace's metadata")
}

/// Reports every import that is not an arrow, and crates that have no place in the layers.
pub(crate) fn check(metadata: &Metadata) -> Vec<Finding> {
    let packages = metadata.workspace_packages();
    let members: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in &packages {
        let imports = package.dependencies.iter().map(|dependency| dependency.name.as_str());
        let imports: Vec<&str> = imports.filter(|name| members.contains(name)).collect();
        findings.extend(check_crate(package.name.as_str(), &imports));
    }
    findings
}

fn check_crate(name: &str, imports: &[&str]) -> Vec<Finding> {
    let manifest = format!("{name}/Cargo.toml");
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![Finding::new(&manifest, 1, "has no place in the layers yet")];
    };
    let bad = imports.iter().filter(|import| !allowed.contains(import));
    let what = |import| format!("{name} may not import {import}: it may import {}", list(allowed));
    bad.map(|import| Finding::new(&manifest, 1, what(import))).collect()
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none of the others".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn check(name: &str, imports: &[&str], expected: &[&str]) {
        assert_eq!(lines(&check_crate(name, imports)), expected);
    }

    #[test]
    fn arrows_point_down() {
        check("walk-cli", &["walk-core", "walk-plan"], &[]);
        check("walk-core", &["walk-dag", "walk-scheduler", "walk-fingerprint"], &[]);
        let cannot =
            "walk-plan/Cargo.toml:1: walk-plan may not import walk-dag: it may import walk-core";
        check("walk-plan", &["walk-core", "walk-dag"], &[cannot]);
    }

    #[test]
    fn the_lower_crates_and_xtask_import_none() {
        let cannot = "walk-dag/Cargo.toml:1: walk-dag may not import walk-scheduler: \
                      it may import none of the others";
        check("walk-dag", &["walk-scheduler"], &[cannot]);
        let cannot = "xtask/Cargo.toml:1: xtask may not import walk-plan: \
                      it may import none of the others";
        check("xtask", &["walk-plan"], &[cannot]);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        check("walk-net", &[], &["walk-net/Cargo.toml:1: has no place in the layers yet"]);
    }
}
