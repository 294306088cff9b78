//! Arbitrary text as a manifest: JSON or JSON lines from standard input if it begins like that,
//! else TOML in a file.
//!
//! A plan that was accepted has to be one that can be walked. Globs look at an empty directory;
//! text whose globs might leave it is not tried, since what they find is the machine's.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use tempfile::TempDir;
use walk_plan::{Overrides, Plan, Source};

/// Directories inside one another, so that a way up does not lead out at once.
static PLACE: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let outer = tempfile::tempdir().expect("a temporary directory");
    let inner = outer.path().join("a/b/c/d/e/f/g/h");
    fs::create_dir_all(&inner).expect("it is empty");
    (outer, inner)
});

fuzz_target!(|text: &[u8]| -> Corpus {
    if may_leave(text) {
        return Corpus::Reject;
    }
    if let Ok(plan) = Plan::read(&source(text, &PLACE.1), &Overrides::default()) {
        let all = plan.select(&[]).expect("no target stands for something");
        let dag = plan.dag(&[]).expect("cycles are refused when a plan is read");
        assert!(all.len() <= dag.len(), "{} of {} actions", all.len(), dag.len());
    }
    Corpus::Keep
});

fn source(text: &[u8], root: &Path) -> Source {
    if text.trim_ascii_start().starts_with(b"{") {
        return Source::Stdin { text: text.to_vec(), root: root.into() };
    }
    let file = root.join("walk.toml");
    // Never overwritten: some file systems then wait for the disk.
    let _ = fs::remove_file(&file);
    fs::write(&file, text).expect("the directory is ours");
    Source::File(file)
}

/// Returns whether a path may be absolute, or lead up: a slash that does not follow a name, two
/// dots, or an escape that hides them.
fn may_leave(text: &[u8]) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*?".contains(&byte);
    let begins = |pair: &[u8]| match *pair {
        [before, b'/'] => !is_name(before),
        [b'.', b'.'] => true,
        [b'\\', it] => matches!(it, b'u' | b'U' | b'x'),
        _ => false,
    };
    text.starts_with(b"/") || text.windows(2).any(begins)
}
