//! Arbitrary bytes as what is remembered of an action: its note, the elements of its fingerprint,
//! and what a lock file says of who has the lock.
//!
//! The bytes are split at the first zero. What comes before is the note, and the text of the lock
//! file; each line after it is an element, with a tab between its name and its value. Nothing is
//! executed: it is asked what would run.

#![no_main]

use std::fs;
use std::path::{Component, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use walk_fingerprint::{Fingerprint, MemoryStore, Store};
use walk_plan::{ActionSpec, CommandWalk, Held, Loaded, Lock, Options, PlanBuilder, StateDir};

/// A project, its state, and the lock of that.
static PLACE: LazyLock<(TempDir, StateDir, Lock)> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("in"), "in").expect("it can be written");
    let state = StateDir::new(root.path().join(".walk"));
    state.create().expect("it can be made");
    let lock = state.lock("the fuzzer").expect("nobody else has it");
    (root, state, lock)
});

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().position(|it| *it == 0);
    let (note, elements) = bytes.split_at(split.unwrap_or(bytes.len()));
    ask_for_lock(note);
    let mut store = MemoryStore::new();
    store.save_note("a", Some(note)).expect("memory");
    store.save_fingerprint("a", Some(&fingerprint(elements))).expect("memory");
    ask(Box::new(store));
});

fn fingerprint(text: &[u8]) -> Fingerprint {
    let text = String::from_utf8_lossy(text.strip_prefix(&[0]).unwrap_or(text)).into_owned();
    let mut fingerprint = Fingerprint::new();
    for (name, value) in text.lines().filter_map(|it| it.split_once('\t')) {
        fingerprint.add(name, value);
    }
    fingerprint
}

/// Asks what would run, what is left over, and what is known of the last run.
fn ask(store: Box<dyn Store>) {
    let (root, state, _) = &*PLACE;
    let action = ActionSpec::new("a").shell("true").input("in").output("out").depfile("d");
    let mut builder = PlanBuilder::new(root.path());
    builder.add(action);
    let plan = builder.build().expect("a plan");
    let mut options = Options::default();
    options.dry_run = true;
    let mut loaded = Loaded::new(store, true).expect("memory");
    let known = loaded.discovered("a").expect("memory").unwrap_or_default();
    let mut walk = CommandWalk::with_loaded(plan, state.clone(), loaded, options).expect("memory");
    let _: Vec<PathBuf> = walk.leftovers().expect("memory");
    if let Some(note) = walk.note("a").expect("memory") {
        let _ = (note.status(), note.duration(), note.started());
    }
    let dag = walk.dag(&walk.plan().select(&[]).expect("all")).expect("no cycle");
    // Other files are the machine's, and some of its devices never end.
    let is_inside = |it: &PathBuf| it.components().all(|it| matches!(it, Component::Normal(_)));
    if known.iter().all(is_inside)
        && let Ok(report) = walk.run(&dag)
    {
        assert_eq!(report.actions().len(), 1, "{known:?}");
    }
}

fn ask_for_lock(text: &[u8]) {
    let (_, state, _) = &*PLACE;
    fs::write(state.path().join("lock"), text).expect("it can be written");
    let Ok(Held::By(holder)) = state.try_lock("another") else { panic!("it is taken") };
    assert!(!holder.contains(char::is_control), "{holder:?}");
}
