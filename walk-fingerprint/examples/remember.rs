//! Says whether files changed since the last time it was run, and remembers them.
//!
//! Run with `cargo run -p walk-fingerprint --example remember -- STORE FILE...`; without arguments
//! it watches this source file, with a store in the directory for temporary files.

use std::error::Error;
use std::path::{Path, PathBuf};

use walk_fingerprint::{DigestCache, FileState, Fingerprint, SqliteStore, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let store = arguments.next().unwrap_or_else(|| std::env::temp_dir().join("remember.store"));
    let mut files: Vec<PathBuf> = arguments.collect();
    if files.is_empty() {
        files.push(file!().into());
    }

    let mut store = SqliteStore::open(store)?;
    let mut cache = DigestCache::from_rows(PathBuf::new(), store.load_digests()?);
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let mut now = Fingerprint::new();
    for (path, observed) in paths.iter().zip(cache.observe(&paths)) {
        match observed?.state {
            FileState::Missing => now.add(path.to_string_lossy(), "missing"),
            FileState::File(digest) | FileState::Directory(digest) => {
                now.add(path.to_string_lossy(), digest)
            }
        };
    }

    let previous = store.load_fingerprint("files")?.unwrap_or_default();
    let diff = now.diff(&previous);
    println!("{} files, {} changed", files.len(), diff.names().count());
    for name in diff.names() {
        println!("  {name}");
    }

    store.save_fingerprint("files", Some(&now))?;
    store.save_digests(&cache.dirty_rows())?;
    store.commit()?;
    Ok(())
}
