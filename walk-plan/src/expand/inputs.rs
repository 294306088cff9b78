//! What an action reads: files, globs, and where each of them comes from.
//!
//! A file comes from the action that declares it, from the action that declares a
//! directory around it, or from disk. A directory that is read whole depends on all that
//! is declared inside it. Every file is looked up once, however many actions read it.

use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::glob::{Glob, is_glob, unescape};
use super::members::{Draft, Member, fitting, path_text};
use super::text::{expand, is_plain};
use super::tree::{Kind, Tree};
use crate::manifest::{Result, Trouble, nearest};
use crate::plan::{ActionId, FileId, Files, GlobMatches, Makers, split};

/// Where the files that are read come from.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// By file.
    known: Vec<Option<Origin>>,
    pub(super) makers: Makers,
    /// By directory, the action that declares it or one around it.
    around: FxHashMap<OsString, Option<ActionId>>,
    globs: FxHashMap<String, Rc<[FileId]>>,
    /// No glob matches them.
    depfiles: FxHashSet<FileId>,
    /// By file, the last action that was given it, plus one.
    seen: Vec<u32>,
}

/// Where a file comes from that is not itself an output.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Disk,
    /// A directory that this action writes.
    Inside(ActionId),
    /// It is a directory in which these actions write.
    Around(Rc<[ActionId]>),
}

/// What one action reads.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) files: Vec<FileId>,
    pub(super) globs: Vec<GlobMatches>,
    /// Producers that `files` alone do not name.
    pub(super) others: Vec<ActionId>,
}

impl Origins {
    /// Takes all that the members write, and which of it are depfiles.
    pub(super) fn new(makers: Makers, depfiles: FxHashSet<FileId>) -> Self {
        Self { makers, depfiles, ..Self::default() }
    }

    /// Returns the action that writes a directory, or one around it.
    pub(super) fn around(&mut self, directory: &Path, files: &Files) -> Option<ActionId> {
        if let Some(known) = self.around.get(directory.as_os_str()) {
            return *known;
        }
        let found = Makers::around(directory, files);
        self.around.insert(directory.as_os_str().to_owned(), found);
        found
    }

    /// Finds out where a file comes from that no action declares; `None` if from nowhere.
    fn find(&mut self, id: FileId, tree: &mut Tree, files: &Files) -> Option<Origin> {
        let path = files.path(id);
        if let Some(action) = split(path).and_then(|it| self.around(it.0, files)) {
            return Some(Origin::Inside(action));
        }
        if tree.is_leftover(path) {
            return None;
        }
        let below = || Rc::from(self.makers.inside(path, files));
        match tree.kind(path) {
            Kind::File | Kind::Special => Some(Origin::Disk),
            Kind::Directory => Some(Origin::Around(below())),
            Kind::Missing => {
                Some(below()).filter(|it: &Rc<[ActionId]>| !it.is_empty()).map(Origin::Around)
            }
        }
    }

    /// Returns whether an action is given a file for the first time.
    fn is_new(&mut self, id: FileId, action: ActionId, files: &Files) -> bool {
        if self.seen.len() <= id.index() {
            self.seen.resize(files.len(), 0);
        }
        let seen = &mut self.seen[id.index()];
        std::mem::replace(seen, action.0 + 1) != action.0 + 1
    }
}

/// An action whose inputs are being collected.
struct Reading<'r, 'd> {
    id: ActionId,
    member: &'r Member<'d>,
    origins: &'r mut Origins,
    inputs: Inputs,
}

impl<'d> Draft<'d> {
    /// Expands what a member reads.
    pub(super) fn inputs(
        &mut self,
        id: ActionId,
        entry: usize,
        member: &Member<'d>,
        origins: &mut Origins,
    ) -> Result<Inputs> {
        let texts = &self.entries[entry].raw.inputs;
        let files = Vec::with_capacity(texts.len());
        let inputs = Inputs { files, ..Inputs::default() };
        let mut reading = Reading { id, member, origins, inputs };
        for (index, text) in texts.iter().enumerate() {
            let found = self.input(text, &mut reading);
            found.map_err(|it| it.at(self.entries[entry].at("in").at(index)))?;
        }
        Ok(reading.inputs)
    }

    /// Adds the files that one text of `in` stands for.
    fn input(&mut self, text: &str, reading: &mut Reading<'_, 'd>) -> Result<(), Trouble> {
        if is_plain(text) {
            let file = self.files.intern(Path::new(fitting(text)?));
            return self.add(file, reading);
        }
        let path = expand(text, &self.scope(reading.member)).and_then(path_text)?.into_owned();
        if is_glob(&path) && !self.is_exact(&path) {
            let files = self.add_glob(path, reading)?;
            return files.iter().try_for_each(|it| self.add(*it, reading));
        }
        let file = self.files.intern(Path::new(&*fitting(unescape(&path))?));
        self.add(file, reading)
    }

