//! A project that walk builds: runs walk in it, changes its files, asks the compiler about it.
//!
//! What walk ran is read from its events, not from its text.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::command;

/// A directory with a manifest, and the walk to build it with.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    walk: PathBuf,
    events: PathBuf,
}

/// What one run of walk did.
pub(crate) struct Walked {
    /// The actions that were started.
    pub(crate) started: BTreeSet<String>,
    /// How many were skipped.
    pub(crate) skipped: usize,
    pub(crate) time: Duration,
}

impl Project {
    /// The project at `root`; events go to a file beside it.
    pub(crate) fn new(root: PathBuf, walk: PathBuf) -> Self {
        let events = root.with_file_name("events.jsonl");
        Self { root, walk, events }
    }

    /// Brings everything up to date.
    ///
    /// # Errors
    ///
    /// Walk fails, or writes events that are not JSON lines.
    pub(crate) fn walk(&self) -> Result<Walked> {
        let outcome = command::succeed(self.command().arg("--events").arg(&self.events))?;
        let text = fs::read_to_string(&self.events)
            .with_context(|| format!("no events in {}", self.events.display()))?;
        let (started, skipped) = parse_events(&text)?;
        Ok(Walked { started, skipped, time: outcome.time })
    }

    /// The output of `walk` with these arguments.
    ///
    /// # Errors
    ///
    /// Walk fails.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<String> {
        Ok(command::succeed(self.command().args(arguments))?.output)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.walk);
        command.current_dir(&self.root);
        command
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Replaces the first occurrence of `old` in `file`.
    ///
    /// # Errors
    ///
    /// The file does not contain it, or cannot be written.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) -> Result<()> {
        let text = fs::read_to_string(self.path(file))?;
        ensure!(text.contains(old), "{file} does not contain {old:?}");
        fs::write(self.path(file), text.replacen(old, new, 1))?;
        Ok(())
    }

    /// Gives every file of the project a new time, and tells how many there are. What walk
    /// itself remembers is left alone.
    ///
    /// # Errors
    ///
    /// A file cannot be opened for writing.
    pub(crate) fn touch_all(&self) -> Result<usize> {
        touch_below(&self.root, SystemTime::now())
    }

    /// The actions that compile a source which includes `header`, as the compiler sees it.
    ///
    /// # Errors
    ///
    /// The compiler fails.
    pub(crate) fn includers(&self, header: &str) -> Result<BTreeSet<String>> {
        let mut includers = BTreeSet::new();
        for action in self.compilations()? {
            let (_, source) = action.split_once(':').context("an action names its source")?;
            let mut cc = Command::new("cc");
            cc.args(["-DZSTD_MULTITHREAD", "-DZSTD_LEGACY_SUPPORT=4", "-Ilib", "-MM", source]);
            let rule = command::succeed(cc.current_dir(&self.root))?.output;
            if rule.split_whitespace().any(|file| normal(file) == header) {
                includers.insert(action);
            }
        }
        Ok(includers)
    }

    /// Every action that compiles.
    ///
    /// # Errors
    ///
    /// A folder of sources cannot be listed.
    pub(crate) fn compilations(&self) -> Result<BTreeSet<String>> {
        let mut actions = BTreeSet::new();
        for folder in self.list("lib")?.iter().filter(|path| self.path(path).is_dir()) {
            let sources = self.list(folder)?.into_iter();
            let sources = sources.filter(|file| has_extension(file, &["c", "S"]));
            actions.extend(sources.map(|source| format!("compile:{source}")));
        }
        let programs = self.list("programs")?.into_iter();
        let programs = programs.filter(|file| has_extension(file, &["c"]));
        actions.extend(programs.map(|source| format!("compile-program:{source}")));
        Ok(actions)
    }

    /// What is in `folder`, relative to the project.
    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let entries =
            self.path(folder).read_dir().with_context(|| format!("no folder {folder}"))?;
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| Ok(format!("{folder}/{}", name(entry?)))).collect()
    }
}

fn has_extension(file: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.contains(&extension))
}

/// A relative path as the compiler prints it, with its `..` resolved.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The started actions and the number of skipped ones, from JSON lines.
fn parse_events(text: &str) -> Result<(BTreeSet<String>, usize)> {
    let (mut started, mut skipped) = (BTreeSet::new(), 0);
    for line in text.lines() {
        let event: Value =
            serde_json::from_str(line).with_context(|| format!("not an event: {line}"))?;
        match event["event"].as_str().with_context(|| format!("not an event: {line}"))? {
            "started" => {
                let action = event["action"].as_str();
                started.insert(action.context("an event names its action")?.to_owned());
            }
            "skipped" => skipped += 1,
            _ => {}
        }
    }
    Ok((started, skipped))
}

fn touch_below(folder: &Path, time: SystemTime) -> Result<usize> {
    let mut count = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        if entry.file_name() == ".walk" {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            count += touch_below(&entry.path(), time)?;
        } else if kind.is_file() {
            File::options().append(true).open(entry.path())?.set_modified(time)?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_tell_what_was_started() {
        let text = "{\"v\":1,\"event\":\"run-started\"}\n\
                    {\"v\":1,\"event\":\"started\",\"action\":\"a\"}\n\
                    {\"v\":1,\"event\":\"finished\",\"action\":\"a\",\"status\":\"success\"}\n\
                    {\"v\":1,\"event\":\"skipped\",\"action\":\"b\"}\n";
        let (started, skipped) = parse_events(text).expect("these are events");
        assert_eq!((started.into_iter().collect::<Vec<_>>(), skipped), (vec!["a".to_owned()], 1));
        let error = parse_events("walk: done\n").unwrap_err();
        assert_eq!(error.to_string(), "not an event: walk: done");
    }

    #[test]
    fn touching_leaves_the_state_of_walk_alone() {
        let tree = tempfile::tempdir().expect("a directory");
        for folder in ["a/b", ".walk"] {
            fs::create_dir_all(tree.path().join(folder)).expect("a folder");
            fs::write(tree.path().join(folder).join("file"), "").expect("a file");
        }
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
        let modified = |file| fs::metadata(tree.path().join(file)).and_then(|meta| meta.modified());
        assert_eq!(touch_below(tree.path(), time).expect("it is writable"), 1);
        assert_eq!(modified("a/b/file").expect("it is there"), time);
        assert_ne!(modified(".walk/file").expect("it is there"), time);
    }

    #[test]
    fn paths_of_the_compiler_are_resolved() {
        assert_eq!(normal("lib/legacy/../common/mem.h"), "lib/common/mem.h");
        assert_eq!(normal("./lib/zstd.h"), "lib/zstd.h");
    }
}
