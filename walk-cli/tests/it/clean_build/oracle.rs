//! The clean build: each command once, one after the other, in a fresh directory.
//!
//! It knows the project, not the manifest, and shares nothing with walk but the shell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::graph::Graph;
use super::manifest::{command, response, response_text};

/// What a clean build gives.
#[derive(Debug, Default)]
pub(super) struct Clean {
    /// The actions that succeeded, and the files below their outputs.
    made: BTreeMap<String, Files>,
    /// The actions whose commands failed.
    pub(super) failed: BTreeSet<String>,
}

/// Contents by path; a path without a content is a directory.
type Files = BTreeMap<String, Option<Vec<u8>>>;

impl Clean {
    /// Builds a project in `directory`, which does not exist yet.
    pub(super) fn build(graph: &Graph, directory: &Path) -> Self {
        for (path, content) in &graph.sources {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
            fs::write(path, content).expect("it can be written");
        }
        let mut clean = Self::default();
        for action in &graph.actions {
            if !graph.needs(action).iter().all(|it| clean.made.contains_key(it)) {
                continue;
            }
            for path in action
                .outputs
                .iter()
                .filter_map(|it| directory.join(it).parent().map(Path::to_owned))
            {
                fs::create_dir_all(path).expect("it can be made");
            }
            if let Some(path) = response(graph, action) {
                fs::write(directory.join(path), response_text(graph, action))
                    .expect("it can be written");
            }
            if command(graph, action)
                .is_none_or(|it| run(graph, action.env.as_ref(), &it, directory))
            {
                let mut files = Files::new();
                for path in &action.outputs {
                    collect(directory, path, &mut files).expect("it was made");
                }
                clean.made.insert(action.name.clone(), files);
            } else {
                clean.failed.insert(action.name.clone());
            }
        }
        clean
    }

    /// Returns whether all of it succeeded.
    pub(super) fn is_success(&self) -> bool {
        self.failed.is_empty()
    }

    /// Compares all outputs with those in `directory`; says what differs.
    pub(super) fn compare(&self, graph: &Graph, directory: &Path) -> Result<(), String> {
        for (name, expected) in &self.made {
            let mut found = Files::new();
            for path in &graph.action(name).expect("it was built").outputs {
                collect(directory, path, &mut found)
                    .map_err(|error| format!("`{path}` of {name}: {error}"))?;
            }
            if found != *expected {
                return Err(difference(name, expected, &found));
            }
        }
        Ok(())
    }
}

fn run(graph: &Graph, own: Option<&String>, script: &str, directory: &Path) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec 9>/dev/null; {script}")]).current_dir(directory).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("SET", &graph.set).env("TRACKED", &graph.tracked);
    command.env("WALK_ATTEMPT", "2");
    command.envs(own.map(|it| ("OWN", it)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("it runs").success()
}

fn collect(directory: &Path, path: &str, to: &mut Files) -> io::Result<()> {
    let there = directory.join(path);
    if !there.is_dir() {
        to.insert(path.to_owned(), Some(fs::read(there)?));
        return Ok(());
    }
    to.insert(path.to_owned(), None);
    for entry in fs::read_dir(there)? {
        let name = entry?.file_name();
        collect(directory, &format!("{path}/{}", name.to_string_lossy()), to)?;
    }
    Ok(())
}

fn difference(name: &str, expected: &Files, found: &Files) -> String {
    let paths: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differs = |path: &&&String| expected.get(**path) != found.get(**path);
    let show = |content: Option<&Option<Vec<u8>>>| match content {
        Some(Some(content)) => format!("{:?}", String::from_utf8_lossy(content)),
        Some(None) => "a directory".into(),
        None => "nothing".into(),
    };
    let lines = paths.iter().filter(differs).map(|&path| {
        let (expected, found) = (show(expected.get(path)), show(found.get(path)));
        format!("`{path}` of {name} is\n  {found}\nin a clean build\n  {expected}\n")
    });
    lines.collect()
}
