//! Which depfile an action writes.
//!
//! It is a file with one producer like any other, but no glob sees it: it is there only
//! after the first run, and nobody means it by `build/*`. So it has to be known before any
//! glob is looked at, and `{in}` in its path can stand for one plain path only.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::glob::{is_glob, unescape};
use super::members::{Draft, Member, fitting, path_text};
use super::text::{Io, Piece, Scope, expand, replace};
use crate::manifest::{Result, Trouble};
use crate::plan::FileId;

impl<'d> Draft<'d> {
    /// Expands the path of a member's depfile.
    pub(super) fn depfile(&mut self, entry: usize, member: &Member<'d>) -> Result<Option<FileId>> {
        let Some(text) = &self.entries[entry].raw.depfile else { return Ok(None) };
        let inputs = self.input_of_depfile(entry, text, member)?;
        let place = || self.entries[entry].at("depfile");
        let outputs = &member.outputs[..];
        if text.contains("{out}") && outputs.len() != 1 {
            return Err(not_one_file("{out}", &format!("{} files", outputs.len())).at(place()));
        }
        let io = Io { inputs: inputs.as_slice(), outputs };
        let path = expand(text, &Scope { io: Some(io), ..self.scope(member) }).and_then(path_text);
        let path = path.and_then(fitting).map_err(|it| it.at(place()))?.into_owned();
        Ok(Some(self.files.intern(Path::new(&path))))
    }

    /// Returns what `{in}` stands for in the path of a depfile; nothing if it is not there.
    fn input_of_depfile(
        &mut self,
        entry: usize,
        text: &str,
        member: &Member<'d>,
    ) -> Result<Option<FileId>> {
        if !self.has_in(text) {
            return Ok(None);
        }
        let raw = self.entries[entry].raw;
        let place = || self.entries[entry].at("depfile");
        let texts: Vec<&str> = raw.inputs.iter().map(|it| &**it).collect();
        let &[input] = &texts[..] else {
            return Err(not_one_file("{in}", &format!("{} files", texts.len())).at(place()));
        };
        let path = expand(input, &self.scope(member)).and_then(path_text);
        let path = path.map_err(|it| it.at(self.entries[entry].at("in").at(0)))?.into_owned();
        let exact = Path::new(&path);
        if !is_glob(&path) {
            return Ok(Some(self.files.intern(Path::new(&*unescape(&path)))));
        }
        if self.files.id(exact).is_some() || self.files.root().join(exact).exists() {
            return Ok(Some(self.files.intern(exact)));
        }
        Err(not_one_file("{in}", "a glob").at(place()))
    }

    /// Returns whether a text holds `{in}`, itself or in a variable.
    fn has_in(&self, text: &str) -> bool {
        let mut found = text.contains("{in}");
        let _ = replace(text, &mut |piece, _| {
            if let Piece::Variable(name) = piece {
                found |= self.vars.get(name).is_some_and(|it| it.contains("{in}"));
            }
            Ok(())
        });
        found
    }

    /// Returns the depfiles of all members that are not also declared as outputs.
    pub(super) fn depfiles<'m>(members: impl Iterator<Item = &'m Member<'d>>) -> FxHashSet<FileId>
    where
        'd: 'm,
    {
        members.filter_map(Member::own_depfile).collect()
    }
}

impl Member<'_> {
    /// Returns its depfile, unless that is an output that it declares.
    pub(super) fn own_depfile(&self) -> Option<FileId> {
        self.depfile.filter(|it| !self.outputs.contains(it))
    }
}

fn not_one_file(part: &str, found: &str) -> Trouble {
    Trouble::new(format!("`{part}` is {found} here, and a depfile is one")).part(part)
}
