//! A generated graph on disk, for one peer: writes it, changes it, and sees what was built.
//!
//! Removing many files takes longer than building them, so what is to go is moved aside and
//! removed when the tree is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::graph::Graph;
use super::peers::Peer;

/// What an output was when it was looked at: its modification time and inode, if it was there.
pub(crate) type Seen = Option<(i64, i64, u64)>;

/// A tree that one peer builds.
pub(crate) struct Tree<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) graph: &'a Graph,
    pub(crate) root: PathBuf,
    edits: usize,
    removed: usize,
}

impl<'a> Tree<'a> {
    /// Writes sources, empty folders for the outputs, and what the peer reads.
    ///
    /// # Errors
    ///
    /// The disk is full or not writable, or the peer refuses the tree.
    pub(crate) fn write(graph: &'a Graph, peer: &'a Peer, root: PathBuf) -> Result<Self> {
        remove(&root)?;
        fs::create_dir_all(&root)?;
        let sources = graph.sources.iter().map(|(source, _)| source);
        folders(sources, &root)?;
        folders(graph.actions.iter().map(|action| &action.output), &root)?;
        for (number, (source, bytes)) in graph.sources.iter().enumerate() {
            write_source(&root.join(source), number, *bytes)?;
        }
        peer.write(graph, &root)?;
        peer.init(&root)?;
        Ok(Self { peer, graph, root, edits: 0, removed: 0 })
    }

    /// Changes a byte of a file, to another one each time.
    ///
    /// # Errors
    ///
    /// The file is empty or not writable.
    pub(crate) fn edit(&mut self, file: &str) -> Result<()> {
        self.edits += 1;
        let path = self.root.join(file);
        let mut bytes = fs::read(&path)?;
        let last = bytes.last_mut().with_context(|| format!("{file} is empty"))?;
        *last = b"abcdefghijklmnopqrstuvwxyz"[self.edits % 26];
        fs::write(path, bytes)?;
        Ok(())
    }

    /// Moves the modification time of a file to now.
    ///
    /// # Errors
    ///
    /// The file is not there or not ours.
    pub(crate) fn touch(&self, file: &str) -> Result<()> {
        let file = File::options().append(true).open(self.root.join(file))?;
        file.set_modified(SystemTime::now())?;
        Ok(())
    }

    /// Removes all that was built and remembered.
    ///
    /// # Errors
    ///
    /// The tree is not writable, or the peer refuses it.
    pub(crate) fn wipe(&mut self) -> Result<()> {
        for path in self.peer.state(&self.root)? {
            self.put_aside(&path)?;
        }
        self.remove_outputs()?;
        self.peer.init(&self.root)
    }

    /// Removes all that was built; what is remembered of it stays.
    ///
    /// # Errors
    ///
    /// The tree is not writable.
    pub(crate) fn remove_outputs(&mut self) -> Result<()> {
        self.put_aside(&self.root.join("out"))?;
        folders(self.graph.actions.iter().map(|action| &action.output), &self.root)
    }

    fn put_aside(&mut self, path: &Path) -> Result<()> {
        let aside = aside(&self.root);
        fs::create_dir_all(&aside)?;
        self.removed += 1;
        fs::rename(path, aside.join(self.removed.to_string()))?;
        Ok(())
    }

    /// What the outputs are now, in the order of their actions.
    pub(crate) fn outputs(&self) -> Vec<Seen> {
        let outputs = self.graph.actions.iter().map(|action| self.root.join(&action.output));
        outputs
            .map(|output| {
                let found = fs::symlink_metadata(output).ok()?;
                Some((found.mtime(), found.mtime_nsec(), found.ino()))
            })
            .collect()
    }
}

impl Drop for Tree<'_> {
    fn drop(&mut self) {
        // What stays is removed before the next tree is written here.
        let _ = remove(&self.root);
    }
}

/// Where that is which was moved out of a tree: beside it, so that nobody sees it in there.
fn aside(root: &Path) -> PathBuf {
    root.with_extension("removed")
}

fn remove(root: &Path) -> Result<()> {
    for path in [root.to_owned(), aside(root)] {
        if path.exists() {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn folders<'a>(files: impl Iterator<Item = &'a String>, root: &Path) -> Result<()> {
    let folders: BTreeSet<_> = files.filter_map(|file| Path::new(file).parent()).collect();
    for folder in folders {
        fs::create_dir_all(root.join(folder))?;
    }
    Ok(())
}

/// As many bytes as no other source has, a month old.
fn write_source(path: &Path, number: usize, bytes: usize) -> Result<()> {
    let old = SystemTime::now() - Duration::from_secs(30 * 86_400);
    let mut text = format!("{number:<15}\n");
    while text.len() < bytes {
        writeln!(text, "{number:08x} is what this line says")?;
    }
    text.truncate(bytes);
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.set_modified(old)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::graph::Shape;
    use super::*;

    fn check(test: impl Fn(&Graph, &mut Tree<'_>)) {
        let folder = tempfile::tempdir().expect("a directory");
        let graph = Graph::new(Shape::Wide, 3);
        let peer = Peer::ninja(Path::new("/bin/true")).expect("there is one");
        let root = folder.path().join("tree");
        let mut tree = Tree::write(&graph, &peer, root).expect("it is writable");
        test(&graph, &mut tree);
    }

    #[test]
    fn a_tree_is_complete() {
        check(|_, tree| {
            let text = fs::read(tree.root.join("src/000/s000002.c")).expect("it is there");
            assert_eq!((text.len(), &text[..3]), (1024, &b"2  "[..]));
            assert!(tree.root.join("out/000").is_dir());
            assert!(tree.root.join("build.ninja").is_file());
        });
    }

    #[test]
    fn each_edit_is_another_content() {
        check(|graph, tree| {
            let read =
                |tree: &Tree<'_>| fs::read(tree.root.join(&graph.leaf)).expect("it is there");
            let mut contents = vec![read(tree)];
            for _ in 0..2 {
                tree.edit(&graph.leaf).expect("it is writable");
                contents.push(read(tree));
            }
            contents.dedup();
            assert_eq!(contents.len(), 3);
        });
    }

    #[test]
    fn what_was_built_and_remembered_is_gone_after_a_wipe() {
        check(|graph, tree| {
            let [output, state] =
                [&graph.actions[1].output, ".ninja_log"].map(|it| tree.root.join(it));
            for file in [&output, &state] {
                fs::write(file, "built").expect("it is writable");
            }
            assert_eq!(tree.outputs().iter().flatten().count(), 1);
            tree.wipe().expect("it is writable");
            assert_eq!(tree.outputs(), [None; 3]);
            assert!(!state.exists() && output.parent().expect("it has one").is_dir());
        });
    }
}
