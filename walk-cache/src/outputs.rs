//! What an action made, as an `ActionResult` and the blobs that it names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use prost::Message as _;

use crate::digest::Digest;
use crate::links::{led, refuse_undeclared};
use crate::place::LONGEST;
use crate::seen::Seen;
use crate::store::Blob;
use crate::{Question, message};

/// Describes the outputs below `root`, and what the action wrote.
///
/// # Errors
///
/// Fails if one of them is not there, or is nothing that can be described.
pub(crate) fn describe(
    question: &Question,
    root: &Path,
    log: &[u8],
    seen: &Seen,
) -> io::Result<(message::ActionResult, Vec<Blob>)> {
    let mut result = message::ActionResult::default();
    let mut blobs = Vec::new();
    for output in &question.outputs {
        let path = root.join(output);
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            let target = link(&path, root)?;
            refuse_undeclared(question, output, &target)?;
            result.output_symlinks.push(message::OutputSymlink { path: output.clone(), target });
        } else if kind.is_dir() {
            let tree = tree(path, root, seen, &mut blobs)?.encode_to_vec();
            refuse_longer(&tree)?;
            let tree_digest = Some(Digest::of(&tree).message());
            blobs.push(Blob::of(tree));
            result
                .output_directories
                .push(message::OutputDirectory { path: output.clone(), tree_digest });
        } else {
            let file = seen.file(&path)?;
            blobs.push(Blob::File(file.digest, path));
            result.output_files.push(message::OutputFile {
                path: output.clone(),
                digest: Some(file.digest.message()),
                is_executable: file.is_executable,
            });
        }
    }
    refuse_longer(log)?;
    if !log.is_empty() {
        result.stdout_digest = Some(Digest::of(log).message());
        blobs.push(Blob::of(log.to_vec()));
    }
    Ok((result, blobs))
}

/// Refuses what nobody would take back.
fn refuse_longer(bytes: &[u8]) -> io::Result<()> {
    let is_longer = bytes.len() as u64 > LONGEST;
    if is_longer { Err(io::Error::other("more than is restored")) } else { Ok(()) }
}

/// Returns where a link leads; one that leads out of the project is no good elsewhere.
fn link(path: &Path, root: &Path) -> io::Result<String> {
    let target = fs::read_link(path)?;
    let text = || io::Error::other(format!("`{}` is a link to no text", path.display()));
    let at = path.strip_prefix(root).ok().and_then(Path::to_str).ok_or_else(text)?;
    let target = target.to_str().ok_or_else(text)?;
    led(at, target).map(|_| target.to_owned())
}

/// Describes a directory with all that is below it: the deepest first, as each names the digests of
/// those in it.
fn tree(
    path: PathBuf,
    project: &Path,
    seen: &Seen,
    blobs: &mut Vec<Blob>,
) -> io::Result<message::Tree> {
    let mut order = Vec::new();
    let mut todo = vec![path];
    while let Some(directory) = todo.pop() {
        for entry in sorted(&directory)? {
            if entry.file_type()?.is_dir() {
                todo.push(entry.path());
            }
        }
        order.push(directory);
    }
    let mut known: std::collections::BTreeMap<PathBuf, message::Digest> = [].into();
    let mut children = Vec::new();
    let mut root = None;
    for directory in order.into_iter().rev() {
        let message = directory_of(&directory, project, &known, seen, blobs)?;
        let encoded = message.encode_to_vec();
        known.insert(directory, Digest::of(&encoded).message());
        // A tree holds them all; there are servers that also want each for itself.
        blobs.push(Blob::of(encoded));
        children.extend(root.replace(message));
    }
    Ok(message::Tree { root, children })
}

fn sorted(directory: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

fn directory_of(
    directory: &Path,
    project: &Path,
    known: &std::collections::BTreeMap<PathBuf, message::Digest>,
    seen: &Seen,
    blobs: &mut Vec<Blob>,
) -> io::Result<message::Directory> {
    let mut message = message::Directory::default();
    for entry in sorted(directory)? {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name().into_string();
        let name = name.map_err(|_| io::Error::other("a name that is not UTF-8"))?;
        if kind.is_dir() {
            let digest = known.get(&path).cloned();
            message.directories.push(message::DirectoryNode { name, digest });
        } else if kind.is_symlink() {
            message.symlinks.push(message::SymlinkNode { name, target: link(&path, project)? });
        } else {
            let file = seen.file(&path)?;
            blobs.push(Blob::File(file.digest, path));
            let digest = Some(file.digest.message());
            let is_executable = file.is_executable;
            message.files.push(message::FileNode { name, digest, is_executable });
        }
    }
    Ok(message)
}
