//! Brings the outputs that an `ActionResult` names into place.
//!
//! Nothing in it is believed: it has to name just the outputs that were asked for, names may not
//! lead anywhere, and everything is written beside before the first output is touched.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use prost::Message as _;

use crate::digest::Digest;
use crate::links::{led, refuse_undeclared};
use crate::store::{Store, Wanted};
use crate::{Question, message};

/// How many files and directories one output may have.
const MOST: usize = 1_000_000;

/// The longest description of a directory, or of what an action wrote.
pub(crate) const LONGEST: u64 = 256 << 20;

/// The outputs of an action, staged.
pub(crate) struct Staged {
    directory: tempfile::TempDir,
    /// What is staged by which name, and where it belongs.
    outputs: Vec<(PathBuf, String)>,
    /// The blobs that were fetched.
    pub(crate) blobs: Vec<(Digest, PathBuf)>,
    /// Blobs that were read and not written to a file.
    pub(crate) small: Vec<Vec<u8>>,
    /// What the action wrote.
    pub(crate) log: Vec<u8>,
    pub(crate) bytes: u64,
}

/// Fetches everything that `result` names to a directory in `staging`.
///
/// # Errors
///
/// Fails if it is no result for this `question`, or anything is missing or wrong.
pub(crate) fn stage(
    result: &message::ActionResult,
    question: &Question,
    staging: &Path,
    store: &dyn Store,
) -> io::Result<Staged> {
    refuse_others(result, &question.outputs)?;
    let directory = tempfile::Builder::new().prefix("restore-").tempdir_in(staging)?;
    let mut draft = Draft { wanted: Vec::new(), entries: 0, small: Vec::new() };
    let mut staged = Vec::new();
    let place = |at: usize| directory.path().join(at.to_string());
    for it in &result.output_files {
        let path = place(staged.len());
        draft.want(it.digest.as_ref(), path.clone(), it.is_executable)?;
        staged.push((path, it.path.clone()));
    }
    for it in &result.output_symlinks {
        let path = place(staged.len());
        refuse_undeclared(question, &it.path, &it.target)?;
        symlink(&it.target, &path)?;
        staged.push((path, it.path.clone()));
    }
    for it in &result.output_directories {
        let path = place(staged.len());
        draft.tree(it, path.clone(), store)?;
        staged.push((path, it.path.clone()));
    }
    let log = match Digest::read(result.stdout_digest.as_ref()) {
        Some(digest) if digest.size <= LONGEST => store.read(digest)?,
        Some(digest) => return Err(wrong(&format!("{} bytes of output", digest.size))),
        None => result.stdout_raw.clone(),
    };
    if result.stdout_digest.is_some() {
        draft.small.push(log.clone());
    }
    store.fetch(&draft.wanted)?;
    let bytes = draft.wanted.iter().map(|it| it.digest.size).sum::<u64>() + log.len() as u64;
    let blobs = draft.wanted.into_iter().map(|it| (it.digest, it.path)).collect();
    Ok(Staged { directory, outputs: staged, blobs, small: draft.small, log, bytes })
}

impl Staged {
    /// Moves everything into place below `root`.
    pub(crate) fn place(self, root: &Path) -> io::Result<()> {
        for (at, (from, output)) in self.outputs.iter().enumerate() {
            let to = root.join(output);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            let is_directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
            if is_directory(&to) || (is_directory(from) && fs::symlink_metadata(&to).is_ok()) {
                fs::rename(&to, self.directory.path().join(format!("old-{at}")))?;
            }
            fs::rename(from, &to)?;
        }
        let places = self.outputs.iter().map(|it| root.join(&it.1));
        let gone: Vec<PathBuf> = places.filter(|it| fs::metadata(it).is_err()).collect();
        // The command would write through them, or to nowhere.
        for path in &gone {
            drop(fs::remove_file(path));
        }
        match gone.first() {
            Some(path) => Err(wrong(&format!("`{}` leads to nothing", path.display()))),
            None => Ok(()),
        }
    }
}

/// Complains of a result.
pub(crate) fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a wrong result: {what}"))
}

