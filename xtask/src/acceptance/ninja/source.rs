//! Gets the sources of a project and edits them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use super::catalog::{Change, Edit, Origin};
use crate::acceptance::apt;
use crate::command;

/// Where sources come from.
pub(crate) struct Sources {
    /// `acceptance/ninja` of this crate.
    pub(crate) own: PathBuf,
    /// What is downloaded stays here.
    pub(crate) cache: PathBuf,
}

impl Sources {
    /// Puts the sources of `origin` at `tree`, as they were published.
    ///
    /// # Errors
    ///
    /// They cannot be fetched or written.
    pub(crate) fn get(&self, origin: &Origin, tree: &Path) -> Result<()> {
        if tree.exists() {
            fs::remove_dir_all(tree)?;
        }
        match origin {
            Origin::Own(folder) => {
                let own = self.own.join(folder);
                command::succeed(Command::new("cp").arg("-r").arg(own).arg(tree))?;
            }
            Origin::Debian(package, additions) => {
                let unpacked = tree.with_extension("unpacked");
                let first = apt::fetch(package, &self.cache, &unpacked)?;
                fs::rename(first, tree)?;
                fs::remove_dir_all(unpacked)?;
                for (addition, folder) in *additions {
                    self.get(addition, &tree.join(folder))?;
                }
            }
        }
        Ok(())
    }
}

/// Makes one edit and tells the text that was there.
///
/// # Errors
///
/// The file is not there, or has not the text to be replaced.
pub(crate) fn apply(tree: &Path, edit: &Edit, time: SystemTime) -> Result<String> {
    let path = tree.join(edit.file);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let edited = match edit.change {
        Change::Append(more) => format!("{text}{more}"),
        Change::Replace(old, new) => {
            let at = text.find(old);
            at.with_context(|| format!("{} has no {old:?}", edit.file))?;
            text.replacen(old, new, 1)
        }
    };
    write(&path, &edited, time)?;
    Ok(text)
}

/// Writes a file that is as old as it is told.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn write(path: &Path, text: &str, time: SystemTime) -> Result<()> {
    fs::write(path, text)?;
    Ok(File::options().append(true).open(path)?.set_modified(time)?)
}

/// Gives every file below `folder` this time, and counts them.
///
/// # Errors
///
/// A folder cannot be listed, or a file not be written.
pub(crate) fn touch_all(folder: &Path, time: SystemTime) -> Result<usize> {
    let mut count = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            count += touch_all(&entry.path(), time)?;
        } else if kind.is_file() {
            File::open(entry.path())?.set_modified(time)?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_edit_tells_what_was_there() {
        let tree = tempfile::tempdir().expect("a directory");
        let path = tree.path().join("a");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
        let check = |change, before: &str, after: &str| {
            let edit = Edit { file: "a", change };
            assert_eq!(apply(tree.path(), &edit, time).expect("it is there"), before);
            assert_eq!(fs::read_to_string(&path).expect("it is there"), after);
        };
        fs::write(&path, "one one\n").expect("a file");
        check(Change::Replace("one", "two"), "one one\n", "two one\n");
        check(Change::Append("three\n"), "two one\n", "two one\nthree\n");
        assert_eq!(touch_all(tree.path(), SystemTime::now()).expect("files"), 1);
        let edit = Edit { file: "a", change: Change::Replace("four", "") };
        assert_eq!(apply(tree.path(), &edit, time).unwrap_err().to_string(), "a has no \"four\"");
    }
}
