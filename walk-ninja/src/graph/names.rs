//! The names of variables, as numbers.
//!
//! Those that the language knows have fixed numbers, so that asking for `command` is no search.

use rustc_hash::FxHashMap;

/// The number of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name(u32);

/// The names of variables.
#[derive(Debug)]
pub(super) struct Names {
    numbers: FxHashMap<Box<[u8]>, Name>,
    texts: Vec<Box<[u8]>>,
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
        let mut names = Self { numbers: FxHashMap::default(), texts: Vec::new() };
        for text in KNOWN {
            names.number(text.as_bytes());
        }
        names
    }

    pub(super) fn number(&mut self, text: &[u8]) -> Name {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = Name(u32::try_from(self.texts.len()).expect("fewer names than bytes"));
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    pub(super) fn find(&self, text: &[u8]) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, name: Name) -> &[u8] {
        &self.texts[name.0 as usize]
    }
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
