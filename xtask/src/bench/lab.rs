//! A small tree in which something happens to a peer, and what it made of that.
//!
//! Two actions: the first reads `src/a`, the second what the first made and `src/b`. What is right
//! is found by running the commands one after the other in an empty folder.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};

use super::graph::{Action, Graph};
use super::kit::Kit;
use super::outside::{Meter, TICK};
use super::peers::Peer;
use super::tree::Tree;
use crate::command;

/// Whoever does not get so far by then never will.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the first action does; it drops lines that begin with a tilde, or is a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Filter,
    /// Reads `hdr/h`, too, and says so in a depfile.
    Depfile,
    /// Writes the variable `MODE`.
    Variable,
    /// Stops halfway for as long as it is asked to, and fails if it is asked to.
    Slow,
}

impl Tool {
    /// The words of its command before the inputs.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Filter => "sed /^~/d",
            Self::Depfile => "sh depfile.sh",
            Self::Variable => "sh variable.sh",
            Self::Slow => "sh slow.sh",
        }
    }
}

const DEPFILE: &str = "cat $1 hdr/h\necho \"out/one: $1 hdr/h\" > out/one.d\n";
const VARIABLE: &str = "echo $MODE\ncat $1\n";
const SLOW: &str = "head -c 500 $1
echo $$ > FLAGS/started
while [ -e FLAGS/pause ]; do sleep 0.02; done
[ ! -e FLAGS/fail ] || exit 1
tail -c +501 $1
";

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The outputs are right, and no more ran than had to.
    Ok,
    /// The outputs are right, but more ran than had to.
    Rerun,
    /// An output is wrong, and the peer is content.
    Stale,
    /// The peer fails.
    Fails,
}

/// A tree of one peer, and what is going on there.
pub(crate) struct Lab<'a> {
    meter: &'a Meter,
    tree: Tree<'a>,
    graph: Graph,
    flags: PathBuf,
    mode: &'static str,
}

/// The graph, with this first command.
pub(crate) fn graph(tool: Tool, words: &str) -> Graph {
    let mut one = Action::new("one", words, &["src/a"], "out/one");
    one.depfile = (tool == Tool::Depfile).then(|| "out/one.d".to_owned());
    let two = Action::new("two", "cat", &["out/one", "src/b"], "out/two");
    let mut graph = Graph::of(vec![one, two], &["src/a", "src/b"]);
    graph.variable = (tool == Tool::Variable).then_some("MODE");
    graph
}

impl<'a> Lab<'a> {
    /// Writes a tree and builds it twice, because some are quiet only then.
    ///
    /// # Errors
    ///
    /// The tree cannot be written.
    pub(crate) fn new(
        kit: &Kit,
        meter: &'a Meter,
        peer: &'a Peer,
        first: &'a Graph,
    ) -> Result<Self> {
        let flags = kit.folder.join("flags");
        if flags.exists() {
            fs::remove_dir_all(&flags)?;
        }
        fs::create_dir_all(&flags)?;
        let tree = Tree::write(first, peer, kit.folder.join("trees/lab"))?;
        fs::create_dir(tree.root.join("hdr"))?;
        fs::write(tree.root.join("hdr/h"), "a header\n")?;
        let slow = SLOW.replace("FLAGS", &flags.to_string_lossy());
        for (name, text) in [("depfile.sh", DEPFILE), ("variable.sh", VARIABLE), ("slow.sh", &slow)]
        {
            fs::write(tree.root.join(name), text)?;
        }
        let mut lab = Self { meter, tree, graph: first.clone(), flags, mode: "one" };
        lab.build_quickly()?;
        lab.build()?;
        Ok(lab)
    }

    fn words(&self) -> Vec<std::ffi::OsString> {
        let mode = format!("MODE={}", self.mode);
        ["env".into(), mode.into()].into_iter().chain(self.tree.peer.command()).collect()
    }

    /// Builds, and tells whether the peer says that it succeeded; what happens next has a later
    /// time.
    ///
    /// # Errors
    ///
    /// The peer cannot be started.
    pub(crate) fn build(&mut self) -> Result<bool> {
        let succeeded = self.build_quickly()?;
        thread::sleep(self.tree.peer.kind.tick);
        Ok(succeeded)
    }

    /// The same, but what happens next may have the same time for a clock that ticks in seconds.
    ///
    /// # Errors
    ///
    /// The peer cannot be started.
    pub(crate) fn build_quickly(&mut self) -> Result<bool> {
        thread::sleep(TICK);
        let sample = self.meter.run(&self.tree.root, self.words(), false)?;
        thread::sleep(TICK);
        Ok(sample.code == 0)
    }

    /// Builds for the last time and looks at what came of it, where so many actions have to run.
    ///
    /// # Errors
    ///
    /// The peer cannot be started, or what is right cannot be found out.
    pub(crate) fn verdict(&mut self, needed: usize) -> Result<Verdict> {
        let before = self.tree.outputs();
        if !self.build_quickly()? {
            return Ok(Verdict::Fails);
        }
        let after = self.tree.outputs();
        let ran = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        if !self.is_right()? {
            return Ok(Verdict::Stale);
        }
        Ok(if ran > needed { Verdict::Rerun } else { Verdict::Ok })
    }

