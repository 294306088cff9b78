//! One project and what happens to it, step by step, with a proof after each step.

use std::fmt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::disk::Disk;
use super::edit::Site;
use super::fault::damage_state;
use super::graph::{Dialect, Graph};
use super::manifest::{FAILURE, is_scanned};
use super::oracle::Clean;
use super::process::{Ended, Process};
use super::random::Random;

/// A project with a past.
pub(super) struct History<'a> {
    directory: TempDir,
    program: PathBuf,
    site: Site,
    told: Vec<String>,
    sum: &'a mut Tally,
}

/// What was done, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    histories: u32,
    steps: u32,
    walks: u32,
    actions: u32,
    failures: u32,
    signals: u32,
    damages: u32,
}

/// What went wrong.
pub(super) struct Report {
    pub(super) failure: String,
    pub(super) history: Vec<String>,
    pub(super) directory: TempDir,
}

/// The names of the actions that would or may run.
struct Plan {
    would: Vec<String>,
    may: Vec<String>,
    said: String,
}

type Checked<T = ()> = Result<T, String>;

impl<'a> History<'a> {
    /// Lives through some steps of the history that a seed decides.
    pub(super) fn run(
        dialect: Dialect,
        seed: u64,
        steps: &[usize],
        sum: &'a mut Tally,
    ) -> Result<(), Report> {
        let mut history = Self::new(dialect, seed, sum);
        let mut went = history.settle();
        for &step in steps {
            if went.is_ok() {
                history.site.random = Random::new(seed, 1 + step as u64);
                history.told.push(format!("step {step}"));
                went = history.step();
            }
        }
        let Self { told, directory, .. } = history;
        went.map_err(|failure| Report { failure, history: told, directory })
    }

    fn new(dialect: Dialect, seed: u64, sum: &'a mut Tally) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let walk = Path::new(env!("CARGO_BIN_EXE_walk"));
        let ninja = directory.path().join("ninja");
        symlink(walk, &ninja).expect("a link");
        let mut random = Random::new(seed, 0);
        let graph = Graph::new(dialect, &mut random);
        let mut disk = Disk::new(directory.path().join("project"));
        disk.sync(&graph);
        sum.histories += 1;
        let program = if dialect == Dialect::Toml { walk.into() } else { ninja };
        let site = Site { graph, disk, random, past: vec![] };
        Self { directory, program, site, told: vec![], sum }
    }

    fn step(&mut self) -> Checked {
        self.sum.steps += 1;
        if self.site.random.percent(75)
            && let Some(said) = self.site.mend()
        {
            self.told.push(said);
        }
        let before = self.site.graph.clone();
        for _ in 0..=self.site.random.below(4) {
            let said = self.site.edit();
            self.told.push(said);
        }
        if self.site.random.percent(60) {
            self.disturb()?;
            if self.site.random.percent(40) {
                self.told.push("all as it was before".into());
                // A directory that was made under a name would be in the way of a file of that name.
                let count = self.site.graph.count;
                self.site.graph = Graph { count, ..before };
                self.site.disk.sync(&self.site.graph);
            }
        }
        self.settle()
    }

    /// Something goes wrong, or goes on at the same time.
    fn disturb(&mut self) -> Checked {
        match self.site.random.below(11) {
            0 | 1 => {
                let killed = self.kill();
                self.bury(killed)
            }
            2 | 3 => {
                let killed = self.kill();
                self.told.push("at once".into());
                self.settle_from(None)?;
                self.bury(killed)
            }
            4 => {
                let killed = self.kill();
                self.bury(killed)?;
                self.damage();
                Ok(())
            }
            5 | 6 => {
                self.damage();
                Ok(())
            }
            7 => self.walk_twice(),
            8 => self.edit_meanwhile(),
            9 => self.walk_a_part(),
            _ => self.keep_house(),
        }
    }

    /// Starts a walk and ends it in the middle, one way or another. It may not be gone yet.
    fn kill(&mut self) -> Process {
        let signals = [Signal::KILL, Signal::KILL, Signal::INT, Signal::TERM];
        let signal = *self.site.random.pick(&signals).expect("there are some");
        let (count, then) = self.moment();
        let mut walk = self.start("", "killed");
        let is_in_time = walk.await_moment(count, then);
        walk.signal(signal);
        self.sum.signals += u32::from(is_in_time);
        self.told.push(format!("{signal:?} after {count} actions and {then:?}"));
        walk
    }

