//! Starting a child, at the least cost for this process.
//!
//! Every action pays for this. The standard library copies the whole environment for each child,
//! twice, entry by entry, which takes longer than the system takes to start one; here what all
//! children of a run have in common is made once ([`Environment`]), and each adds its own few
//! variables. Descriptors are lent, not copied. The one thing `posix_spawn` cannot be asked for
//! everywhere is another directory: such a child is started by the standard library.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal};
use rustix::process::Pid;

/// Variables that differ from those of this process; `None` is removed.
pub(crate) type Changes = BTreeMap<OsString, Option<OsString>>;

/// The environment of this process at one moment, as children are given it.
#[derive(Debug)]
pub(crate) struct Environment {
    /// By name: `NAME=value`.
    variables: Vec<(OsString, CString)>,
}

/// A child to be.
#[derive(Debug)]
pub(crate) struct Spawn<'a> {
    /// An absolute path.
    pub(crate) program: &'a Path,
    /// All words, the first one included, by which it calls itself.
    pub(crate) words: Vec<&'a OsStr>,
    pub(crate) environment: &'a Environment,
    pub(crate) changes: Changes,
    /// Where to start it, unless it is where this process is.
    pub(crate) directory: Option<&'a Path>,
    pub(crate) leads_group: bool,
    /// What it has as standard input, output and error; `None` is what this process has.
    pub(crate) stdio: [Option<BorrowedFd<'a>>; 3],
}

impl Environment {
    /// Takes the environment of this process.
    pub(crate) fn of_this_process() -> Self {
        // A name that comes twice has the last value, as with the standard library.
        let variables: BTreeMap<OsString, OsString> = env::vars_os().collect();
        let entry = |(name, value): (OsString, OsString)| {
            // What comes from an environment has no NUL inside.
            let entry = assignment(&name, &value).ok()?;
            Some((name, entry))
        };
        Self { variables: variables.into_iter().filter_map(entry).collect() }
    }

    /// Returns what is left of it beside `changes`.
    fn without<'a>(&'a self, changes: &'a Changes) -> impl Iterator<Item = &'a CStr> {
        let mut names = changes.keys().peekable();
        self.variables.iter().filter_map(move |(name, entry)| {
            // Both are in order.
            while names.next_if(|it| *it < name).is_some() {}
            (names.peek() != Some(&name)).then_some(entry.as_c_str())
        })
    }
}

impl Spawn<'_> {
    /// Starts the child.
    pub(crate) fn start(&self) -> io::Result<Pid> {
        if let Some(directory) = self.directory {
            return self.start_elsewhere(directory);
        }
        let words: Result<Vec<CString>, _> =
            self.words.iter().map(|it| CString::new(it.as_bytes())).collect();
        let own = self.changes.iter().filter_map(|(name, it)| Some(assignment(name, it.as_ref()?)));
        let own: Vec<CString> = own.collect::<io::Result<_>>()?;
        let common = self.environment.without(&self.changes);
        let environment: Vec<&CStr> = common.chain(own.iter().map(CString::as_c_str)).collect();
        let (actions, attributes) = (self.file_actions()?, self.attributes()?);
        let pid = posix_spawn(self.program, &actions, &attributes, &words?, &environment)?;
        Ok(Pid::from_raw(pid.as_raw()).expect("no child is number 0"))
    }

    fn file_actions(&self) -> nix::Result<PosixSpawnFileActions> {
        let mut actions = PosixSpawnFileActions::init()?;
        for (target, source) in (0..).zip(&self.stdio) {
            if let Some(source) = source {
                actions.add_dup2(source.as_raw_fd(), target)?;
            }
        }
        Ok(actions)
    }

    /// As the standard library has it: no signal is blocked, and a pipe without a reader kills.
    fn attributes(&self) -> nix::Result<PosixSpawnAttr> {
        let mut flags =
            PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
        let mut attributes = PosixSpawnAttr::init()?;
        if self.leads_group {
            flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
            attributes.set_pgroup(nix::unistd::Pid::from_raw(0))?;
        }
        let mut default = SigSet::empty();
        default.add(Signal::SIGPIPE);
        attributes.set_sigdefault(&default)?;
        attributes.set_sigmask(&SigSet::empty())?;
        attributes.set_flags(flags)?;
        Ok(attributes)
    }

    fn start_elsewhere(&self, directory: &Path) -> io::Result<Pid> {
        let mut command = Command::new(self.program);
        if let Some((name, args)) = self.words.split_first() {
            command.arg0(name).args(args);
        }
        command.current_dir(directory);
        for (name, value) in &self.changes {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if self.leads_group {
            command.process_group(0);
        }
        let [stdin, stdout, stderr] = self.stdio;
        command.stdin(copy(stdin)?).stdout(copy(stdout)?).stderr(copy(stderr)?);
        // Waited for by its id, as every other.
        Ok(Pid::from_child(&command.spawn()?))
    }
}

fn copy(file: Option<BorrowedFd<'_>>) -> io::Result<Stdio> {
    file.map_or_else(|| Ok(Stdio::inherit()), |it| Ok(it.try_clone_to_owned()?.into()))
}

fn assignment(name: &OsStr, value: &OsStr) -> io::Result<CString> {
    let mut entry = OsString::with_capacity(name.len() + value.len() + 2);
    entry.push(name);
    entry.push("=");
    entry.push(value);
    Ok(CString::new(entry.into_vec())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[&str], changes: &[&str], expected: &[&str]) {
        let named = |it: &&str| (it.into(), assignment(it.as_ref(), "1".as_ref()).expect("no NUL"));
        let environment = Environment { variables: variables.iter().map(named).collect() };
        let changes = changes.iter().map(|it| (it.into(), None)).collect();
        let left: Vec<&CStr> = environment.without(&changes).collect();
        let expected: Vec<CString> = expected.iter().map(|it| named(it).1).collect();
        assert_eq!(left, expected.iter().map(CString::as_c_str).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_changed_is_left_out_of_what_all_have() {
        check(&["A", "B", "C"], &[], &["A", "B", "C"]);
        check(&["A", "B", "C"], &["B"], &["A", "C"]);
        check(&["A", "B", "C"], &["0", "A", "AA", "C", "D"], &["B"]);
        check(&[], &["A"], &[]);
    }
}
