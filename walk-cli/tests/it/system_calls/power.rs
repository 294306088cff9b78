//! A loss of power in the middle of a walk, or after it.
//!
//! A walk is recorded: every write to the store's files, and every time at which it waited for
//! the disk. Then power fails after each of these, many times over: what was waited for is there;
//! of what came later each sector of 512 bytes is there or is not, and so is each new length, in
//! any order. (The removal of a file is there as soon as any file was waited for, as in file
//! systems with a journal.) The outputs, whose commands wait for no disk, are what they were before, what they
//! became, empty, zeroes of the same length, or gone. The next walk is in another boot.
//!
//! Once the disk has it that the walk came to its end, what nobody declared is taken to be there:
//! nothing could tell.

use std::collections::BTreeMap;
use std::fs;
use std::mem;

use walk_core::{SqliteStore, Store as _};

use super::sources::{self, Version};
use super::strace::{self, Change};
use crate::project::Project;

/// What is written to a disk at once.
const SECTOR: usize = 512;

/// How many losses are tried, unless it is said otherwise, and at the most.
const CASES: usize = 12;
const MOST_CASES: usize = 1000;

/// The store's files, by name.
type Files = BTreeMap<String, Vec<u8>>;

/// A recorded walk.
struct Recording {
    /// Before it.
    files: Files,
    has_outputs: bool,
    changes: Vec<(String, Change)>,
}

/// Numbers that a seed decides: `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("small");
        usize::try_from((mixed ^ (mixed >> 31)) % limit).expect("below the limit")
    }
}

impl Recording {
    /// Records the walk after an edit, or a first walk.
    fn of(is_first: bool) -> Self {
        let project = sources::project();
        let mut files = Files::new();
        if !is_first {
            Version::First.edit(&project);
            strace::record(&project);
            for name in ["state.db", "state.db-wal"] {
                let bytes = fs::read(project.path(".walk").join(name)).expect("a file");
                files.insert(name.into(), bytes);
            }
        }
        Version::Second.edit(&project);
        let changes = strace::record(&project);
        assert!(strace::is_other_boot(&project.path(".walk/state.db")));
        Self { files, has_outputs: !is_first, changes }
    }

    /// Returns what is on the disk if power fails after `count` changes. `luck` of a hundred
    /// sectors are there that nobody waited for.
    fn after(&self, count: usize, luck: usize, random: &mut Random) -> Files {
        let mut files = self.files.clone();
        let mut waiting: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
        for (name, change) in &self.changes[..count] {
            if *change != Change::Sync {
                waiting.entry(name).or_default().push(change);
                continue;
            }
            for (other, pending) in &mut waiting {
                if other == name || pending.last() == Some(&&Change::Remove) {
                    for change in mem::take(pending) {
                        apply(&mut files, other, change, || true);
                    }
                }
            }
        }
        for (name, pending) in waiting {
            for change in pending {
                apply(&mut files, name, change, || random.below(100) < luck);
            }
        }
        files
    }

    /// Returns whether a job can have been started: the store was told before that, and waited.
    fn has_begun(&self, count: usize) -> bool {
        self.changes[..count].iter().filter(|it| it.1 == Change::Sync).count() >= 2
    }
}

/// Does that of a change which reaches the disk.
fn apply(files: &mut Files, name: &str, change: &Change, mut reaches: impl FnMut() -> bool) {
    if *change == Change::Remove {
        if reaches() {
            files.remove(name);
        }
        return;
    }
    let file = files.entry(name.to_owned()).or_default();
    match change {
        Change::Write(offset, bytes) => {
            let offset = usize::try_from(*offset).expect("small");
            let mut start = 0;
            while start < bytes.len() {
                let end = bytes.len().min(start + SECTOR - (offset + start) % SECTOR);
                if reaches() {
                    let new_length = file.len().max(offset + end);
                    file.resize(new_length, 0);
                    file[offset + start..offset + end].copy_from_slice(&bytes[start..end]);
                }
                start = end;
            }
        }
        Change::Length(length) if reaches() => {
            file.resize(usize::try_from(*length).expect("small"), 0);
        }
        Change::Length(_) | Change::Remove | Change::Sync => {}
    }
}

