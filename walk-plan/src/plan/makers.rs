//! Who makes a file: also one that no action names.
//!
//! A file comes from the action that declares it, from the action that declares a directory
//! around it, or it is a directory in which actions write. All is found by the text of the
//! path, so it holds for files too that became known after the plan was read: those that a
//! depfile names. What is on disk is not asked.

use std::path::Path;

use super::{ActionId, FileId, Files, Paths, Plan, split};

/// Every declared output and depfile, sorted by path.
#[derive(Debug, Default)]
pub(crate) struct Makers {
    outputs: Vec<FileId>,
}

impl Plan {
    /// Finds the actions that make a file: the one that declares it, else the one that
    /// declares a directory around it, else all that declare an output inside it. None
    /// make a source.
    ///
    /// With [`Paths::Entries`] only the one that declares it.
    ///
    /// Also files that were interned after the plan was read have makers: `gen/a.h` is made
    /// by whoever has `gen` as output.
    ///
    /// # Panics
    ///
    /// If `file` is of another plan and out of range here.
    pub fn makers_of(&self, file: FileId) -> impl Iterator<Item = ActionId> + use<> {
        let files = &self.files;
        let path = files.path(file);
        let is_tree = self.settings.paths == Paths::Trees;
        let around = || Makers::around(split(path)?.0, files);
        let one = files.producer(file).or_else(|| is_tree.then(around).flatten());
        let is_tree = is_tree && one.is_none();
        let inside = if is_tree { self.makers.inside(path, files) } else { Vec::new() };
        one.into_iter().chain(inside)
    }
}

impl Makers {
    pub(crate) fn new(mut outputs: Vec<FileId>, files: &Files) -> Self {
        outputs.sort_unstable_by_key(|it| files.path(*it).as_os_str());
        Self { outputs }
    }

    /// Returns all outputs.
    pub(crate) fn outputs(&self) -> &[FileId] {
        &self.outputs
    }

    /// Returns the action that declares a directory, or the next one around it.
    pub(crate) fn around(directory: &Path, files: &Files) -> Option<ActionId> {
        let mut next = Some(directory);
        while let Some(directory) = next.filter(|it| !it.as_os_str().is_empty()) {
            let own = files.id(directory).and_then(|it| files.producer(it));
            if own.is_some() {
                return own;
            }
            next = split(directory).map(|it| it.0);
        }
        None
    }

    /// Returns the outputs inside a directory.
    pub(crate) fn below(&self, directory: &Path, files: &Files) -> &[FileId] {
        if directory.as_os_str().is_empty() || directory == Path::new(".") {
            return &self.outputs;
        }
        let mut prefix = directory.as_os_str().as_encoded_bytes().to_vec();
        prefix.push(b'/');
        let bytes = |it: &FileId| files.path(*it).as_os_str().as_encoded_bytes();
        let start = self.outputs.partition_point(|it| bytes(it) < &prefix[..]);
        let rest = &self.outputs[start..];
        &rest[..rest.partition_point(|it| bytes(it).starts_with(&prefix))]
    }

    /// Returns the actions that declare outputs inside a directory, each once.
    pub(crate) fn inside(&self, directory: &Path, files: &Files) -> Vec<ActionId> {
        let outputs = self.below(directory, files).iter();
        let mut makers: Vec<ActionId> = outputs.filter_map(|it| files.producer(*it)).collect();
        makers.sort_unstable();
        makers.dedup();
        makers
    }
}
