//! Who writes what: each file has one producer, and no output lies inside another.

use std::ops::Range;
use std::sync::Arc;

use super::inputs::Origins;
use super::members::{Draft, Entry, Member};
use crate::manifest::{Place, Result, Trouble};
use crate::plan::{ActionId, FileId, Makers, Names};

/// A member and the entry that it is of; its position is its [`ActionId`].
pub(super) type Flat<'d> = (usize, Member<'d>);

impl<'d> Draft<'d> {
    /// Takes the members of all entries, in order.
    pub(super) fn take_members(&mut self) -> Result<Vec<Flat<'d>>> {
        let members = std::mem::take(&mut self.members).into_iter().enumerate();
        let all: Vec<Flat> = members
            .flat_map(|(entry, family)| family.into_iter().map(move |it| (entry, it)))
            .collect();
        match u32::try_from(all.len()) {
            Ok(_) => Ok(all),
            Err(_) => Err(Trouble::new("more than 2^32 actions").at(Place::default())),
        }
    }

    /// Gives every name its actions: those of single actions and of groups.
    pub(super) fn names(&self, all: &[Flat<'d>]) -> Result<Names> {
        let mut names = Names::with_capacity_and_hasher(all.len(), rustc_hash::FxBuildHasher);
        let mut start = 0;
        for family in all.chunk_by(|a, b| a.0 == b.0) {
            let entry = family[0].0;
            let end = start + family.len();
            if family.len() > 1 || *family[0].1.name != *self.entries[entry].name {
                self.add_name(&mut names, &self.entries[entry].name.into(), start..end, all)?;
            }
            for (offset, (_, member)) in family.iter().enumerate() {
                let one = start + offset..start + offset + 1;
                self.add_name(&mut names, &member.name, one, all)?;
            }
            start = end;
        }
        Ok(names)
    }

    fn add_name(
        &self,
        names: &mut Names,
        name: &Arc<str>,
        range: Range<usize>,
        all: &[Flat<'d>],
    ) -> Result<()> {
        let index = |it: usize| u32::try_from(it).expect("counted by `take_members`");
        let entry = all[range.start].0;
        let Some(earlier) = names.insert(Arc::clone(name), index(range.start)..index(range.end))
        else {
            return Ok(());
        };
        let earlier = &self.entries[all[earlier.start as usize].0].place_of_name();
        let wrong = Trouble::new(format!("two actions are called `{name}`")).label("again here");
        let wrong = wrong.help(format!("the first is at {}", earlier.describe(self.sources)));
        Err(wrong.at(self.entries[entry].place_of_name()))
    }

    /// Gives every output its producer.
    pub(super) fn set_producers(&mut self, all: &[Flat<'d>]) -> Result<Origins> {
        let mut outputs = Vec::with_capacity(all.len());
        for (index, (entry, member)) in all.iter().enumerate() {
            let id = ActionId(u32::try_from(index).expect("counted by `take_members`"));
            for (file, place) in written(member) {
                if let Some(earlier) = self.files.set_producer(file, id) {
                    let wrong = self.two_producers(file, &all[earlier.index()], member);
                    return Err(wrong.at(place(&self.entries[*entry])));
                }
                outputs.push(file);
            }
        }
        let depfiles = Self::depfiles(all.iter().map(|it| &it.1));
        let mut origins = Origins::new(Makers::new(outputs, &self.files), depfiles);
        self.refuse_nested(all, &mut origins)?;
        Ok(origins)
    }

    fn two_producers(&self, file: FileId, earlier: &Flat<'d>, member: &Member<'d>) -> Trouble {
        let path = self.files.path(file).display();
        let (entry, earlier) = earlier;
        if earlier.name == member.name {
            return Trouble::new(format!("`{path}` is twice an output of `{}`", member.name));
        }
        let wrong = format!("`{}` and `{}` both write `{path}`", earlier.name, member.name);
        let entry = &self.entries[*entry];
        let place = written(earlier).find(|it| it.0 == file).map(|it| it.1(entry));
        let place = place.unwrap_or_else(|| entry.place_of_name()).describe(self.sources);
        Trouble::new(wrong)
            .label("written here too")
            .help(format!("`{}` declares it at {place}; a file has one producer", earlier.name))
    }

    /// An output inside the directory that another action writes is never up to date.
    fn refuse_nested(&self, all: &[Flat<'d>], origins: &mut Origins) -> Result<()> {
        for (entry, member) in all {
            for (file, place) in written(member) {
                let path = self.files.path(file);
                let outer = path.parent().and_then(|it| origins.around(it, &self.files));
                let Some(outer) = outer else { continue };
                if all[outer.index()].1.name == member.name && member.own_depfile() == Some(file) {
                    continue;
                }
                let wrong = format!(
                    "`{}` writes `{}`, inside a directory that `{}` writes",
                    member.name,
                    path.display(),
                    all[outer.index()].1.name,
                );
                let place = place(&self.entries[*entry]);
                return Err(Trouble::new(wrong).help("a file has one producer").at(place));
            }
        }
        Ok(())
    }
}

/// Returns the files that a member writes, each with the place that says so: its outputs,
/// and its depfile unless that is one of them.
fn written(member: &Member<'_>) -> impl Iterator<Item = (FileId, impl Fn(&Entry<'_>) -> Place)> {
    let outputs = member.outputs.iter().enumerate().map(|(index, it)| (*it, Some(index)));
    let depfile = member.own_depfile().map(|it| (it, None));
    outputs.chain(depfile).map(|(file, index)| {
        let place = move |entry: &Entry<'_>| match index {
            Some(index) => entry.at("out").at(index),
            None => entry.at("depfile"),
        };
        (file, place)
    })
}
