//! Which actions an entry of the manifest stands for, and what they write.
//!
//! A `foreach` sees the outputs of other actions, which may be members of a `foreach`
//! themselves. So the members are found in rounds, each seeing what the round before
//! declared, until nothing is new: as many rounds as there are `foreach`, at most.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::glob::Glob;
use super::settings::{no_nul, plain};
use super::text::{OF_FILE, Scope, Style, expand, is_identifier, is_plain};
use super::tree::Tree;
use super::vars::Vars;
use crate::manifest::{Cell, Place, RawAction, Result, Sources, Trouble};
use crate::plan::{FileId, Files};

/// An action as the manifest has it.
#[derive(Debug)]
pub(super) struct Entry<'d> {
    pub(super) raw: &'d RawAction<'d>,
    pub(super) name: &'d str,
    pub(super) origin: Origin,
}

/// Where an entry is written: what it takes to make its [`Place`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// In the table `action` of a source, by name.
    Table(usize),
    /// In the list `actions` of a source.
    List(usize, usize),
    /// On the line of a source that begins at a byte.
    Line(usize, usize),
}

/// One action that an entry stands for.
#[derive(Debug)]
pub(super) struct Member<'d> {
    pub(super) name: Arc<str>,
    pub(super) file: Option<PathBuf>,
    pub(super) matrix: Combination<'d>,
    pub(super) outputs: Vec<FileId>,
    pub(super) depfile: Option<FileId>,
}

/// One value for each key of a matrix; empty without a matrix.
type Combination<'d> = Vec<(&'d str, Rc<str>)>;

/// What is known while a plan is made.
#[derive(Debug)]
pub(super) struct Draft<'d> {
    pub(super) sources: &'d Sources,
    pub(super) vars: Vars<'d>,
    pub(super) tree: &'d mut Tree,
    pub(super) files: Files,
    pub(super) entries: Vec<Entry<'d>>,
    /// By entry.
    pub(super) members: Vec<Vec<Member<'d>>>,
}

/// The `foreach` of an entry.
#[derive(Debug)]
struct Foreach {
    entry: usize,
    glob: Glob,
    /// What it matched last, depfiles of its own members among them.
    found: Vec<PathBuf>,
}

/// How many actions one matrix may make.
const MAX_MEMBERS: usize = 1_000_000;

impl Entry<'_> {
    pub(super) fn place(&self) -> Place {
        match self.origin {
            Origin::Table(source) => Place::of(source, &["action", self.name]),
            Origin::List(source, index) => Place::of(source, &["actions"]).at(index),
            Origin::Line(source, start) => Place { source, start, ..Place::default() },
        }
    }

    /// Returns the place of one of its keys.
    pub(super) fn at(&self, key: &str) -> Place {
        self.place().at(key)
    }

    /// Returns the place of its name.
    pub(super) fn place_of_name(&self) -> Place {
        match self.raw.action {
            Some(_) => self.at("action"),
            None => self.place().key(),
        }
    }
}

impl<'d> Draft<'d> {
    /// Finds the members of every entry and declares their outputs.
    pub(super) fn find_members(&mut self) -> Result<()> {
        self.members.resize_with(self.entries.len(), Vec::new);
        for entry in 0..self.entries.len() {
            if self.entries[entry].raw.foreach.is_none() {
                self.members[entry] = self.family(entry, None)?;
            }
        }
        let mut globs = self.globs()?;
        for _ in 0..=globs.len() {
            let mut is_new = false;
            for foreach in &mut globs {
                is_new |= self.grow(foreach)?;
            }
            if !is_new {
                return self.refuse_empty(&globs);
            }
        }
        Err(self.endless(&globs))
    }