    /// Adds one file, unless the action has it already.
    fn add(&mut self, file: FileId, reading: &mut Reading<'_, 'd>) -> Result<(), Trouble> {
        if !reading.origins.is_new(file, reading.id, &self.files) {
            return Ok(());
        }
        reading.inputs.files.push(file);
        self.look_up(file, reading)
    }

    /// Returns whether a text with wildcards is the path of an output or of a file.
    fn is_exact(&mut self, text: &str) -> bool {
        let path = Path::new(text);
        self.files.id(path).is_some_and(|it| self.files.producer(it).is_some())
            || self.files.root().join(path).exists()
    }

    /// Adds what a glob matches to the list of globs; the action's own outputs are no input.
    fn add_glob(
        &mut self,
        pattern: String,
        reading: &mut Reading<'_, 'd>,
    ) -> Result<Vec<FileId>, Trouble> {
        let Reading { member, origins, inputs, .. } = reading;
        let glob = Glob::new(&pattern, self.files.root())?;
        if origins.around(&glob.base, &self.files).is_some() {
            return Err(unknown_yet(&pattern, &glob.base));
        }
        let all = match origins.globs.get(&pattern) {
            Some(known) => Rc::clone(known),
            None => self.glob_matches(&pattern, &glob, origins)?,
        };
        let is_own = |it: &FileId| member.outputs.contains(it);
        let files: Vec<FileId> = all.iter().copied().filter(|it| !is_own(it)).collect();
        if files.is_empty() {
            let name = &member.name;
            log::warn!(target: "walk", "{name}: the glob `{pattern}` in `in` matches nothing");
        }
        inputs.globs.push(GlobMatches { pattern, files: files.clone() });
        Ok(files)
    }

    /// Returns the files on disk and the outputs that a glob matches, sorted by path.
    fn glob_matches(
        &mut self,
        text: &str,
        glob: &Glob,
        origins: &mut Origins,
    ) -> Result<Rc<[FileId]>, Trouble> {
        let mut on_disk = self.tree.matches(glob)?;
        // What an action will have made in a directory of its own is not known before.
        let mut is_made = |it: &Path| split(it).and_then(|it| origins.around(it.0, &self.files));
        on_disk.retain(|it| is_made(it).is_none());
        let mut all: Vec<FileId> = on_disk.iter().map(|it| self.files.intern(it)).collect();
        let outputs = origins.makers.below(&glob.base, &self.files).iter().copied();
        all.extend(outputs.filter(|it| glob.is_match(self.files.path(*it))));
        all.retain(|it| !origins.depfiles.contains(it));
        all.sort_unstable_by_key(|it| self.files.path(*it).as_os_str());
        all.dedup();
        let all: Rc<[FileId]> = all.into();
        origins.globs.insert(text.to_owned(), Rc::clone(&all));
        Ok(all)
    }

    /// Makes sure that a file comes from somewhere, and adds who has to come first.
    fn look_up(&mut self, id: FileId, reading: &mut Reading<'_, 'd>) -> Result<(), Trouble> {
        if self.files.producer(id).is_some() {
            return Ok(());
        }
        let Reading { member, origins, inputs, .. } = reading;
        if origins.known.len() <= id.index() {
            origins.known.resize(self.files.len(), None);
        }
        if origins.known[id.index()].is_none() {
            let found = origins.find(id, self.tree, &self.files);
            let found = found.ok_or_else(|| self.missing(id, &member.name, origins))?;
            origins.known[id.index()] = Some(found);
        }
        match &origins.known[id.index()] {
            Some(Origin::Inside(action)) => inputs.others.push(*action),
            Some(Origin::Around(actions)) => inputs.others.extend(actions.iter()),
            Some(Origin::Disk) | None => {}
        }
        Ok(())
    }

    fn missing(&mut self, id: FileId, name: &str, origins: &Origins) -> Trouble {
        let path = self.files.path(id);
        let shown = path.display().to_string();
        if self.tree.is_leftover(path) {
            let wrong = format!("`{shown}`, an input of `{name}`, is not produced any more");
            let help = "it is what is left of an action that is gone: remove it, or have \
                        `walk clean` take it for a source";
            return Trouble::new(wrong).help(help);
        }
        let wrong = format!("`{shown}`, an input of `{name}`, neither exists nor is produced");
        let beside = path.parent().map(|it| self.tree.names(it)).unwrap_or_default();
        let outputs =
            origins.makers.outputs().iter().filter_map(|it| self.files.path(*it).to_str());
        let near = nearest(&shown, outputs.chain(beside.iter().map(String::as_str)));
        match near.first() {
            Some(near) => Trouble::new(wrong).label(format!("did you mean `{near}`?")),
            None => Trouble::new(wrong).help("no action has it in its `out`"),
        }
    }
}

fn unknown_yet(pattern: &str, base: &Path) -> Trouble {
    let base = base.display();
    let wrong = format!("the glob `{pattern}` looks into `{base}`, the output of an action");
    let help = format!("what it will hold is not known before; read the whole of `{base}`");
    Trouble::new(wrong).help(help)
}
