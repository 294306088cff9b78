//! Runs every peer on the same graph, in turns, and takes what each run costs.
//!
//! In a round everybody runs once, so each figure has one of ninja beside it that was taken
//! seconds away; who begins is another one in every round.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::cases::{Case, State};
use super::graph::Graph;
use super::kit::Kit;
use super::peers::Peer;
use super::sample::Sample;
use super::tree::Tree;
use crate::command;

/// How files are written so that a later one has a later time, on a clock that ticks.
pub(crate) const TICK: Duration = Duration::from_millis(15);

/// No run takes longer.
const LIMIT_SECONDS: u32 = 300;

/// What runs a command and says what it cost.
pub(crate) struct Meter {
    program: PathBuf,
    /// What takes the place of the shell, where the system lets it.
    stand_in: Option<PathBuf>,
    home: PathBuf,
    log: PathBuf,
}

impl Meter {
    /// # Errors
    ///
    /// The helpers do not compile.
    pub(crate) fn new(kit: &Kit) -> Result<Self> {
        let shell = kit.folder.join("sh");
        fs::copy("/bin/sh", &shell)?;
        let shell = format!("-DSHELL=\"{}\"", shell.display());
        let stand_in = kit.c("stand_in.c", &["-static", &shell])?;
        let program = kit.c("measure.c", &[])?;
        let (home, log) = (kit.folder.join("home"), kit.folder.join("log"));
        let mut meter = Self { program, stand_in: Some(stand_in), home, log };
        if meter.run(&kit.folder, ["true"], true).is_err() {
            meter.stand_in = None;
        }
        Ok(meter)
    }

    /// Whether there can be anything in place of the shell.
    pub(crate) fn has_stand_in(&self) -> bool {
        self.stand_in.is_some()
    }

    /// Runs a command in a folder, in an environment that is the same everywhere.
    ///
    /// # Errors
    ///
    /// It cannot be measured; that it fails is no error.
    pub(crate) fn run<W: AsRef<OsStr>>(
        &self,
        folder: &Path,
        words: impl IntoIterator<Item = W>,
        stand_in: bool,
    ) -> Result<Sample> {
        let stand_in = self.stand_in.as_deref().filter(|_| stand_in);
        let mut command = Command::new(&self.program);
        command.arg(LIMIT_SECONDS.to_string()).args([folder, &self.log]);
        command.arg(stand_in.unwrap_or(Path::new("-"))).args(words);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.home).env("LANG", "C.UTF-8").env("TERM", "dumb");
        Sample::parse(&command::succeed(&mut command)?.output)
    }

    /// The last lines of what the last run said.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

/// How thoroughly to measure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) is_quick: bool,
    /// Instead of what each state has by itself.
    pub(crate) rounds: Option<usize>,
}

impl Effort {
    fn rounds(self, state: State) -> usize {
        self.rounds.unwrap_or(state.rounds(self.is_quick))
    }

    /// After so long in one state a peer has no more rounds.
    fn budget(self) -> Duration {
        Duration::from_secs(if self.is_quick { 3 } else { 60 })
    }
}

/// What was measured in one state of one graph.
pub(crate) struct Measured {
    pub(crate) case: Case,
    pub(crate) state: State,
    /// The runs of each peer, by rounds; one that has no more rounds has fewer.
    pub(crate) runs: Vec<(String, Vec<Sample>)>,
}

/// A peer in a race.
struct Racer<'a> {
    tree: Tree<'a>,
    /// In the state that is being measured.
    runs: Vec<Sample>,
    /// Until it fails.
    is_in: bool,
}

/// Measures all states of a case; a peer that fails is named and left out from then on.
///
/// # Errors
///
/// A tree cannot be written, or it is walk that fails.
pub(crate) fn race(
    meter: &Meter,
    peers: &[Peer],
    case: &Case,
    effort: Effort,
    folder: &Path,
) -> Result<Vec<Measured>> {
    let graph = Graph::new(case.shape, case.size);
    let mut race = Race { meter, case, effort, racers: Vec::new() };
    for peer in peers.iter().filter(|peer| case.size <= peer.kind.largest) {
        let tree = Tree::write(&graph, peer, folder.join(peer.name.replace(' ', "-")))?;
        race.racers.push(Racer { tree, runs: Vec::new(), is_in: true });
    }
    race.round(State::Cold, 0)?;
    // Some are quiet only after a second look.
    race.round(State::Null, 0)?;
    case.states.iter().map(|state| race.measure(*state)).collect()
}

struct Race<'a> {
    meter: &'a Meter,
    case: &'a Case,
    effort: Effort,
    racers: Vec<Racer<'a>>,
}

impl Race<'_> {
    fn measure(&mut self, state: State) -> Result<Measured> {
        for racer in &mut self.racers {
            racer.runs.clear();
        }
        for round in 0..self.effort.rounds(state) {
            self.round(state, round)?;
        }
        let runs = |racer: &Racer<'_>| (racer.tree.peer.name.clone(), racer.runs.clone());
        let racers = self.racers.iter().filter(|racer| racer.is_in);
        Ok(Measured { case: self.case.clone(), state, runs: racers.map(runs).collect() })
    }

    /// Everybody who has time left runs once.
    fn round(&mut self, state: State, round: usize) -> Result<()> {
        let (count, budget) = (self.racers.len(), self.effort.budget());
        for turn in 0..count {
            let racer = &mut self.racers[(turn + round) % count];
            if !racer.is_in || racer.spent() > budget {
                continue;
            }
            let sample = racer.run(self.meter, state, self.case.stand_in)?;
            if sample.code == 0 {
                racer.runs.push(sample);
                continue;
            }
            let Peer { name, .. } = racer.tree.peer;
            let (case, state, words) = (self.case.name(), state.name(), self.meter.last_words());
            let failure = format!("{case}, {state}: {name} exits with {}\n{words}", sample.code);
            ensure!(!name.starts_with("walk"), failure);
            println!("{failure}");
            racer.is_in = false;
        }
        Ok(())
    }
}

impl Racer<'_> {
    fn spent(&self) -> Duration {
        Duration::from_secs_f64(self.runs.iter().map(|run| run.wall).sum::<f64>() / 1e3)
    }

    fn run(&mut self, meter: &Meter, state: State, stand_in: bool) -> Result<Sample> {
        thread::sleep(TICK);
        self.prepare(state)?;
        let before = self.tree.outputs();
        thread::sleep(TICK);
        let sample = meter.run(&self.tree.root, self.tree.peer.command(), stand_in)?;
        let after = self.tree.outputs();
        let ran = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        Ok(Sample { ran: f64::from(u32::try_from(ran)?), ..sample })
    }

    fn prepare(&mut self, state: State) -> Result<()> {
        let Tree { graph, .. } = self.tree;
        match state {
            State::Null => Ok(()),
            State::Leaf => self.tree.edit(&graph.leaf),
            State::TouchOne => self.tree.touch(&graph.head),
            State::TouchAll => {
                graph.sources.iter().try_for_each(|(source, _)| self.tree.touch(source))
            }
            State::Cold => self.tree.wipe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_as_many_rounds_as_is_asked_for() {
        let check = |is_quick, rounds, expected| {
            assert_eq!(Effort { is_quick, rounds }.rounds(State::Leaf), expected);
        };
        check(false, None, 9);
        check(true, None, 3);
        check(true, Some(1), 1);
    }
}