/// Refuses a result that does not name each output once, and nothing else.
fn refuse_others(result: &message::ActionResult, outputs: &[String]) -> io::Result<()> {
    if result.exit_code != 0 {
        return Err(wrong(&format!("exit code {}", result.exit_code)));
    }
    let files = result.output_files.iter().map(|it| &it.path);
    let directories = result.output_directories.iter().map(|it| &it.path);
    let links = result.output_symlinks.iter().map(|it| &it.path);
    let mut named: Vec<&String> = files.chain(directories).chain(links).collect();
    let mut wanted: Vec<&String> = outputs.iter().collect();
    let is_behind = |link: &String| {
        wanted.iter().any(|it| *it != link && Path::new(it.as_str()).starts_with(link))
    };
    if let Some(link) = result.output_symlinks.iter().find(|it| is_behind(&it.path)) {
        return Err(wrong(&format!("`{}` is a link, with outputs behind it", link.path)));
    }
    named.sort_unstable();
    wanted.sort_unstable();
    if named == wanted { Ok(()) } else { Err(wrong("it has other outputs")) }
}

/// What is to be fetched.
struct Draft {
    wanted: Vec<Wanted>,
    entries: usize,
    small: Vec<Vec<u8>>,
}

impl Draft {
    fn want(
        &mut self,
        digest: Option<&message::Digest>,
        path: PathBuf,
        is_executable: bool,
    ) -> io::Result<()> {
        let digest = Digest::read(digest).ok_or_else(|| wrong("a file without a digest"))?;
        self.count()?;
        self.wanted.push(Wanted { digest, path, is_executable });
        Ok(())
    }

    fn count(&mut self) -> io::Result<()> {
        self.entries += 1;
        if self.entries > MOST { Err(wrong("too many files")) } else { Ok(()) }
    }

    fn tree(
        &mut self,
        output: &message::OutputDirectory,
        path: PathBuf,
        store: &dyn Store,
    ) -> io::Result<()> {
        let digest = Digest::read(output.tree_digest.as_ref());
        let digest = digest.ok_or_else(|| wrong("a directory without a digest"))?;
        if digest.size > LONGEST {
            return Err(wrong(&format!("a directory of {} bytes", digest.size)));
        }
        let bytes = store.read(digest)?;
        let tree = message::Tree::decode(&*bytes).map_err(|it| wrong(&it.to_string()))?;
        self.small.push(bytes);
        let children: BTreeMap<Digest, &message::Directory> =
            tree.children.iter().map(|it| (Digest::of(&it.encode_to_vec()), it)).collect();
        let root = tree.root.as_ref().ok_or_else(|| wrong("a directory without a root"))?;
        let mut todo = vec![(root, path, output.path.clone())];
        while let Some((directory, path, at)) = todo.pop() {
            self.count()?;
            DirBuilder::new().create(&path)?;
            for it in &directory.files {
                let path = path.join(name(&it.name)?);
                self.want(it.digest.as_ref(), path, it.is_executable)?;
            }
            for it in &directory.symlinks {
                self.count()?;
                let name = name(&it.name)?;
                led(&format!("{at}/{name}"), &it.target)?;
                symlink(&it.target, path.join(name))?;
            }
            for it in &directory.directories {
                let child = Digest::read(it.digest.as_ref()).and_then(|it| children.get(&it));
                let child = child.ok_or_else(|| wrong("a directory that is not in the tree"))?;
                let name = name(&it.name)?;
                todo.push((*child, path.join(name), format!("{at}/{name}")));
            }
        }
        Ok(())
    }
}

/// Refuses a name that is none.
fn name(name: &str) -> io::Result<&str> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(wrong(&format!("a file called {name:?}")));
    }
    Ok(name)
}

