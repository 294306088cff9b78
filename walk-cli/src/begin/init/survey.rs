//! What is in a directory: the files that tell what kind of project it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep sources are looked for, and how many files are looked at.
const DEEPEST: usize = 8;
const MOST: usize = 50_000;

/// Directories in which nobody keeps sources of their own.
const OTHERS: &[&str] = &[
    "build",
    "builddir",
    "target",
    "node_modules",
    "dist",
    "out",
    "vendor",
    "third_party",
    "venv",
    "__pycache__",
];

/// What is in a directory.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) root: PathBuf,
    /// Every file below it, as seen from it, in order; hidden ones and those of others left out.
    pub(super) files: Vec<String>,
}

impl Survey {
    pub(super) fn of(root: &Path) -> Self {
        let mut survey = Self { root: root.into(), files: Vec::new() };
        let mut todo = vec![(PathBuf::new(), 0)];
        while let Some((directory, depth)) = todo.pop() {
            for entry in fs::read_dir(root.join(&directory)).into_iter().flatten().flatten() {
                let Ok(name) = entry.file_name().into_string() else { continue };
                if name.starts_with('.') || survey.files.len() >= MOST {
                    continue;
                }
                let path = directory.join(&name);
                match entry.file_type() {
                    Ok(it) if it.is_dir() && depth < DEEPEST && !OTHERS.contains(&&*name) => {
                        todo.push((path, depth + 1));
                    }
                    Ok(it) if it.is_file() => survey.files.extend(path.to_str().map(String::from)),
                    _ => {}
                }
            }
        }
        survey.files.sort();
        survey
    }

    /// Returns the first of these files that is there.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().find(|it| self.root.join(it).is_file()).copied()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    /// Returns the text of a file; empty if it cannot be read.
    pub(super) fn read(&self, path: &str) -> String {
        let bytes = fs::read(self.root.join(path)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns the files with one of these extensions.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> Vec<&str> {
        let files = self.files.iter().map(String::as_str);
        files.filter(|it| extensions.contains(&extension(it))).collect()
    }

    /// Returns the name of the directory, as a name for what is made of it.
    pub(super) fn name(&self) -> String {
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
        let name: String = name.chars().map(|it| if is_plain(it) { it } else { '_' }).collect();
        let name = name.trim_start_matches(['.', '-']);
        if name.is_empty() { "app".into() } else { name.into() }
    }
}

/// Returns globs of all files with an extension, by the directories at the top that these are in.
pub(super) fn globs(files: &[&str], extension: &str) -> Vec<String> {
    let mut tops = BTreeSet::new();
    for file in files.iter().filter(|it| self::extension(it) == extension) {
        tops.insert(file.split_once('/').map_or("", |it| it.0));
    }
    let glob = |top: &str| match top {
        "" => format!("*.{extension}"),
        top => format!("{}/**/*.{extension}", exactly(top)),
    };
    tops.into_iter().map(glob).collect()
}

/// Returns a part of a glob that matches just this path.
pub(super) fn exactly(path: &str) -> String {
    let mut text = String::new();
    for it in path.chars() {
        if r"\*?[]{}".contains(it) {
            text.push('\\');
        }
        text.push(it);
    }
    walk_plan::literal(&text)
}

fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|it| it.to_str()).unwrap_or_default()
}
