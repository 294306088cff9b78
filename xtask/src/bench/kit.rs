//! Finds, installs and compiles the programs that a measurement needs.
//!
//! What pip gives goes into an environment of its own below the target directory; what apt gives
//! goes where it always goes. The helpers in C and the peer in Haskell are compiled anew when
//! their source has changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;

/// Where things are.
pub(crate) struct Kit {
    /// The sources of helpers and peers.
    sources: PathBuf,
    /// What was installed and compiled, and the trees that are built.
    pub(crate) folder: PathBuf,
}

impl Kit {
    /// # Errors
    ///
    /// The folder cannot be made.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let folder = command::target_directory(root)?.join("bench");
        fs::create_dir_all(folder.join("home"))?;
        Ok(Self { sources: root.join("xtask/bench"), folder })
    }

    fn environment(&self) -> PathBuf {
        self.folder.join("python")
    }

    /// The program of this name: what pip installed, or else on the `PATH`.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.find_in_environment(name).or_else(|| Self::find_on_path(name))
    }

    /// The program of this name that pip installed.
    pub(crate) fn find_in_environment(&self, name: &str) -> Option<PathBuf> {
        Some(self.environment().join("bin").join(name)).filter(|file| file.is_file())
    }

    /// The program of this name that the system has.
    pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    }

    /// What starts one of our scripts, if the module that it needs is installed.
    pub(crate) fn python(&self, script: &str, module: &str) -> Option<Vec<OsString>> {
        let python = self.environment().join("bin/python");
        let known = command::run(Command::new(&python).args(["-c", &format!("import {module}")]));
        known
            .is_ok_and(|outcome| outcome.success)
            .then(|| vec![python.into_os_string(), self.sources.join(script).into_os_string()])
    }

    /// The program that this Haskell source makes, if the compiler and the libraries are installed.
    pub(crate) fn haskell(&self, source: &str) -> Option<PathBuf> {
        let objects = self.folder.join("haskell");
        let options = ["-O", "-threaded", "-with-rtsopts=-I0 -qg", "-outputdir"];
        self.compile(source, |source, program| {
            let mut command = Command::new("ghc");
            command.args(options).arg(&objects).arg("-o").arg(program).arg(source);
            command
        })
        .ok()
    }

    /// The program that this C source makes.
    ///
    /// # Errors
    ///
    /// It does not compile, or there is no `cc`.
    pub(crate) fn c(&self, source: &str, options: &[&str]) -> Result<PathBuf> {
        self.compile(source, |source, program| {
            let mut command = Command::new("cc");
            command
                .args(["-O2", "-Wall", "-Wextra"])
                .args(options)
                .arg("-o")
                .arg(program)
                .arg(source);
            command
        })
    }

    /// Compiles unless the program is newer than its source.
    fn compile(&self, source: &str, command: impl Fn(&Path, &Path) -> Command) -> Result<PathBuf> {
        let program = self.folder.join(Path::new(source).with_extension(""));
        let source = self.sources.join(source);
        let changed = |file: &Path| fs::metadata(file).and_then(|it| it.modified());
        if changed(&program).is_ok_and(|made| changed(&source).is_ok_and(|edited| edited < made)) {
            return Ok(program);
        }
        let outcome = command::succeed(&mut command(&source, &program));
        outcome.with_context(|| format!("cannot compile {}", source.display()))?;
        Ok(program)
    }

    /// Installs packages of Debian and of Python.
    ///
    /// # Errors
    ///
    /// There is no network, or nobody may install.
    pub(crate) fn install(&self, apt: &[&str], pip: &[&str]) -> Result<()> {
        command::succeed(Command::new("apt-get").args(["install", "--yes", "--quiet"]).args(apt))?;
        let environment = self.environment();
        if !environment.exists() {
            command::succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        }
        let mut install = Command::new(environment.join("bin/pip"));
        command::succeed(install.args(["install", "--quiet"]).args(pip))?;
        Ok(())
    }
}
