//! What the tests of reading share: a directory with files, and a plan as text.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use walk_plan::{Command, ManifestError, Overrides, Plan, Run, Source};

/// A directory with files in it; those that end in `/` are directories.
pub(crate) struct Project(TempDir);

impl Project {
    pub(crate) fn new(files: &[&str]) -> Self {
        let project = Self(tempfile::tempdir().expect("a temporary directory"));
        for it in files {
            project.write(it, "");
        }
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.path().join(path);
        let parent = if path.ends_with('/') { &full } else { full.parent().expect("a parent") };
        fs::create_dir_all(parent).expect("a directory");
        if !path.ends_with('/') {
            fs::write(&full, text).expect("a file");
        }
    }

    /// Writes a manifest and reads it.
    pub(crate) fn read(&self, name: &str, text: &str) -> Result<Plan, ManifestError> {
        self.write(name, text);
        self.read_with(name, &Overrides::default())
    }

    pub(crate) fn read_with(
        &self,
        name: &str,
        overrides: &Overrides,
    ) -> Result<Plan, ManifestError> {
        Plan::read(&Source::File(self.path().join(name)), overrides)
    }

    /// Writes a manifest and returns the error in it, with paths relative to here.
    pub(crate) fn error(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        self.write(name, text);
        self.error_of(self.read_with(name, &Overrides::default()))
    }

    pub(crate) fn error_of(&self, result: Result<Plan, ManifestError>) -> String {
        let error = result.map(|it| it.actions.len()).expect_err("a bad manifest").to_string();
        let here = self.path().display().to_string();
        error.replace(&format!("{here}/"), "").replace(&here, "<root>")
    }

    /// Reads TOML and returns the plan as text.
    pub(crate) fn show(&self, text: &str) -> String {
        show(&self.read("walk.toml", text).unwrap_or_else(|it| panic!("{it}")))
    }
}

/// Returns the error in a TOML manifest beside no other file.
pub(crate) fn error(text: &str) -> String {
    Project::new(&[]).error("walk.toml", text)
}

/// Writes a plan: each action with its command, files and predecessors.
pub(crate) fn show(plan: &Plan) -> String {
    let mut text = String::new();
    for id in plan.select(&[]).expect("the default") {
        let action = &plan.actions[id.index()];
        let _ = write!(text, "{}", action.name);
        if action.name != action.group {
            let _ = write!(text, " ({})", action.group);
        }
        let _ = writeln!(text, "{}", command(plan, action));
        let before = plan.predecessors(id).map(|it| &*plan.actions[it.index()].name);
        let before: Vec<&str> = before.collect();
        if !before.is_empty() {
            let _ = writeln!(text, "  after {}", before.join(" "));
        }
    }
    text
}

fn command(plan: &Plan, action: &Command) -> String {
    let files = |ids: &[walk_plan::FileId]| {
        let paths = ids.iter().map(|it| plan.files.path(*it).display().to_string());
        paths.collect::<Vec<_>>().join(" ")
    };
    let mut text = match &action.run {
        Run::Nothing => String::new(),
        Run::Shell(text) => format!(": {text}"),
        Run::Argv(words) => format!(": {words:?}"),
    };
    if !action.inputs.is_empty() || !action.outputs.is_empty() {
        let (inputs, outputs) = (files(&action.inputs), files(&action.outputs));
        let _ = write!(text, "\n  {inputs} -> {outputs}");
    }
    for glob in &action.globs {
        let _ = write!(text, "\n  {} = {}", glob.pattern, files(&glob.files));
    }
    text
}
