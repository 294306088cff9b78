//! The names of variables, rules and pools, as numbers.
//!
//! Those that the language knows have fixed numbers, so that asking for `command` is no search.

use hashbrown::HashTable;

use super::model::number;
use super::paths::hash;

/// The number of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

/// The names of variables, rules and pools, one behind the other.
#[derive(Debug)]
pub(super) struct Names {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

macro_rules! known {
    ($($constant:ident = $number:literal $text:literal,)*) => {
        $(pub(super) const $constant: Name = Name($number);)*
        const KNOWN: &[&str] = &[$($text),*];
    };
}

known! {
    IN = 0 "in",
    OUT = 1 "out",
    IN_NEWLINE = 2 "in_newline",
    COMMAND = 3 "command",
    DEPFILE = 4 "depfile",
    DYNDEP = 5 "dyndep",
    DESCRIPTION = 6 "description",
    DEPS = 7 "deps",
    GENERATOR = 8 "generator",
    POOL = 9 "pool",
    RESTAT = 10 "restat",
    RSPFILE = 11 "rspfile",
    RSPFILE_CONTENT = 12 "rspfile_content",
    MSVC_DEPS_PREFIX = 13 "msvc_deps_prefix",
    REQUIRED_VERSION = 14 "ninja_required_version",
    DEPTH = 15 "depth",
    DYNDEP_VERSION = 16 "ninja_dyndep_version",
    CONSOLE = 17 "console",
}

/// What a rule may say.
pub(super) const OF_RULES: [Name; 11] = [
    COMMAND,
    DEPFILE,
    DYNDEP,
    DESCRIPTION,
    DEPS,
    GENERATOR,
    POOL,
    RESTAT,
    RSPFILE,
    RSPFILE_CONTENT,
    MSVC_DEPS_PREFIX,
];

impl Names {
    pub(super) fn new() -> Self {
        let mut names = Self { bytes: Vec::new(), ends: Vec::new(), table: HashTable::new() };
        for text in KNOWN {
            names.number(text.as_bytes());
        }
        names
    }

    pub(super) fn number(&mut self, text: &[u8]) -> Name {
        if let Some(name) = self.find(text) {
            return name;
        }
        let next = number(self.ends.len());
        self.bytes.extend_from_slice(text);
        self.ends.push(number(self.bytes.len()));
        let rehash = |it: &u32| hash(name_in(&self.bytes, &self.ends, *it));
        self.table.insert_unique(hash(text), next, rehash);
        Name(next)
    }

    pub(super) fn find(&self, text: &[u8]) -> Option<Name> {
        let is_it = |it: &u32| name_in(&self.bytes, &self.ends, *it) == text;
        self.table.find(hash(text), is_it).map(|it| Name(*it))
    }

    pub(super) fn text(&self, name: Name) -> &[u8] {
        name_in(&self.bytes, &self.ends, name.0)
    }
}

fn name_in<'b>(bytes: &'b [u8], ends: &[u32], index: u32) -> &'b [u8] {
    let index = index as usize;
    let start = index.checked_sub(1).map_or(0, |it| ends[it]);
    &bytes[start as usize..ends[index] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_have_the_numbers_they_were_given() {
        let mut names = Names::new();
        assert_eq!(names.find(b"ninja_dyndep_version"), Some(DYNDEP_VERSION));
        assert_eq!(names.number(b"pool"), POOL);
        assert_eq!(names.text(RESTAT), b"restat");
        let cflags = names.number(b"cflags");
        assert_eq!((names.number(b"cflags"), names.text(cflags)), (cflags, &b"cflags"[..]));
    }
}