/// Makes a project as it is found after power failed.
fn found(recording: &Recording, count: usize, luck: usize, random: &mut Random) -> Project {
    let project = sources::project();
    fs::create_dir(project.path(".walk")).expect("it is made");
    for (name, bytes) in recording.after(count, luck, random) {
        fs::write(project.path(".walk").join(name), bytes).expect("it is written");
    }
    let (has_begun, has_ended) = (recording.has_begun(count), !was_unclean(&project));
    let first = Version::First.results();
    for ((path, old), (_, new)) in first.into_iter().zip(Version::Second.results()) {
        let is_declared = !["kept", "undeclared"].contains(&path);
        let fate = match (has_begun, has_ended) {
            (false, _) => 0,
            (true, true) if !is_declared => 1,
            (true, _) => random.below(5),
        };
        let content = match fate {
            0 if recording.has_outputs => Some(old),
            1 => Some(new),
            2 => Some(String::new()),
            3 => Some("\0".repeat(new.len())),
            _ => None,
        };
        if let Some(content) = content {
            project.write(path, &content);
        }
    }
    project
}

/// Returns whether the store on the disk says that a walk was under way; its files stay as they
/// are.
fn was_unclean(project: &Project) -> bool {
    let copy = Project::empty();
    for name in ["state.db", "state.db-wal", "state.db-journal"] {
        if project.exists(&format!(".walk/{name}")) {
            fs::copy(project.path(".walk").join(name), copy.path(name)).expect("it is copied");
        }
    }
    let opened = SqliteStore::open_read_only(copy.path("state.db"));
    matches!(opened, Ok(Some(store)) if store.was_unclean())
}

/// Lets power fail `cases` times, at moments that are spread over the walk.
fn check(is_first: bool, part: u64) {
    if !strace::is_there() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|it| it.parse().expect("a number"));
    let seed = number("WALK_SEED").unwrap_or(0);
    let wanted = number("WALK_CASES").map(|it| usize::try_from(it).expect("a size"));
    let cases = wanted.map_or(CASES, |it| it.clamp(CASES, MOST_CASES));
    let recording = Recording::of(is_first);
    let moments = recording.changes.len() + 1;
    for case in 0..cases {
        let mut random = Random(seed ^ (part << 32) ^ ((case as u64) << 16));
        let count = if cases < moments { case * moments / cases } else { case % moments };
        let luck = [0, 100, 50, 10, 90][random.below(5)];
        let project = found(&recording, count, luck, &mut random);
        let version = if random.below(2) == 0 { Version::First } else { Version::Second };
        version.edit(&project);
        let why = format!(
            "power failed after {count} of {moments} changes, case {case} of WALK_SEED={seed}, \
             luck {luck}, then {version:?}"
        );
        let said = version.assert_built(&project, &why);
        assert!(!said.contains("cannot be used") || is_first, "{why}: {said}");
    }
    let syncs = recording.changes.iter().filter(|it| it.1 == Change::Sync).count();
    println!("{cases} losses of power in a walk of {} changes, {syncs} waits", moments - 1);
}

#[test]
fn power_may_fail_at_any_moment() {
    check(false, 1);
}

#[test]
fn power_may_fail_at_any_moment_of_a_first_walk() {
    check(true, 2);
}

/// A walk waits for the disk a few times, however much it does.
#[test]
fn a_walk_waits_for_the_disk_a_few_times() {
    if !strace::is_there() {
        return;
    }
    for (actions, most) in [(1, 10), (100, 10)] {
        let action =
            |it: u32| format!("[action.a{it}]\nrun = \"echo {it} > o{it}\"\nout = [\"o{it}\"]\n");
        let project = Project::new(&(0..actions).map(action).collect::<String>());
        let changes = strace::record(&project);
        let syncs = changes.iter().filter(|it| it.1 == Change::Sync).count();
        println!("{syncs} waits in the first walk of {actions} actions");
        assert!(syncs <= most, "{syncs} for {actions} actions");
    }
}