    /// Compiles the globs of all `foreach`.
    fn globs(&self) -> Result<Vec<Foreach>> {
        let mut globs = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(text) = &entry.raw.foreach else { continue };
            let text = expand(text, &plain(&self.vars, &self.files)).and_then(no_nul);
            let glob = text.and_then(|it| Glob::new(&it, self.files.root()));
            let glob = glob.map_err(|it| it.at(entry.at("foreach")))?;
            globs.push(Foreach { entry: index, glob, found: Vec::new() });
        }
        Ok(globs)
    }

    /// Matches a `foreach` again; returns whether it has new members.
    fn grow(&mut self, foreach: &mut Foreach) -> Result<bool> {
        let Foreach { entry, ref glob, .. } = *foreach;
        let place = || self.entries[entry].at("foreach");
        let mut found = self.tree.matches(glob).map_err(|it| it.at(place()))?;
        let others = self.members.iter().enumerate().filter(|it| it.0 != entry);
        let others = others.flat_map(|it| it.1);
        self.remove_depfiles(&mut found, others.clone());
        let outputs = others
            .flat_map(|it| &it.outputs)
            .map(|it| self.files.path(*it))
            .filter(|it| glob.is_match(it));
        found.extend(outputs.map(Path::to_path_buf));
        found.sort_unstable();
        found.dedup();
        if foreach.found == found {
            return Ok(false);
        }
        foreach.found.clone_from(&found);
        let family = self.family(entry, Some(found.clone()))?;
        self.remove_depfiles(&mut found, family.iter());
        let is_whole = found.len() == foreach.found.len();
        self.members[entry] = if is_whole { family } else { self.family(entry, Some(found))? };
        Ok(true)
    }

    /// Keeps the files that none of the members has as depfile.
    fn remove_depfiles<'m>(
        &self,
        found: &mut Vec<PathBuf>,
        members: impl Iterator<Item = &'m Member<'d>>,
    ) where
        'd: 'm,
    {
        let depfiles = Self::depfiles(members);
        if !depfiles.is_empty() {
            found.retain(|it| self.files.id(it).is_none_or(|it| !depfiles.contains(&it)));
        }
    }

    fn refuse_empty(&self, globs: &[Foreach]) -> Result<()> {
        let is_empty = |it: &&Foreach| self.members[it.entry].is_empty();
        let Some(Foreach { entry, .. }) = globs.iter().find(is_empty) else { return Ok(()) };
        let wrong =
            Trouble::new(format!("`foreach` of `{}` matches nothing", self.entries[*entry].name));
        let help = "no file and no output of another action is like this; \
                    a wildcard does not match a leading dot";
        Err(wrong.help(help).at(self.entries[*entry].at("foreach")))
    }

    fn endless(&self, globs: &[Foreach]) -> Box<crate::manifest::Fault> {
        let names: Vec<&str> = globs.iter().map(|it| self.entries[it.entry].name).collect();
        let names = names.join("`, `");
        let wrong = format!("without end: outputs of `foreach` actions match others (`{names}`)");
        Trouble::new(wrong).at(self.entries[globs[0].entry].at("foreach"))
    }

    /// Returns the members of an entry: each file, times each combination of its matrix.
    fn family(&mut self, entry: usize, files: Option<Vec<PathBuf>>) -> Result<Vec<Member<'d>>> {
        let combinations = self.combinations(entry)?;
        let files = match files {
            Some(files) => files.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let count = files.len().saturating_mul(combinations.len());
        if count > MAX_MEMBERS {
            let wrong =
                format!("`foreach` and the matrix make {count} actions, more than {MAX_MEMBERS}");
            return Err(Trouble::new(wrong).at(self.entries[entry].at("foreach")));
        }
        let mut family = Vec::with_capacity(count);
        for file in files {
            for matrix in &combinations {
                let file = file.clone();
                let name = self.member_name(entry, file.as_deref(), matrix)?;
                let (matrix, outputs) = (matrix.clone(), Vec::new());
                let mut member = Member { name, file, matrix, outputs, depfile: None };
                member.outputs = self.outputs(entry, &member)?;
                member.depfile = self.depfile(entry, &member)?;
                family.push(member);
            }
        }
        Ok(family)
    }

    fn member_name(
        &self,
        entry: usize,
        file: Option<&Path>,
        matrix: &[(&str, Rc<str>)],
    ) -> Result<Arc<str>> {
        let group = self.entries[entry].name;
        if file.is_none() && matrix.is_empty() {
            return Ok(group.into());
        }
        let file = file.map(|it| {
            let not_text = || {
                let wrong = format!("`foreach` matches `{}`, which is not UTF-8", it.display());
                Trouble::new(wrong).at(self.entries[entry].at("foreach"))
            };
            it.to_str().map(str::to_owned).ok_or_else(not_text)
        });
        let values = matrix.iter().map(|(key, value)| Ok(format!("{key}={value}")));
        let parts = file.into_iter().chain(values).collect::<Result<Vec<String>>>()?;
        let name = format!("{group}:{}", parts.join(","));
        if name.contains(char::is_control) {
            let wrong = Trouble::new(format!("a control character in the name {name:?}"));
            Err(wrong.at(self.entries[entry].place_of_name()))
        } else {
            Ok(name.into())
        }
    }

    /// Returns every combination of the values of a matrix, the last key fastest.
    fn combinations(&self, entry: usize) -> Result<Vec<Combination<'d>>> {
        let entry = &self.entries[entry];
        let mut all = vec![Vec::new()];
        let Some(matrix) = &entry.raw.matrix else { return Ok(all) };
        for (key, cells) in matrix.iter() {
            check_key(key, entry)?;
            if all.len().saturating_mul(cells.len()) > MAX_MEMBERS {
                let wrong = format!("the matrix makes more than {MAX_MEMBERS} actions");
                return Err(Trouble::new(wrong).at(entry.at("matrix").key()));
            }
            all = product(&all, key, &self.values(key, cells, entry)?);
        }
        Ok(all)
    }

    /// Expands the values of one key of a matrix.
    fn values(&self, key: &str, cells: &[Cell<'_>], entry: &Entry<'_>) -> Result<Vec<Rc<str>>> {
        let place = || entry.at("matrix").at(key);
        if cells.is_empty() {
            let wrong = Trouble::new(format!("`{key}` of the matrix has no values"));
            return Err(wrong.help("no action would be left").at(place()));
        }
        let mut seen = FxHashSet::default();
        let value = |cell: &Cell<'_>| {
            let value: Rc<str> = expand(&cell.0, &plain(&self.vars, &self.files))?.into();
            if seen.insert(Rc::clone(&value)) {
                Ok(value)
            } else {
                Err(Trouble::new(format!("`{value}` is twice a value of `{key}`")))
            }
        };
        let values = cells.iter().map(value).enumerate();
        values.map(|(index, it)| it.map_err(|it| it.at(place().at(index)))).collect()
    }

    /// Expands what a member writes.
    fn outputs(&mut self, entry: usize, member: &Member<'d>) -> Result<Vec<FileId>> {
        let texts = &self.entries[entry].raw.outputs;
        let mut outputs = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let output = self.output(text, member);
            outputs.push(output.map_err(|it| it.at(self.entries[entry].at("out").at(index)))?);
        }
        Ok(outputs)
    }

    fn output(&mut self, text: &str, member: &Member<'d>) -> Result<FileId, Trouble> {
        let path = if is_plain(text) {
            fitting(text)?.into()
        } else {
            expand(text, &self.scope(member)).and_then(path_text).and_then(fitting)?
        };
        if path.contains(['*', '?']) {
            let wrong = Trouble::new(format!("an output cannot be a glob: `{path}`"));
            return Err(wrong.help("list each file that the action writes"));
        }
        let path = path.into_owned();
        let id = self.files.intern(Path::new(&path));
        if self.files.path(id).as_os_str() == "." {
            Err(Trouble::new("an output cannot be the root itself"))
        } else {
            Ok(id)
        }
    }

    /// Returns what the placeholders of a member stand for, but for `{in}` and `{out}`.
    pub(super) fn scope<'s>(&'s self, member: &'s Member<'d>) -> Scope<'s> {
        Scope {
            vars: &self.vars,
            files: &self.files,
            file: member.file.as_deref(),
            matrix: &member.matrix,
            io: None,
            cwd: Path::new(""),
            style: Style::Plain,
        }
    }
}