    /// Waits for the end of a walk that was killed, and of all that it started.
    fn bury(&mut self, killed: Process) -> Checked {
        let ended = killed.finish()?;
        self.told.push(format!("the killed walk: {}, ran {:?}", ended.code(), ended.ran));
        let signals = [Signal::KILL, Signal::INT, Signal::TERM].map(|it| 128 + it.as_raw());
        if [0, 1, FAILURE].iter().chain(&signals).any(|it| *it == ended.code()) {
            return Ok(());
        }
        Err(format!("a killed walk ended with {}:\n{}", ended.code(), ended.said))
    }

    /// Returns a moment in a walk: after how many actions, and how long then.
    fn moment(&mut self) -> (usize, Duration) {
        let limit = [1, 300, 3000, 30_000][self.site.random.below(4)];
        let then = Duration::from_micros(self.site.random.below(limit) as u64);
        (self.site.random.below(6), then)
    }

    /// Damages the state. Without it nobody knows what was made for an action that is gone, and
    /// a glob would take it for a source: so it is put away, too.
    fn damage(&mut self) {
        let said = damage_state(&self.site.disk.path(".walk"), &mut self.site.random);
        self.sum.damages += u32::from(said.is_some());
        self.told.extend(said);
        for entry in fs::read_dir(self.site.disk.path("gen")).into_iter().flatten().flatten() {
            let path = format!("gen/{}", entry.file_name().to_string_lossy());
            if self.site.graph.maker(&path).is_none() {
                self.site.disk.remove(&path);
            }
        }
    }

    /// The second one waits for the first.
    fn walk_twice(&mut self) -> Checked {
        self.told.push("two walks at once".into());
        let clean = self.clean();
        let first = self.start("-k0", "first");
        let second = self.start("-k0", "second");
        let (first, second) = (first.finish()?, second.finish()?);
        self.check_end(&first, &clean)?;
        self.check_end(&second, &clean)?;
        let mut ran: Vec<&String> = first.ran.iter().chain(&second.ran).collect();
        ran.retain(|it| !clean.failed.contains(*it));
        ran.sort();
        match ran.windows(2).find(|it| it[0] == it[1]) {
            Some(twice) => {
                Err(format!("{} ran in both walks:\n{}\n{}", twice[0], first.said, second.said))
            }
            None => Ok(()),
        }
    }

    /// A source or an output changes while a walk is under way, whose result is open. It is an
    /// output of something that has ended: what somebody else writes into it before is taken for
    /// what the command wrote.
    fn edit_meanwhile(&mut self) -> Checked {
        let (count, then) = self.moment();
        let mut walk = self.start("", "meanwhile");
        walk.await_moment(count, then);
        let site = &mut self.site;
        let begun = walk.told().into_iter().filter_map(|it| site.graph.action(&it));
        let ended: Vec<String> = begun.flat_map(|it| site.graph.needs(it)).collect();
        let said = match site.random.below(4) {
            0 => Some(site.edit_source()),
            1 | 2 => Some(site.edit_header()),
            _ => site.damage_output_of(&ended),
        };
        site.disk.sync(&site.graph);
        self.told.push(format!("during a walk, after {count} actions and {then:?}: {said:?}"));
        self.told.push(format!("which ran {:?}", walk.finish()?.ran));
        Ok(())
    }

    fn walk_a_part(&mut self) -> Checked {
        let names: Vec<&String> = match self.site.graph.dialect {
            Dialect::Toml => self.site.graph.actions.iter().map(|it| &it.name).collect(),
            Dialect::Ninja => self.site.graph.actions.iter().flat_map(|it| &it.outputs).collect(),
        };
        let Some(name) = self.site.random.pick(&names).map(|it| (*it).clone()) else {
            return Ok(());
        };
        let ended = self.start(&name, "part").finish()?;
        self.told.push(format!("walk only {name}: {}, ran {:?}", ended.code(), ended.ran));
        let fails = self.clean().is_success() && ended.code() != 0;
        if fails { Err(format!("it failed:\n{}", ended.said)) } else { Ok(()) }
    }

    /// Asks for something that must not make a difference.
    fn keep_house(&mut self) -> Checked {
        let commands: &[&str] = match self.site.graph.dialect {
            Dialect::Toml => &["clean", "clean --all", "plan", "status", "list", "-n"],
            Dialect::Ninja => {
                &["-t clean", "-t cleandead", "-t recompact", "-t restat", "-n", "-t deps"]
            }
        };
        let command = *self.site.random.pick(commands).expect("there are some");
        let ended = self.start(command, "house").finish()?;
        self.told.push(format!("{command}: {}", ended.code()));
        if ended.ran.is_empty() { Ok(()) } else { Err(format!("it ran {:?}", ended.ran)) }
    }

    /// Walks, and proves that all is as a clean build makes it, and that nothing is left to do.
    fn settle(&mut self) -> Checked {
        let plan = self.plan()?;
        self.settle_from(plan)
    }

