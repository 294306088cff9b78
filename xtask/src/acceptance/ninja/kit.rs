//! The programs around a build: a `PATH` that leads with the tested `ninja` and has no other.
//!
//! `cmake` and Meson are the machine's, or else installed by pip into a private environment.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command;

/// Names under which `cmake` and Meson look for ninja.
const NINJAS: [&str; 4] = ["ninja", "ninja-build", "samu", "ninja.exe"];

/// Variables of the caller that would change what a build does or prints.
const UNWANTED: [&str; 8] = [
    "MAKEFLAGS",
    "CARGO_MAKEFLAGS",
    "NINJA",
    "NINJA_STATUS",
    "CLICOLOR_FORCE",
    "CMAKE_GENERATOR",
    "CFLAGS",
    "CXXFLAGS",
];

/// One `ninja` and the environment in which it is the only one.
pub(crate) struct Kit {
    /// The link by the name of `ninja`.
    pub(crate) ninja: PathBuf,
    path: OsString,
}

impl Kit {
    /// Links `program` as `ninja` below `folder`.
    ///
    /// # Errors
    ///
    /// The links cannot be made.
    pub(crate) fn new(folder: &Path, role: &str, program: &Path) -> Result<Self> {
        let bin = folder.join("bin").join(role);
        fs::create_dir_all(&bin)?;
        let ninja = bin.join("ninja");
        drop(fs::remove_file(&ninja));
        symlink(program, &ninja).with_context(|| format!("cannot link {}", ninja.display()))?;
        let mut path = vec![bin];
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        for (number, directory) in std::env::split_paths(&inherited).enumerate() {
            let has_ninja = NINJAS.iter().any(|name| directory.join(name).exists());
            let shadow = folder.join(format!("bin/path-{number}"));
            path.push(if has_ninja { without_ninja(&directory, shadow)? } else { directory });
        }
        path.push(folder.join("venv/bin"));
        Ok(Self { ninja, path: std::env::join_paths(path)? })
    }

    /// `program` of this kit's `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let program = program.as_ref();
        let mut command = Command::new(self.find(program).unwrap_or_else(|| program.to_owned()));
        command.env("PATH", &self.path);
        for name in UNWANTED {
            command.env_remove(name);
        }
        command
    }

    fn find(&self, program: &Path) -> Option<PathBuf> {
        let mut found = std::env::split_paths(&self.path).map(|folder| folder.join(program));
        found.find(|path| path.is_file())
    }

    /// Makes sure that `program` is there, by installing it if pip can.
    ///
    /// # Errors
    ///
    /// It is neither there nor installable; tells what to type.
    pub(crate) fn require(&self, folder: &Path, program: &str) -> Result<()> {
        if self.find(Path::new(program)).is_some() {
            return Ok(());
        }
        if ["cmake", "meson"].contains(&program) {
            let venv = folder.join("venv");
            command::succeed(self.command("python3").args(["-m", "venv"]).arg(&venv))?;
            let mut pip = Command::new(venv.join("bin/pip"));
            let installed = command::succeed(pip.args(["install", "--quiet", program]));
            return installed.map(drop).with_context(|| missing(program));
        }
        bail!(missing(program))
    }
}

fn missing(program: &str) -> String {
    format!("{program} is missing: apt-get install {program}")
}

/// Links to everything in `directory` but ninja.
fn without_ninja(directory: &Path, shadow: PathBuf) -> Result<PathBuf> {
    if shadow.exists() {
        fs::remove_dir_all(&shadow)?;
    }
    fs::create_dir_all(&shadow)?;
    for entry in directory.read_dir()? {
        let entry = entry?;
        if !NINJAS.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), shadow.join(entry.file_name()))?;
        }
    }
    Ok(shadow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_has_everything_but_ninja() {
        let folder = tempfile::tempdir().expect("a directory");
        let (real, shadow) = (folder.path().join("real"), folder.path().join("shadow"));
        fs::create_dir(&real).expect("a folder");
        for name in ["cc", "ninja", "samu"] {
            fs::write(real.join(name), "").expect("a file");
        }
        for _ in 0..2 {
            let shadow = without_ninja(&real, shadow.clone()).expect("links");
            let names =
                shadow.read_dir().expect("a folder").map(|entry| entry.expect("it").file_name());
            assert_eq!(names.collect::<Vec<_>>(), ["cc"]);
        }
    }

    #[test]
    fn the_link_leads_the_path() {
        let folder = tempfile::tempdir().expect("a directory");
        let kit = Kit::new(folder.path(), "tested", Path::new("/bin/true")).expect("a kit");
        assert_eq!(kit.find(Path::new("ninja")), Some(kit.ninja.clone()));
        let error = kit.require(folder.path(), "no-such-program").expect_err("nobody has it");
        let expected = "no-such-program is missing: apt-get install no-such-program";
        assert_eq!(error.to_string(), expected);
    }
}
