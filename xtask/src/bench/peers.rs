//! The table of those who build: how each is found, told of a graph, and started.
//!
//! One more is one more entry, and a format if it has one of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::formats::{self, Format};
use super::graph::Graph;
use super::kit::Kit;
use crate::command;

/// A kind of program that builds.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The words that start it, if it is installed.
    find: fn(&Kit) -> Option<Vec<OsString>>,
    /// What asks it for its version, instead of `--version`.
    version: Option<&'static [&'static str]>,
    from: From,
    format: Format,
    /// Two jobs at a time, and as little said as can be.
    arguments: &'static [&'static str],
    /// What it remembers in a tree, by the beginnings of the names.
    state: &'static [&'static str],
    /// What has to run in a new tree first.
    init: Option<&'static [&'static str]>,
    /// Above that many actions it takes minutes.
    pub(crate) largest: usize,
    /// Whether its format has a way to say that an action writes a depfile.
    pub(crate) depfile: bool,
    /// Whether it has one to say that an action reads a variable.
    pub(crate) variable: bool,
    /// How coarse the times are that it compares, if not as the system's.
    pub(crate) tick: Duration,
}

/// What gives it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Apt(&'static [&'static str]),
    Pip(&'static str),
    Given,
}

const MANY: usize = usize::MAX;

const WALK: Kind = Kind {
    name: "walk",
    find: |_| None,
    version: None,
    from: From::Given,
    format: formats::walk,
    arguments: &["-f", "walk.json", "-j2"],
    state: &[".walk"],
    init: None,
    largest: MANY,
    depfile: true,
    variable: true,
    tick: Duration::ZERO,
};

/// walk under the name of ninja, on the same file as ninja.
const WALK_AS_NINJA: Kind = Kind {
    name: "walk as ninja",
    variable: false,
    format: formats::ninja,
    arguments: &["-f", "build.ninja", "-j2"],
    ..WALK
};

const NINJA: Kind = Kind {
    name: "ninja",
    variable: false,
    find: |_| Some(vec![Kit::find_on_path("ninja")?.into()]),
    from: From::Apt(&["ninja-build"]),
    format: formats::ninja,
    arguments: &["-j2"],
    state: &[".ninja_"],
    ..WALK
};

const OTHERS: &[Kind] = &[
    NINJA,
    Kind {
        name: "ninja-pip",
        find: |kit| Some(vec![kit.find_in_environment("ninja")?.into()]),
        from: From::Pip("ninja"),
        ..NINJA
    },
    Kind {
        name: "make",
        find: |kit| Some(vec![kit.find("make")?.into()]),
        from: From::Apt(&["make"]),
        format: formats::make,
        arguments: &["-rRs", "-j2"],
        state: &[],
        ..NINJA
    },
    Kind {
        name: "tup",
        find: |kit| Some(vec![kit.find("tup")?.into()]),
        from: From::Apt(&["tup", "fuse3"]),
        format: formats::tup,
        arguments: &["upd", "-j2"],
        state: &[".tup"],
        init: Some(&["init"]),
        variable: true,
        tick: Duration::from_millis(1100),
        largest: 10_000,
        ..NINJA
    },
    Kind {
        name: "shake",
        find: |kit| Some(vec![kit.haskell("shake.hs")?.into()]),
        version: Some(&["ghc-pkg", "field", "shake", "version"]),
        from: From::Apt(&["ghc", "libghc-shake-dev", "libghc-unordered-containers-dev"]),
        format: formats::rows,
        arguments: &[],
        state: &[".shake"],
        largest: 10_000,
        depfile: false,
        ..NINJA
    },
    Kind {
        name: "doit",
        find: |kit| Some(vec![kit.find("doit")?.into()]),
        from: From::Pip("doit"),
        format: formats::doit,
        arguments: &["-n2", "-Pthread"],
        state: &[".doit.db"],
        largest: 10_000,
        depfile: false,
        ..NINJA
    },
    Kind {
        name: "go-task",
        find: |kit| Some(vec![kit.find("task")?.into()]),
        from: From::Pip("go-task-bin"),
        format: formats::task,
        arguments: &["-C2"],
        state: &[".task"],
        largest: 1000,
        depfile: false,
        ..NINJA
    },
    Kind {
        name: "scons",
        find: |kit| Some(vec![kit.find("scons")?.into()]),
        from: From::Pip("SCons"),
        format: formats::scons,
        arguments: &["-Qs", "-j2"],
        state: &[".sconsign"],
        largest: 1000,
        depfile: false,
        ..NINJA
    },
    Kind {
        name: "e3",
        find: |kit| kit.python("e3_walk.py", "e3.job.walk"),
        version: Some(&["pip", "show", "e3-core"]),
        from: From::Pip("e3-core"),
        format: formats::objects,
        arguments: &[],
        state: &[".fingerprints"],
        largest: 1000,
        depfile: false,
        ..NINJA
    },
];

/// A program that builds, as it is installed here.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) kind: &'static Kind,
    words: Vec<OsString>,
}

