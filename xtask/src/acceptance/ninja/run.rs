//! Chooses the projects, gets and configures them, and makes the checks one by one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::catalog::{PROJECTS, Project, System};
use super::changes::{BUILDS, CHECKS, CONFIGURES, Check};
use super::expect::Rule;
use super::kit::Kit;
use super::measure::{self, Figures, Rounds};
use super::report::Report;
use super::source::Sources;
use super::tools;
use super::tree::Tree;
use crate::command;

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The walk to check, instead of the one of this workspace
    #[arg(long, value_name = "FILE", conflicts_with = "ninja")]
    walk: Option<PathBuf>,
    /// A ninja to check instead of walk; it goes by times
    #[arg(long, value_name = "FILE")]
    ninja: Option<PathBuf>,
    /// A ninja to compare the times with
    #[arg(long, value_name = "FILE")]
    peer: Option<PathBuf>,
    /// Only these projects
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with = "all")]
    only: Vec<String>,
    /// All projects, not only the quick ones
    #[arg(long)]
    all: bool,
    /// Where the trees are made and stay, instead of below cargo's target directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,
    /// How often each build with nothing to do is timed
    #[arg(long, value_name = "N", default_value_t = 9)]
    rounds: usize,
    /// How often each build of everything is timed
    #[arg(long, value_name = "N", default_value_t = 1)]
    full_rounds: usize,
}

/// `cargo xtask acceptance ninja`: true if every check passed. The last line printed is the sum.
///
/// # Errors
///
/// There is no such project, or nothing to check it with.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let projects = chosen(options)?;
    let (program, rule) = match &options.ninja {
        Some(ninja) => (command::walk(root, Some(ninja))?, Rule::Times),
        None => (command::walk(root, options.walk.as_deref())?, Rule::Content),
    };
    let cache = command::target_directory(root)?.join("acceptance");
    let folder = options.folder.clone().unwrap_or_else(|| cache.join("ninja"));
    fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let peer = options.peer.as_deref().map(|peer| command::walk(root, Some(peer))).transpose()?;
    let run = Run {
        tested: Kit::new(&folder, "tested", &program)?,
        peer: peer.map(|peer| Kit::new(&folder, "peer", &peer)).transpose()?,
        sources: Sources { own: root.join("xtask/acceptance/ninja"), cache },
        folder,
        rule,
        rounds: Rounds { full: options.full_rounds, null: options.rounds.max(1) },
    };
    println!("{} in {}", program.display(), run.folder.display());
    let mut report = Report::default();
    for project in projects {
        run.project(project, &mut report);
    }
    println!("\n{}\n{}\n{report}", report.verdicts(), report.figures());
    Ok(report.all_passed())
}

fn chosen(options: &Options) -> Result<Vec<&'static Project>> {
    let known: Vec<&str> = PROJECTS.iter().map(|project| project.name).collect();
    for name in &options.only {
        ensure!(known.contains(&name.as_str()), "no project {name}: there are {}", known.join(" "));
    }
    let is_chosen = |project: &&Project| match &options.only[..] {
        [] => options.all || project.quick,
        names => names.iter().any(|name| name == project.name),
    };
    Ok(PROJECTS.iter().filter(is_chosen).collect())
}

struct Run {
    tested: Kit,
    peer: Option<Kit>,
    sources: Sources,
    folder: PathBuf,
    rule: Rule,
    rounds: Rounds,
}

impl Run {
    /// Makes all checks of one project.
    fn project(&self, project: &Project, report: &mut Report) {
        let folder = self.folder.join(project.name);
        let prepared = self.prepare(project, &folder);
        let source = match prepared.with_context(|| "the sources") {
            Ok(source) => source,
            Err(error) => return report.add(project.name, CONFIGURES.name, false, &Err(error)),
        };
        let tree = |kit, name| Tree::new(project, kit, &source, folder.join(name), self.rule);
        let mut tested = tree(&self.tested, "build");
        for check in [&CONFIGURES, &BUILDS] {
            if !self.check(&mut tested, check, report) {
                return;
            }
        }
        let figures = self.measure(&mut tested, self.peer.as_ref().map(|kit| tree(kit, "peer")));
        match figures {
            Ok(figures) => report.measure(project.name, figures),
            Err(error) => report.add(project.name, "is measured", false, &Err(error)),
        }
        for check in CHECKS {
            self.check(&mut tested, check, report);
        }
        if let Some(peer) = &self.peer {
            let same = tools::answers(&tested, peer);
            report.add(project.name, "-t answers as the peer does", false, &same);
        }
    }

    fn prepare(&self, project: &Project, folder: &Path) -> Result<PathBuf> {
        let system = match project.system {
            System::CMake(_) => "cmake",
            System::Meson => "meson",
        };
        for program in [&[system], project.needs].concat() {
            self.tested.require(&self.folder, program)?;
        }
        fs::create_dir_all(folder)?;
        let source = folder.join("source");
        self.sources.get(&project.origin, &source)?;
        Ok(source)
    }

    /// Whether the check passed.
    fn check(&self, tree: &mut Tree<'_>, check: &Check, report: &mut Report) -> bool {
        let result = (check.run)(tree);
        let excused = check.content && self.rule == Rule::Times;
        report.add(tree.project.name, check.name, excused, &result);
        result.is_ok()
    }

    /// Builds the peer's tree too, if there is a peer, and takes the figures of both.
    fn measure<'a>(&self, tested: &mut Tree<'a>, peer: Option<Tree<'a>>) -> Result<Vec<Figures>> {
        let Some(mut peer) = peer else { return measure::measure(&mut [tested], self.rounds) };
        peer.configure()?;
        peer.build()?;
        measure::measure(&mut [tested, &mut peer], self.rounds)
    }
}
