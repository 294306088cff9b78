//! Figures of walk that no race shows: what it hashes, explains, keeps, and runs first.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::graph::{Action, Graph, Shape};
use super::kit::Kit;
use super::outside::{Meter, TICK};
use super::peers::Peer;
use super::report::verdict;
use super::sample::{Spread, figures};
use super::tree::Tree;
use crate::table::Table;

/// Where and how to check.
pub(crate) struct Checks<'a> {
    pub(crate) kit: &'a Kit,
    pub(crate) meter: &'a Meter,
    pub(crate) peers: &'a [Peer],
    pub(crate) is_quick: bool,
}

/// Prints the table of all of them.
///
/// # Errors
///
/// Something fails, or walk does not take part.
pub(crate) fn run(checks: &Checks<'_>) -> Result<()> {
    let mut table = Table::new(&["", "", "goal", "walk", "", "beside"]);
    table.row(checks.hashing()?);
    table.row(checks.why()?);
    table.row(checks.growth()?);
    table.row(checks.critical_path()?);
    println!("{table}");
    Ok(())
}

type Row = [String; 6];

impl Checks<'_> {
    fn walk(&self) -> Result<&Peer> {
        self.peers.first().filter(|peer| peer.name == "walk").context("walk does not take part")
    }

    fn tree<'a>(&self, graph: &'a Graph, peer: &'a Peer) -> Result<Tree<'a>> {
        Tree::write(graph, peer, self.kit.folder.join("trees/check"))
    }

    fn build(&self, tree: &Tree<'_>, stand_in: bool) -> Result<super::sample::Sample> {
        let sample = self.meter.run(&tree.root, tree.peer.command(), stand_in)?;
        let words = || format!("{} fails:\n{}", tree.peer.name, self.meter.last_words());
        ensure!(sample.code == 0, words());
        Ok(sample)
    }

    /// The CPU that one large file costs after it was touched, beside OpenSSL's for the same file.
    fn hashing(&self) -> Result<Row> {
        let megabytes = if self.is_quick { 64 } else { 512 };
        let action = Action::new("count", "wc -c", &["src/large"], "out/count");
        let graph = Graph::of(vec![action], &["src/large", "src/small"]);
        let tree = self.tree(&graph, self.walk()?)?;
        write_large(&tree.root.join("src/large"), megabytes)?;
        for _ in 0..2 {
            self.build(&tree, false)?;
        }
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let null = self.build(&tree, false)?;
            tree.touch("src/large")?;
            // What has the time of the walk itself would be looked at again by the next.
            thread::sleep(TICK);
            let ours = self.build(&tree, false)?.cpu - null.cpu;
            let openssl = ["openssl", "dgst", "-sha256", "src/large"];
            let theirs = self.meter.run(&tree.root, openssl, false)?;
            ensure!(theirs.code == 0, "openssl is not installed: apt-get install openssl");
            rates.push(f64::from(megabytes) / ours * 1e3);
            ratios.push(theirs.cpu / ours);
        }
        let (rates, ratios) = (spread(rates)?, spread(ratios)?);
        Ok(row(
            "hashing rate / openssl's",
            &format!("{} MB/s of CPU", figures(rates.median)),
            ">= 0.95",
            ratios,
            if ratios.median >= 0.95 { "met" } else { "missed" },
            "openssl dgst -sha256",
        ))
    }

    /// How long `walk why` takes in a large tree.
    fn why(&self) -> Result<Row> {
        let size = if self.is_quick { 10_000 } else { 100_000 };
        let graph = Graph::new(Shape::Wide, size);
        let tree = self.tree(&graph, self.walk()?)?;
        self.build(&tree, true)?;
        let program = self.walk()?.command().next().context("walk is a program")?;
        let why = [program, "-f".into(), "walk.json".into(), "why".into(), "a000123".into()];
        let mut times = Vec::new();
        for _ in 0..9 {
            let sample = self.meter.run(&tree.root, &why, false)?;
            ensure!(sample.code == 0, "walk why fails:\n{}", self.meter.last_words());
            times.push(sample.wall);
        }
        let (name, times) = (format!("walk why, wide {size}"), spread(times)?);
        Ok(row(&name, "wall ms", "<= 10", times, &verdict(times.median, 10.0), "-"))
    }

    /// How much larger the state is after ten full rebuilds than after one.
    fn growth(&self) -> Result<Row> {
        let graph = Graph::new(Shape::Layered, 1000);
        let mut tree = self.tree(&graph, self.walk()?)?;
        let mut sizes = Vec::new();
        for _ in 0..11 {
            tree.remove_outputs()?;
            self.build(&tree, true)?;
            sizes.push(bytes_below(&tree.root.join(".walk"))?);
        }
        let growth = sizes[10] / sizes[1];
        let sizes = format!("{} KB, then {} KB", figures(sizes[1] / 1e3), figures(sizes[10] / 1e3));
        let growth = spread([growth])?;
        let met = verdict(growth.median, 1.02);
        Ok(row("state after ten rebuilds / after one", "bytes", "<= 1.02", growth, &met, &sizes))
    }

    /// Twenty short actions beside a chain of four long ones that is declared last, on two tokens,
    /// when the durations are known.
    fn critical_path(&self) -> Result<Row> {
        let graph = critical_path();
        let (mut best, rounds) = (Vec::new(), if self.is_quick { 1 } else { 3 });
        let is_in = |peer: &&Peer| peer.name != "walk as ninja" && peer.kind.largest > 10_000;
        for peer in self.peers.iter().filter(is_in) {
            let mut tree = self.tree(&graph, peer)?;
            fs::write(tree.root.join("nap.sh"), "sleep $1\ncat $2\n")?;
            self.build(&tree, false)?;
            let mut times = Vec::new();
            for _ in 0..rounds {
                tree.remove_outputs()?;
                times.push(self.build(&tree, false)?.wall / 1e3);
            }
            best.push((&peer.name, spread(times)?));
        }
        let [(_, walk), others @ ..] = &best[..] else { unreachable!("walk takes part") };
        let others = others.iter().map(|(name, time)| format!("{name} {}", figures(time.median)));
        let others = others.collect::<Vec<_>>().join(", ");
        Ok(row("critical path", "wall s", "<= 3.3", *walk, &verdict(walk.median, 3.3), &others))
    }
}