impl Peer {
    /// walk itself, and walk as ninja: a link of that name.
    ///
    /// # Errors
    ///
    /// The link cannot be made.
    pub(crate) fn walk(kit: &Kit, walk: &Path) -> Result<Vec<Self>> {
        let link = kit.folder.join("as/ninja");
        fs::create_dir_all(kit.folder.join("as"))?;
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        std::os::unix::fs::symlink(walk, &link)?;
        let peer = |kind, program: &Path| {
            let version = version(Command::new(walk).arg("--version"));
            Self::new(kind, vec![program.into()], version)
        };
        Ok(vec![peer(&WALK, walk), peer(&WALK_AS_NINJA, &link)])
    }

    /// A program that is called as ninja is, by its version.
    ///
    /// # Errors
    ///
    /// It does not exist.
    pub(crate) fn ninja(program: &Path) -> Result<Self> {
        let found = program.canonicalize();
        let program = found.with_context(|| format!("cannot find {}", program.display()))?;
        let version = version(Command::new(&program).arg("--version"));
        let file = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let peer = Self::new(&NINJA, vec![program.into()], version);
        Ok(Self { name: format!("{file} {}", peer.version), ..peer })
    }

    /// The others that are installed, and how to get those that are not.
    pub(crate) fn others(kit: &Kit) -> (Vec<Self>, Vec<String>) {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for kind in OTHERS {
            let Some(words) = (kind.find)(kit) else {
                missing.push(format!("{} is not installed: {}", kind.name, kind.hint()));
                continue;
            };
            let mut asked = Command::new(&words[0]);
            asked.arg("--version");
            if let Some([program, arguments @ ..]) = kind.version {
                asked = Command::new(kit.find(program).unwrap_or_else(|| program.into()));
                asked.args(arguments);
            }
            let version = version(&mut asked);
            found.push(Self::new(kind, words, version));
        }
        (found, missing)
    }

    fn new(kind: &'static Kind, words: Vec<OsString>, version: String) -> Self {
        Self { name: kind.name.to_owned(), version, kind, words }
    }

    /// Tells it of a graph.
    ///
    /// # Errors
    ///
    /// The disk is full or not writable.
    pub(crate) fn write(&self, graph: &Graph, tree: &Path) -> Result<()> {
        for (name, text) in (self.kind.format)(graph) {
            fs::write(tree.join(name), text)?;
        }
        Ok(())
    }

    /// The words of its command.
    pub(crate) fn command(&self) -> impl Iterator<Item = OsString> {
        let arguments = self.kind.arguments.iter().map(|argument| (*argument).into());
        self.words.iter().cloned().chain(arguments)
    }

    /// Makes a tree known to it.
    ///
    /// # Errors
    ///
    /// It fails.
    pub(crate) fn init(&self, tree: &Path) -> Result<()> {
        if let Some(arguments) = self.kind.init {
            command::succeed(Command::new(&self.words[0]).args(arguments).current_dir(tree))?;
        }
        Ok(())
    }

    /// The files and folders in which it remembers something.
    ///
    /// # Errors
    ///
    /// The tree cannot be read.
    pub(crate) fn state(&self, tree: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(tree)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if self.kind.state.iter().any(|beginning| name.starts_with(beginning)) {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

impl Kind {
    fn hint(&self) -> String {
        match self.from {
            From::Apt(packages) => format!("apt-get install {}", packages.join(" ")),
            From::Pip(package) => format!("pip install {package}"),
            From::Given => String::new(),
        }
    }
}

/// Installs all that apt and pip give.
///
/// # Errors
///
/// There is no network, or nobody may install.
pub(crate) fn install(kit: &Kit) -> Result<()> {
    let (mut apt, mut pip) = (vec!["gcc", "openssl"], vec![]);
    for kind in OTHERS {
        match kind.from {
            From::Apt(packages) => apt.extend(packages),
            From::Pip(package) => pip.push(package),
            From::Given => {}
        }
    }
    kit.install(&apt, &pip)
}

/// The first word that looks like a version.
fn version(command: &mut Command) -> String {
    let output = command::run(command).map(|outcome| outcome.output).unwrap_or_default();
    first_version(&output).unwrap_or("?").to_owned()
}

fn first_version(text: &str) -> Option<&str> {
    let words = text.split(|letter: char| letter.is_whitespace() || letter == ',');
    let mut words = words.map(|word| word.trim_start_matches('v'));
    words
        .find(|word| word.contains('.') && word.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_word_that_looks_like_one() {
        let check = |text, expected| assert_eq!(first_version(text), expected);
        check("1.13.2.git\n", Some("1.13.2.git"));
        check("GNU Make 4.3\nBuilt for x\n", Some("4.3"));
        check("SCons by Steven Knight et al.:\n\tSCons: v4.8.1.c16, Sat\n", Some("4.8.1.c16"));
        check("tup v0.7.11\n", Some("0.7.11"));
        check("command not found\n", None);
    }

    #[test]
    fn what_is_remembered_is_found_by_its_name() {
        let tree = tempfile::tempdir().expect("a directory");
        for name in [".ninja_log", ".ninja_deps", "build.ninja"] {
            fs::write(tree.path().join(name), "").expect("it is writable");
        }
        let peer = Peer::new(&NINJA, vec!["ninja".into()], String::new());
        assert_eq!(peer.state(tree.path()).expect("it is readable").len(), 2);
    }
}