    fn is_right(&self) -> Result<bool> {
        let fresh = tempfile::tempdir()?;
        fs::create_dir(fresh.path().join("out"))?;
        for name in ["src", "hdr", "depfile.sh", "variable.sh", "slow.sh"] {
            std::os::unix::fs::symlink(self.tree.root.join(name), fresh.path().join(name))?;
        }
        for action in &self.graph.actions {
            let mut shell = Command::new("sh");
            shell.args(["-c", &action.command()]).env("MODE", self.mode);
            command::succeed(shell.current_dir(&fresh))?;
            let right = fs::read(fresh.path().join(&action.output))?;
            if fs::read(self.tree.root.join(&action.output)).ok() != Some(right) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.tree.root.join(file)
    }

    pub(crate) fn touch(&self, file: &str) -> Result<()> {
        self.tree.touch(file)
    }

    /// Replaces the first byte of a file.
    ///
    /// # Errors
    ///
    /// The file is empty or not writable.
    pub(crate) fn edit(&self, file: &str) -> Result<()> {
        let mut bytes = fs::read(self.path(file))?;
        let first = bytes.first_mut().with_context(|| format!("{file} is empty"))?;
        *first = if *first == b'X' { b'Y' } else { b'X' };
        fs::write(self.path(file), bytes)?;
        Ok(())
    }

    pub(crate) fn set_time(&self, file: &str, time: SystemTime) -> Result<()> {
        File::options().append(true).open(self.path(file))?.set_modified(time)?;
        Ok(())
    }

    /// Gives the first action another command.
    ///
    /// # Errors
    ///
    /// The manifest is not writable.
    pub(crate) fn change_command(&mut self, words: &str) -> Result<()> {
        self.graph = graph(Tool::Filter, words);
        self.tree.peer.write(&self.graph, &self.tree.root)
    }

    pub(crate) fn change_mode(&mut self, mode: &'static str) {
        self.mode = mode;
    }

    /// Asks the slow script to `pause` or to `fail`.
    ///
    /// # Errors
    ///
    /// The folder of flags is not writable.
    pub(crate) fn ask_to(&self, what: &str) -> Result<()> {
        if self.flags.join("started").exists() {
            fs::remove_file(self.flags.join("started"))?;
        }
        fs::write(self.flags.join(what), "")?;
        Ok(())
    }

    pub(crate) fn no_longer(&self, what: &str) -> Result<()> {
        fs::remove_file(self.flags.join(what))?;
        Ok(())
    }

    /// Starts a build and returns when the slow script has stopped halfway.
    ///
    /// # Errors
    ///
    /// It does not get there.
    pub(crate) fn start(&self) -> Result<Child> {
        let words = self.words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.tree.root).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let deadline = Instant::now() + PATIENCE;
        while !self.is_halfway() {
            if Instant::now() > deadline || child.try_wait()?.is_some() {
                signal("KILL", &format!("-{}", child.id()));
                child.wait()?;
                ensure!(self.is_halfway(), "the action does not start");
            }
            thread::sleep(TICK);
        }
        Ok(child)
    }

    fn is_halfway(&self) -> bool {
        fs::read_to_string(self.flags.join("started")).is_ok_and(|text| text.ends_with('\n'))
    }

    /// Ends a build in the middle by a signal to its group; by `KILL` also the action, wherever it
    /// is.
    ///
    /// # Errors
    ///
    /// Nothing can be waited for.
    pub(crate) fn end(&self, mut child: Child, by: &str) -> Result<()> {
        signal(by, &format!("-{}", child.id()));
        let action = fs::read_to_string(self.flags.join("started"))?;
        if by == "KILL" {
            signal(by, action.trim());
        }
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                signal("KILL", &format!("-{}", child.id()));
            }
            thread::sleep(TICK);
        }
        signal("KILL", action.trim());
        Ok(())
    }

    /// Lets a build that has stopped halfway go on to its end.
    ///
    /// # Errors
    ///
    /// Nothing can be waited for.
    pub(crate) fn let_go(&self, mut child: Child) -> Result<()> {
        self.no_longer("pause")?;
        child.wait()?;
        thread::sleep(TICK.max(self.tree.peer.kind.tick));
        Ok(())
    }
}

/// Sends a signal to a process or, with a minus, to a group; whether it is still there or not.
fn signal(name: &str, whom: &str) {
    let mut kill = Command::new("kill");
    let _ = command::run(kill.args(["-s", name, "--", whom]));
}

/// Reads a file and its time, to put both back.
pub(crate) fn keep(file: &Path) -> Result<(Vec<u8>, SystemTime)> {
    Ok((fs::read(file)?, fs::metadata(file)?.modified()?))
}