fn row(name: &str, unit: &str, goal: &str, walk: Spread, verdict: &str, beside: &str) -> Row {
    [name, unit, goal, &walk.to_string(), verdict, beside].map(str::to_owned)
}

fn spread(numbers: impl IntoIterator<Item = f64>) -> Result<Spread> {
    Spread::of(numbers).context("nothing was measured")
}

/// Writes a file no two parts of which are the same.
fn write_large(path: &Path, megabytes: u32) -> Result<()> {
    let mut file = File::create(path)?;
    for number in 0..megabytes * 1000 {
        file.write_all(format!("{number:<999}\n").as_bytes())?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn bytes_below(folder: &Path) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        sum += if found.is_dir() { bytes_below(&entry.path())? } else { found.len() as f64 };
    }
    Ok(sum)
}

/// Ideal: the chain in 2.4 s beside twelve of the short ones, and the other eight in 0.8 s on both.
fn critical_path() -> Graph {
    let nap = |name: &str, seconds: &str, input: &str| {
        Action::new(name, &format!("sh nap.sh {seconds}"), &[input], &format!("out/{name}"))
    };
    let mut actions: Vec<Action> =
        (0..20).map(|number| nap(&format!("short{number}"), "0.2", "src/a")).collect();
    let mut input = "src/b".to_owned();
    for number in 0..4 {
        let action = nap(&format!("long{number}"), "0.6", &input);
        input.clone_from(&action.output);
        actions.push(action);
    }
    Graph::of(actions, &["src/a", "src/b"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_critical_path_is_declared_last() {
        let graph = critical_path();
        let last = graph.actions.last().expect("there are actions");
        assert_eq!(graph.actions.len(), 24);
        assert_eq!(last.command(), "sh nap.sh 0.6 out/long2 > out/long3");
    }

    #[test]
    fn all_files_below_a_folder_are_counted() {
        let folder = tempfile::tempdir().expect("a directory");
        fs::create_dir(folder.path().join("a")).expect("it is writable");
        for (name, text) in [("a/b", "12345"), ("c", "123")] {
            fs::write(folder.path().join(name), text).expect("it is writable");
        }
        assert_eq!(bytes_below(folder.path()).expect("it is readable").to_string(), "8");
    }
}
