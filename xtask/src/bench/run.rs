//! Chooses what to measure and prints the tables.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::cases::{self, Case};
use super::checks::{self, Checks};
use super::graph::Shape;
use super::kit::Kit;
use super::outside::{Effort, Meter, race};
use super::peers::{self, Peer};
use super::{inside, report, semantics};
use crate::command;
use crate::table::Table;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Graphs of so many actions, in every state, instead of those that have goals
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    n: Vec<usize>,
    /// Graphs that look like this
    #[arg(long, value_enum, value_delimiter = ',')]
    shape: Vec<Shape>,
    /// How often each figure is taken
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    rounds: Option<usize>,
    /// Only what takes less than three minutes: small graphs, and who builds them soon
    #[arg(long)]
    quick: bool,
    /// Print what each peer makes of changes that are easy to miss, instead of figures
    #[arg(long)]
    semantics: bool,
    /// The walk to measure, instead of the one of this workspace
    #[arg(long, value_name = "FILE")]
    walk: Option<PathBuf>,
    /// Another program that is called as ninja is, such as samurai; may be repeated
    #[arg(long, value_name = "FILE")]
    ninja: Vec<PathBuf>,
    /// Only these peers
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    peers: Vec<String>,
    /// Install the peers that apt and pip give, then measure
    #[arg(long)]
    install: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The command, beside its peers
    Walk,
    /// What walk hashes, explains, keeps, and runs first
    Checks,
    /// Jobs that do nothing, in one process
    Jobs,
    /// Closures over graphs, in one process, beside other executors
    Closures,
    /// Building and walking large graphs
    Dag,
    /// The crates' own benchmarks
    Micro,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// `cargo xtask bench`: prints a table for each part; true unless it cannot measure.
///
/// # Errors
///
/// Something does not build or fails while it is measured.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if options.semantics {
        let kit = Kit::new(root)?;
        let peers = installed(root, options, &kit)?;
        return semantics::run(&kit, &Meter::new(&kit)?, &peers);
    }
    let wants = |part| match &options.parts[..] {
        [] => matches!(part, Part::Walk | Part::Checks) || !options.quick,
        parts => parts.contains(&part),
    };
    if wants(Part::Walk) || wants(Part::Checks) {
        let kit = Kit::new(root)?;
        let peers = installed(root, options, &kit)?;
        let meter = Meter::new(&kit)?;
        if !meter.has_stand_in() {
            println!("nothing can take the place of the shell here: rows with a star are not so");
        }
        if wants(Part::Walk) {
            walk(options, &kit, &meter, &peers)?;
        }
        if wants(Part::Checks) {
            let is_quick = options.quick;
            checks::run(&Checks { kit: &kit, meter: &meter, peers: &peers, is_quick })?;
        }
    }
    if wants(Part::Jobs) {
        let mut table = Table::new(&["in one process", "median of 3"]);
        inside::jobs(root, &[10_000, 100_000, 200_000], &mut table)?;
        println!("{table}");
    }
    if wants(Part::Closures) {
        println!("{}", inside::closures(root)?);
    }
    if wants(Part::Dag) {
        println!("{}", inside::dag(root)?);
    }
    if wants(Part::Micro) {
        print!("{}", inside::micro(root)?);
    }
    Ok(true)
}

fn walk(options: &Options, kit: &Kit, meter: &Meter, peers: &[Peer]) -> Result<()> {
    println!("medians (quartiles); in rows with a star a stand-in takes the place of the shell\n");
    let effort = Effort { is_quick: options.quick, rounds: options.rounds };
    let mut measured = Vec::new();
    for case in cases(options) {
        for state in race(meter, peers, &case, effort, &kit.folder.join("trees"))? {
            println!("{}", state.table());
            measured.push(state);
        }
    }
    println!("{}", report::goals(&measured));
    Ok(())
}

/// Says who takes part, and who could.
fn installed(root: &Path, options: &Options, kit: &Kit) -> Result<Vec<Peer>> {
    if options.install {
        peers::install(kit)?;
    }
    let walk = command::walk(root, options.walk.as_deref())?;
    let mut peers = Peer::walk(kit, &walk)?;
    let (others, missing) = Peer::others(kit);
    peers.extend(others);
    for program in &options.ninja {
        peers.push(Peer::ninja(program)?);
    }
    if options.quick {
        peers.retain(|peer| peer.kind.largest > 1000);
    }
    if !options.peers.is_empty() {
        peers.retain(|peer| options.peers.contains(&peer.name));
    }
    for line in missing {
        println!("{line}");
    }
    let named = peers.iter().map(|peer| format!("{} ({})", peer.name, peer.version));
    println!("{}", named.collect::<Vec<_>>().join(", "));
    Ok(peers)
}

fn cases(options: &Options) -> Vec<Case> {
    match (&options.shape[..], &options.n[..]) {
        ([], []) if options.quick => cases::quick(),
        ([], []) => cases::all(),
        ([], sizes) => cases::chosen(&[Shape::Layered, Shape::Wide], sizes),
        (shapes, []) => cases::chosen(shapes, &[1000, 10_000]),
        (shapes, sizes) => cases::chosen(shapes, sizes),
    }
}