    fn settle_from(&mut self, plan: Option<Plan>) -> Checked {
        let clean = self.clean();
        let ended = self.start("-k0", "walk").finish()?;
        self.told.push(format!("walk: {}, ran {:?}", ended.code(), ended.ran));
        self.sum.actions += u32::try_from(ended.ran.len()).expect("few");
        self.sum.failures += u32::from(!clean.is_success());
        self.check_end(&ended, &clean)?;
        // What dyndep files wait for has a walk of its own, and if that fails there is no other.
        let is_staged = self.site.graph.actions.iter().any(|it| is_scanned(&self.site.graph, it));
        if is_staged && !clean.is_success() {
            return Ok(());
        }
        clean
            .compare(&self.site.graph, self.site.disk.root())
            .map_err(|differs| format!("{differs}\nafter\n{}", ended.said))?;
        plan.map_or(Ok(()), |it| it.check(&ended, &clean))?;
        let again = self.start("-k0", "again").finish()?;
        self.check_end(&again, &clean)?;
        if let Some(name) = again.ran.iter().find(|it| !clean.failed.contains(*it)) {
            return Err(format!("{name} ran again:\n{}\nafter\n{}", again.said, ended.said));
        }
        self.check_rest(&clean)
    }

    /// Asks now and then what would run.
    fn plan(&mut self) -> Checked<Option<Plan>> {
        if self.site.graph.dialect == Dialect::Ninja || self.site.random.percent(60) {
            return Ok(None);
        }
        let ended = self.start("plan", "plan").finish()?;
        let names = |word: &str| {
            let named = ended.said.lines().filter_map(|it| it.strip_prefix(word));
            let first = named.filter_map(|it| it.split_whitespace().next());
            first.filter(|it| it.starts_with('a')).map(str::to_owned).collect()
        };
        Ok(Some(Plan {
            would: names("would run "),
            may: names("may run "),
            said: ended.said.clone(),
        }))
    }

    /// Checks that nothing would run.
    fn check_rest(&mut self, clean: &Clean) -> Checked {
        if !clean.is_success() {
            return Ok(());
        }
        let (args, expected) = match self.site.graph.dialect {
            Dialect::Toml => ("status", "up to date "),
            Dialect::Ninja => ("-n", "ninja: no work to do."),
        };
        let ended = self.start(args, "rest").finish()?;
        let last = ended.said.lines().last().unwrap_or_default();
        let is_at_rest = ended.code() == 0 && last.starts_with(expected);
        if is_at_rest { Ok(()) } else { Err(format!("there is more to do:\n{}", ended.said)) }
    }

    /// Checks that a walk fails exactly if a clean build does.
    fn check_end(&self, ended: &Ended, clean: &Clean) -> Checked {
        let failure = if self.site.graph.dialect == Dialect::Toml { 1 } else { FAILURE };
        let expected = if clean.is_success() { 0 } else { failure };
        if ended.code() == expected {
            return Ok(());
        }
        Err(format!("it ended with {} instead of {expected}:\n{}", ended.code(), ended.said))
    }

    fn clean(&self) -> Clean {
        let directory = self.directory.path().join("clean");
        let _ = fs::remove_dir_all(&directory);
        Clean::build(&self.site.graph, &directory)
    }

    fn start(&mut self, args: &str, name: &str) -> Process {
        self.sum.walks += 1;
        let jobs = if args.starts_with('-') || args.is_empty() {
            format!("-j{} ", 1 + self.site.random.below(2))
        } else {
            String::new()
        };
        let output = self.directory.path().join(name);
        let args = if args.starts_with("-t") { args.to_owned() } else { jobs + args };
        Process::start(
            &self.program,
            &args,
            &self.site.graph.tracked,
            self.site.disk.root(),
            &output,
        )
    }
}

impl Plan {
    /// Checks that what would run did, and nothing that could not.
    fn check(&self, ended: &Ended, clean: &Clean) -> Checked {
        let is_missing = |it: &&String| !ended.ran.contains(it);
        let is_surprise = |it: &&String| !self.would.contains(it) && !self.may.contains(it);
        let missing = self.would.iter().filter(|_| clean.is_success()).find(is_missing);
        match missing.or_else(|| ended.ran.iter().find(is_surprise)) {
            Some(name) => {
                Err(format!("{name} was foreseen otherwise:\n{}\n{}", self.said, ended.said))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, steps, walks, actions, failures, signals, damages } = self;
        write!(
            f,
            "{histories} histories, {steps} steps, {walks} walks, {actions} actions run, \
             {failures} failures, {signals} walks killed in the middle, {damages} damaged states"
        )
    }
}
