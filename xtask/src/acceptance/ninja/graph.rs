//! The steps that a default build consists of, with all that each one reads.
//!
//! Every path is absolute and lexically clean. What a step reads is what its statement, its
//! dyndep file and its depfile name; phony statements are replaced by what is behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::depfile;
use super::manifest::{Manifest, Statement};

/// The manifest that `cmake` and Meson write.
pub(crate) const MANIFEST: &str = "build.ninja";

/// A command and the files around it.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// The first output, as the manifest spells it.
    pub(crate) name: String,
    pub(crate) rule: String,
    pub(crate) command: String,
    pub(crate) inputs: Vec<PathBuf>,
    /// Which of the inputs only the depfile names; as it spells them.
    pub(crate) discovered: Vec<String>,
    /// `gcc` where the depfile is taken in and removed.
    pub(crate) deps: String,
    pub(crate) outputs: Vec<PathBuf>,
    /// Outputs that come out unchanged stop what depends on them.
    pub(crate) restat: bool,
    /// Reads something that never exists.
    pub(crate) always: bool,
}

impl Step {
    pub(crate) fn links(&self) -> bool {
        self.rule.contains("LINKER")
    }

    pub(crate) fn compiles(&self) -> bool {
        self.rule.contains("COMPILER")
    }
}

/// The steps behind the default targets, and the one that makes the manifest.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) steps: Vec<Step>,
}

impl Graph {
    /// Reads the manifest in `build` and the depfiles and dyndep files that are there by now.
    ///
    /// # Errors
    ///
    /// The manifest is missing, or is not what a generator writes.
    pub(crate) fn read(build: &Path) -> Result<Self> {
        let mut manifest = Manifest::read(build, MANIFEST)?;
        let names = manifest.statements.iter().map(|one| manifest.value(one, "dyndep"));
        let names: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
        for name in names {
            if let Ok(text) = fs::read_to_string(build.join(name)) {
                manifest.add_dyndep(&text)?;
            }
        }
        let index = Index::new(build, &manifest);
        let reached = index.reached();
        let real = reached.iter().map(|at| &manifest.statements[*at]);
        let real = real.filter(|statement| statement.rule != "phony");
        Ok(Self { steps: real.map(|statement| index.step(statement)).collect() })
    }

    /// The step that makes the manifest.
    pub(crate) fn is_regeneration(step: &Step) -> bool {
        step.name == MANIFEST
    }

    pub(crate) fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// Which statement makes which file.
struct Index<'a> {
    build: &'a Path,
    manifest: &'a Manifest,
    producers: BTreeMap<PathBuf, usize>,
}

impl<'a> Index<'a> {
    fn new(build: &'a Path, manifest: &'a Manifest) -> Self {
        let mut producers = BTreeMap::new();
        for (at, statement) in manifest.statements.iter().enumerate() {
            producers.extend(statement.outputs.iter().map(|path| (absolute(build, path), at)));
        }
        Self { build, manifest, producers }
    }

    /// The statements behind the defaults and the manifest, in the manifest's order.
    fn reached(&self) -> BTreeSet<usize> {
        let mut open: Vec<PathBuf> =
            self.manifest.defaults.iter().map(|path| absolute(self.build, path)).collect();
        open.push(self.build.join(MANIFEST));
        let mut reached = BTreeSet::new();
        while let Some(path) = open.pop() {
            let Some(at) = self.producers.get(&path) else { continue };
            if reached.insert(*at) {
                let statement = &self.manifest.statements[*at];
                let all = [&statement.inputs, &statement.implicit, &statement.order_only];
                open.extend(all.into_iter().flatten().map(|path| absolute(self.build, path)));
            }
        }
        reached
    }

    fn step(&self, statement: &Statement) -> Step {
        let value = |name| self.manifest.value(statement, name);
        let mut step = Step {
            name: statement.outputs[0].clone(),
            rule: statement.rule.clone(),
            command: value("command"),
            deps: value("deps"),
            outputs: statement.outputs.iter().map(|path| absolute(self.build, path)).collect(),
            restat: !value("restat").is_empty(),
            ..Step::default()
        };
        for path in statement.inputs.iter().chain(&statement.implicit) {
            self.add_input(&mut step, absolute(self.build, path));
        }
        let depfile = value("depfile");
        if !depfile.is_empty() {
            let text = fs::read_to_string(self.build.join(depfile)).unwrap_or_default();
            step.discovered = depfile::prerequisites(&text);
            let found: Vec<_> =
                step.discovered.iter().map(|path| absolute(self.build, path)).collect();
            step.inputs.extend(found);
        }
        step
    }

    /// The file itself, or what is behind it if it is only a name.
    fn add_input(&self, step: &mut Step, path: PathBuf) {
        let producer = self.producers.get(&path).map(|at| &self.manifest.statements[*at]);
        match producer.filter(|statement| statement.rule == "phony") {
            Some(phony) if phony.inputs.is_empty() && phony.implicit.is_empty() => {
                step.always |= !path.exists();
                step.inputs.push(path);
            }
            Some(phony) => {
                for behind in phony.inputs.iter().chain(&phony.implicit) {
                    self.add_input(step, absolute(self.build, behind));
                }
            }
            None => step.inputs.push(path),
        }
    }
}

/// `path` below `folder` unless it is absolute, with `.` and `..` resolved by their letters.
pub(crate) fn absolute(folder: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            _ => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_what_is_behind_phony_names_and_in_its_depfile() {
        let folder = tempfile::tempdir().expect("a directory");
        let build = folder.path();
        let manifest = "rule cc\n  command = cc $in\n  depfile = $out.d\n\
                        build a.o: cc a.c | both PHONY\nbuild both: phony x y\nbuild PHONY: phony\n\
                        build other: cc other.c\nbuild all: phony a.o\ndefault all\n";
        fs::write(build.join("build.ninja"), manifest).expect("a manifest");
        fs::write(build.join("a.o.d"), "a.o: a.c ../a.h\n").expect("a depfile");
        let graph = Graph::read(build).expect("it is a manifest");
        let [step] = &graph.steps[..] else { panic!("one step: {:?}", graph.steps) };
        assert_eq!((step.name.as_str(), step.always), ("a.o", true));
        let expected =
            ["a.c", "x", "y", "PHONY", "a.c", "../a.h"].map(|path| absolute(build, path));
        assert_eq!(step.inputs, expected);
    }

    #[test]
    fn paths_are_cleaned_by_their_letters() {
        let check =
            |path, expected| assert_eq!(absolute(Path::new("/b"), path), Path::new(expected));
        check("./x/../y", "/b/y");
        check("../s/a.c", "/s/a.c");
        check("/abs/./z", "/abs/z");
    }
}