fn product<'d>(all: &[Combination<'d>], key: &'d str, values: &[Rc<str>]) -> Vec<Combination<'d>> {
    let with = |it: &Combination<'d>, value: &Rc<str>| {
        let mut longer = it.clone();
        longer.push((key, Rc::clone(value)));
        longer
    };
    all.iter().flat_map(|it| values.iter().map(move |value| with(it, value))).collect()
}

fn check_key(key: &str, entry: &Entry<'_>) -> Result<()> {
    let is_taken =
        matches!(key, "in" | "out") || (entry.raw.foreach.is_some() && OF_FILE.contains(&key));
    let wrong = match (is_identifier(key), is_taken) {
        (true, false) => return Ok(()),
        (false, _) => Trouble::new(format!("a key of a matrix cannot be called `{key}`"))
            .help("a name is letters, digits, `_` and `-`, a letter first"),
        (true, true) => Trouble::new(format!("`{{{key}}}` is a placeholder already")),
    };
    Err(wrong.at(entry.at("matrix").at(key).key()))
}

/// Refuses what cannot be a path.
pub(super) fn path_text<T: AsRef<str>>(text: T) -> Result<T, Trouble> {
    if text.as_ref().is_empty() { Err(Trouble::new("an empty path")) } else { no_nul(text) }
}

/// Refuses what is too long for a path: no system that walk runs on takes it.
pub(super) fn fitting<T: AsRef<str>>(path: T) -> Result<T, Trouble> {
    let text = path.as_ref();
    if text.len() <= MAX_NAME {
        return Ok(path);
    }
    let name = text.split('/').map(str::len).max().unwrap_or(0);
    let (what, length, limit) = match text.len() {
        it if it > MAX_PATH => ("path", it, MAX_PATH),
        _ if name > MAX_NAME => ("name in a path", name, MAX_NAME),
        _ => return Ok(path),
    };
    Err(Trouble::new(format!("a {what} of {length} bytes; at most {limit} are possible")))
}

/// How many bytes a path may have.
const MAX_PATH: usize = 4096;

/// How many bytes one name in a path may have.
const MAX_NAME: usize = 255;
