//! A child and all that descends from it, found when it has to be killed and never before.
//!
//! A process belongs to the family if it is the child, is in the child's group, has a parent in
//! the family, or is an orphan that came to us and started with the child's mark in its
//! environment. The first three find it while its ancestors live, the last when they are gone. A
//! process that is an orphan, left the group *and* cleared its environment before it was looked
//! for cannot be told from anybody else's, and survives.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};

use super::Leash;
use super::platform::{self, Stat};

/// How long to wait for processes to die of SIGKILL; only one stuck in the kernel takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long to look again at an orphan of which it cannot be told whose it is: in the middle of
/// becoming another program a process has no environment, and on a busy machine that takes its time.
const DOUBTS: Duration = Duration::from_millis(300);

/// A child and all that descends from it.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    child: &'a Leash,
    variable: &'a str,
    mark: &'a str,
    /// Every member ever seen, by process id, with its start.
    known: BTreeMap<i32, u64>,
    /// Orphans of which it could not be told whose they are, and since when: at the last look, by
    /// process id and start.
    doubtful: BTreeMap<(i32, u64), Instant>,
}

impl<'a> Family<'a> {
    /// Describes the family of a child, all of which has `mark` in `variable`.
    pub(crate) fn new(child: &'a Leash, variable: &'a str, mark: &'a str) -> Self {
        Self { child, variable, mark, known: BTreeMap::new(), doubtful: BTreeMap::new() }
    }

    /// Asks all members to end.
    pub(crate) fn terminate(&mut self) {
        let strays = self.strays();
        self.child.signal(Signal::TERM);
        send(&strays, Signal::TERM);
        // A stopped process does not hear of a signal before it continues.
        self.child.signal(Signal::CONT);
        send(&strays, Signal::CONT);
    }

    /// Returns true if a member besides the child itself is alive.
    pub(crate) fn has_living_descendants(&mut self) -> bool {
        let child = self.child.pid().as_raw_pid();
        self.living().iter().any(|it| it.pid != child)
    }

    /// Kills all members, and returns when none is alive.
    pub(crate) fn kill(&mut self) {
        self.freeze();
        let give_up = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(1);
        loop {
            self.child.signal(Signal::KILL);
            let living = self.living();
            send(&living, Signal::KILL);
            if living.is_empty() {
                // A chain of processes that pass themselves on is a new one at each look.
                if self.doubtful.values().all(|since| since.elapsed() >= DOUBTS) {
                    return self.reap();
                }
            }
            if Instant::now() >= give_up {
                let pids: Vec<_> = living.iter().map(|it| it.pid).collect();
                return log::warn!("processes survive SIGKILL: {pids:?}");
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Stops all members, so that none dies before its children are known.
    fn freeze(&mut self) {
        const ROUNDS: usize = 16;
        for _ in 0..ROUNDS {
            let before = self.known.len();
            self.child.signal(Signal::STOP);
            let living = self.living();
            send(&living, Signal::STOP);
            if self.known.len() == before {
                return;
            }
        }
    }

    /// Returns the members alive that no signal to the child reaches.
    fn strays(&mut self) -> Vec<Stat> {
        let (child, leads_group) = (self.child.pid().as_raw_pid(), self.child.leads_group());
        let mut living = self.living();
        living.retain(|it| it.pid != child && !(leads_group && it.group == child));
        living
    }

    /// Returns the members alive.
    fn living(&mut self) -> Vec<Stat> {
        let doubtful = std::mem::take(&mut self.doubtful);
        let processes = platform::processes();
        while self.recognise(&processes) {}
        for (process, since) in &mut self.doubtful {
            *since = doubtful.get(process).copied().unwrap_or(*since);
        }
        processes.into_iter().filter(|it| it.is_alive && self.knows(it)).collect()
    }

    /// Makes members known; returns true if there were new ones.
    fn recognise(&mut self, processes: &[Stat]) -> bool {
        let before = self.known.len();
        for process in processes {
            if !self.knows(process) && self.includes(process) {
                self.known.insert(process.pid, process.start);
            }
        }
        self.known.len() > before
    }

    fn knows(&self, process: &Stat) -> bool {
        self.known.get(&process.pid) == Some(&process.start)
    }

    fn includes(&mut self, process: &Stat) -> bool {
        let child = self.child.pid().as_raw_pid();
        process.pid == child
            || (self.child.leads_group() && process.group == child)
            || self.known.contains_key(&process.parent)
            || (process.parent == getpid().as_raw_pid() && self.includes_orphan(process))
    }

    /// Tells an orphan of the family from other children of ours.
    fn includes_orphan(&mut self, orphan: &Stat) -> bool {
        let is_marked = platform::has_variable(orphan.pid, self.variable, self.mark);
        if is_marked.is_none() && orphan.is_alive {
            self.doubtful.entry((orphan.pid, orphan.start)).or_insert_with(Instant::now);
        }
        is_marked == Some(true)
    }

    /// Reaps the orphans that came to us; the child itself is left to its owner.
    fn reap(&self) {
        let child = self.child.pid().as_raw_pid();
        let is_left = |it: &Stat| it.pid != child && self.knows(it);
        let give_up = Instant::now() + DOUBTS;
        loop {
            for &pid in self.known.keys().filter(|&&pid| pid != child) {
                // Fails for those that somebody else has reaped, which is as good.
                let _ = Pid::from_raw(pid).map(|pid| waitpid(Some(pid), WaitOptions::NOHANG));
            }
            // One that died before its parent comes to us only when that is gone for good.
            if !platform::processes().iter().any(is_left) || Instant::now() >= give_up {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn send(processes: &[Stat], signal: Signal) {
    for pid in processes.iter().filter_map(|it| Pid::from_raw(it.pid)) {
        let _ = kill_process(pid, signal);
    }
}