/// Makes a file that is not there yet, as the umask allows.
pub(crate) fn create(path: &Path, is_executable: bool) -> io::Result<File> {
    let mode = if is_executable { 0o777 } else { 0o666 };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Blob;

    /// Blobs in memory.
    #[derive(Default)]
    struct Shelf(HashMap<Digest, Vec<u8>>);

    impl Shelf {
        fn add(&mut self, bytes: Vec<u8>) -> message::Digest {
            let digest = Digest::of(&bytes);
            self.0.insert(digest, bytes);
            digest.message()
        }
    }

    impl Store for Shelf {
        fn result(&self, _: Digest) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn put_result(&self, _: Digest, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn read(&self, digest: Digest) -> io::Result<Vec<u8>> {
            self.0.get(&digest).cloned().ok_or(io::ErrorKind::NotFound.into())
        }

        fn fetch(&self, blobs: &[Wanted]) -> io::Result<()> {
            blobs.iter().try_for_each(|it| {
                let bytes = self.read(it.digest)?;
                io::Write::write_all(&mut create(&it.path, it.is_executable)?, &bytes)
            })
        }

        fn put(&self, _: &[Blob]) -> io::Result<u64> {
            Ok(0)
        }
    }

    fn question(outputs: &[&str]) -> Question {
        let outputs = outputs.iter().map(ToString::to_string).collect();
        Question { inputs: vec!["staging".into()], outputs, ..Question::default() }
    }

    /// Places a result with one output `out`, and says what else came to be beside it.
    fn place(result: &message::ActionResult, shelf: &Shelf) -> io::Result<Vec<String>> {
        let root = tempfile::tempdir()?;
        let project = root.path().join("a/project");
        let staging = project.join("staging");
        fs::create_dir_all(&staging)?;
        stage(result, &question(&["out"]), &staging, shelf)?.place(&project)?;
        let mut found = Vec::new();
        let mut todo = vec![root.path().to_path_buf()];
        while let Some(directory) = todo.pop() {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    todo.push(entry.path());
                } else {
                    found.push(
                        entry
                            .path()
                            .strip_prefix(&project)
                            .map_or("out of it!".into(), |it| it.to_string_lossy().into_owned()),
                    );
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn tree(name: &str, shelf: &mut Shelf) -> message::ActionResult {
        let digest = Some(shelf.add(b"content".to_vec()));
        let file = message::FileNode { name: name.into(), digest, is_executable: false };
        let root = message::Directory { files: vec![file], ..Default::default() };
        let tree = message::Tree { root: Some(root), children: Vec::new() };
        let tree_digest = Some(shelf.add(tree.encode_to_vec()));
        let output = message::OutputDirectory { path: "out".into(), tree_digest };
        message::ActionResult { output_directories: vec![output], ..Default::default() }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let mut shelf = Shelf::default();
        let good = tree("file", &mut shelf);
        assert_eq!(place(&good, &shelf).expect("it is good"), ["out/file"]);
        for name in ["", ".", "..", "../x", "a/b", "/etc/x", "a\0b"] {
            let bad = tree(name, &mut shelf);
            assert!(place(&bad, &shelf).is_err(), "{name:?}");
        }
    }

    #[test]
    fn other_outputs_than_asked_for_are_refused() {
        let mut shelf = Shelf::default();
        let digest = Some(shelf.add(b"content".to_vec()));
        let file = |path: &str| message::OutputFile {
            path: path.into(),
            digest: digest.clone(),
            is_executable: false,
        };
        let result = |files: &[&str]| message::ActionResult {
            output_files: files.iter().map(|it| file(it)).collect(),
            ..Default::default()
        };
        assert_eq!(place(&result(&["out"]), &shelf).expect("it is good"), ["out"]);
        for files in [&["../x"][..], &["out", "more"], &["out", "out"], &[], &["/etc/passwd"]] {
            assert!(place(&result(files), &shelf).is_err(), "{files:?}");
        }
        let failed = message::ActionResult { exit_code: 1, ..result(&["out"]) };
        assert!(place(&failed, &shelf).is_err());
    }

    #[test]
    fn links_that_lead_elsewhere_are_refused() {
        let mut shelf = Shelf::default();
        let link = |path: &str, target: &str| message::OutputSymlink {
            path: path.into(),
            target: target.into(),
        };
        let result = |target: &str| message::ActionResult {
            output_symlinks: vec![link("out", target)],
            ..Default::default()
        };
        assert!(place(&result("staging"), &shelf).is_ok());
        for target in ["", "/etc/passwd", "a\0b", "..", "../project/staging", "other"] {
            assert!(place(&result(target), &shelf).is_err(), "{target:?}");
        }
        let file = message::OutputFile {
            path: "out/file".into(),
            digest: Some(shelf.add(b"content".to_vec())),
            is_executable: false,
        };
        let behind = message::ActionResult { output_files: vec![file], ..result("..") };
        let outputs = question(&["out", "out/file"]);
        let staging = tempfile::tempdir().expect("a directory");
        assert!(stage(&behind, &outputs, staging.path(), &shelf).is_err());
    }

    /// A server could have had the next command write to any file of its user.
    #[test]
    fn a_link_in_a_directory_that_led_out_of_the_project_is_refused() {
        let mut shelf = Shelf::default();
        for (target, is_good) in [("file", true), ("../staging", true), ("../../x", false)] {
            let link = message::SymlinkNode { name: "link".into(), target: target.into() };
            let root = message::Directory { symlinks: vec![link], ..Default::default() };
            let tree = message::Tree { root: Some(root), children: Vec::new() };
            let tree_digest = Some(shelf.add(tree.encode_to_vec()));
            let output = message::OutputDirectory { path: "out".into(), tree_digest };
            let result =
                message::ActionResult { output_directories: vec![output], ..Default::default() };
            assert_eq!(place(&result, &shelf).is_ok(), is_good, "{target}");
        }
    }

    /// The command, which then ran, failed as it wrote to it.
    #[test]
    fn a_link_that_leads_to_nothing_was_left_in_place_of_the_output() {
        let link = message::OutputSymlink { path: "out".into(), target: "out".into() };
        let result = message::ActionResult { output_symlinks: vec![link], ..Default::default() };
        let project = tempfile::tempdir().expect("a directory");
        let staged = stage(&result, &question(&["out"]), project.path(), &Shelf::default());
        assert!(staged.expect("it is a link").place(project.path()).is_err());
        assert!(fs::symlink_metadata(project.path().join("out")).is_err());
    }

    /// A tree whose directories are each named twice grows without end.
    #[test]
    fn a_tree_that_explodes_is_refused() {
        let mut shelf = Shelf::default();
        let mut children = vec![message::Directory::default()];
        for _ in 0..40 {
            let digest = Digest::of(&children[children.len() - 1].encode_to_vec()).message();
            let node = |name: &str| message::DirectoryNode {
                name: name.into(),
                digest: Some(digest.clone()),
            };
            let directories = vec![node("a"), node("b")];
            children.push(message::Directory { directories, ..Default::default() });
        }
        // So that what is refused is a number, and not what a disk can hold.
        let names = (0..300).map(|it| message::DirectoryNode {
            name: "x".repeat(300 + it),
            digest: Some(Digest::of(&children[40].encode_to_vec()).message()),
        });
        let root = message::Directory { directories: names.collect(), ..Default::default() };
        let tree = message::Tree { root: Some(root), children };
        let tree_digest = Some(shelf.add(tree.encode_to_vec()));
        let output = message::OutputDirectory { path: "out".into(), tree_digest };
        let result =
            message::ActionResult { output_directories: vec![output], ..Default::default() };
        assert!(place(&result, &shelf).is_err());
    }

    proptest! {
        /// Whatever bytes a server sends: nothing panics, and nothing is made but the output.
        #[test]
        fn nonsense_makes_nothing(
            result in prop::collection::vec(any::<u8>(), 0..200),
            nonsense in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut shelf = Shelf::default();
            let tree_digest = Some(shelf.add(nonsense));
            let output = message::OutputDirectory { path: "out".into(), tree_digest };
            let tree =
                message::ActionResult { output_directories: vec![output], ..Default::default() };
            let decoded = message::ActionResult::decode(&*result).ok();
            for result in decoded.iter().chain([&tree]) {
                if let Ok(made) = place(result, &shelf) {
                    prop_assert!(made.iter().all(|it| it.starts_with("out")), "{:?}", made);
                }
            }
        }
    }
}
