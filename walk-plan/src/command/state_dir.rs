//! The directory where what is remembered between walks lives.
//!
//! It holds the store, the lock, the logs of the actions and scratch files, and marks itself as
//! something that neither git nor a backup should keep. What is made in it is for its user
//! alone, whatever the umask says: commands and their output can hold secrets.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use rustc_hash::FxHashSet;
use walk_core::{Checksum, SqliteStore, Store};

use super::lock::{self, Held, Lock};
use super::{History, Loaded, Note, WalkError, note};

const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This directory holds what walk remembers; it can be made anew by walking again.\n";

/// How long a file name made of an action's name may get before it is cut short.
const LONGEST_NAME: usize = 120;

/// The state directory of one manifest.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Names the directory; nothing is made before [`create`](Self::create).
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory and what marks it, unless they exist; only the user may enter it.
    ///
    /// # Errors
    ///
    /// Names the path that cannot be made.
    pub fn create(&self) -> Result<(), WalkError> {
        for dir in [self.path.clone(), self.path.join("logs"), self.scratch()] {
            make_directory(&dir).map_err(cannot("create", &dir))?;
        }
        self.write_mark(".gitignore", "*\n")?;
        self.write_mark("CACHEDIR.TAG", CACHEDIR_TAG)
    }

    fn write_mark(&self, name: &str, content: &str) -> Result<(), WalkError> {
        let path = self.path.join(name);
        let written = match create_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            file => file.and_then(|mut it| it.write_all(content.as_bytes())),
        };
        written.map_err(cannot("write", &path))
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    ///
    /// Fails if the lock file cannot be opened, or the file system has no locks.
    pub fn try_lock(&self, who: &str) -> Result<Held, WalkError> {
        lock::try_take(&self.path.join("lock"), who)
    }

    /// Takes the lock, waiting for as long as another process has it.
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Self::try_lock).
    pub fn lock(&self, who: &str) -> Result<Lock, WalkError> {
        lock::take(&self.path.join("lock"), who)
    }

    /// Opens the store for writing; the caller holds the lock.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be opened; one that is damaged is put aside, not an error.
    pub fn open_store(&self) -> Result<SqliteStore, WalkError> {
        self.forget_memo()?;
        Ok(SqliteStore::open(self.store())?)
    }

    /// Removes the memo, which is about the store as it is now.
    fn forget_memo(&self) -> Result<(), WalkError> {
        remove(&self.memo())
    }

    /// Returns whether there may be a [`Memo`](super::Memo).
    #[must_use]
    pub fn has_memo(&self) -> bool {
        self.memo().exists()
    }

    /// Returns where the memo of a walk is kept that found nothing to do.
    pub(super) fn memo(&self) -> PathBuf {
        self.path.join("memo")
    }

    /// Returns where the graph is kept that the memo is about.
    pub(super) fn graph(&self) -> PathBuf {
        self.path.join("graph")
    }

    /// Returns the files that the store is in.
    pub(super) fn store_files(&self) -> [PathBuf; 2] {
        [self.store(), self.path.join("state.db-wal")]
    }

    /// Opens the store for reading, without the lock; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Fails if it exists and cannot be opened.
    pub fn read_store(&self) -> Result<Option<SqliteStore>, WalkError> {
        Ok(SqliteStore::open_read_only(self.store())?)
    }

    /// Returns what is remembered of the last run of every action, by name and in order:
    /// needs no lock.
    ///
    /// # Errors
    ///
    /// Fails if there is a store and it cannot be read.
    pub fn notes(&self) -> Result<Vec<(String, Note)>, WalkError> {
        let Some(mut store) = self.read_store()? else { return Ok(Vec::new()) };
        let mut notes = Vec::new();
        for name in store.uids()? {
            let note = store.load_note(&name)?;
            notes.extend(note.as_deref().and_then(Note::from_bytes).map(|it| (name, it)));
        }
        Ok(notes)
    }

    /// Returns what is remembered of all runs of every action, by name and in order: needs no
    /// lock, and takes less time than to read all [notes](Self::notes).
    ///
    /// # Errors
    ///
    /// Fails if there is a store and it cannot be read.
    pub fn histories(&self) -> Result<Vec<(String, History)>, WalkError> {
        let Some(mut store) = self.read_store()? else { return Ok(Vec::new()) };
        let mut histories = Vec::new();
        for name in store.uids()? {
            let note = store.load_note(&name)?;
            histories.extend(note.as_deref().and_then(note::history_in).map(|it| (name, it)));
        }
        Ok(histories)
    }

    fn store(&self) -> PathBuf {
        self.path.join("state.db")
    }

    /// Opens the store for writing and reads all that a walk will ask of it; the caller holds
    /// the lock. This can go on beside the reading of the manifest.
    ///
    /// # Errors
    ///
    /// As [`open_store`](Self::open_store), and if the store cannot be read.
    pub fn load(&self) -> Result<Loaded, WalkError> {
        self.create()?;
        let was_killed = self.begun().exists();
        let loaded = Loaded::new(Box::new(self.open_store()?), was_killed)?;
        // From here on nothing is left in the store that the killed walk put in doubt.
        self.say_ended()?;
        Ok(loaded)
    }

    /// Says that a walk changes things from now on, beside the store: what the store itself says
    /// can be lost with the end of its log.
    pub(super) fn say_begun(&self) -> Result<(), WalkError> {
        let path = self.begun();
        let written = fs::write(&path, process::id().to_string());
        let private = || fs::set_permissions(&path, Permissions::from_mode(0o600));
        written.and_then(|()| private()).map_err(cannot("write", &path))
    }

    /// Says that all that was changed is saved.
    pub(super) fn say_ended(&self) -> Result<(), WalkError> {
        remove(&self.begun())
    }

    /// Returns whether a walk was killed that changed things, and none has begun since.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        let pid = fs::read_to_string(self.begun());
        pid.is_ok_and(|it| !Path::new("/proc").join(it).exists())
    }

    fn begun(&self) -> PathBuf {
        self.path.join("begun")
    }

    /// Returns whether there is anything to load.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.store().exists()
    }

    /// Removes the scratch files that an earlier walk left; the caller holds the lock.
    pub(crate) fn clear_scratch(&self) {
        for entry in fs::read_dir(self.scratch()).into_iter().flatten().flatten() {
            // Whoever uses one next empties it.
            let _ = fs::remove_file(entry.path());
        }
    }

    /// Returns where scratch files go, one per running job.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Returns the file names of all logs that are there.
    pub(crate) fn logs(&self) -> FxHashSet<OsString> {
        let entries = fs::read_dir(self.path.join("logs")).into_iter().flatten().flatten();
        entries.map(|it| it.file_name()).collect()
    }

    /// Returns where the output of an action's last run is kept, if it wrote any.
    ///
    /// The file name is made of the action's name and cannot leave the directory: whatever
    /// is not a letter, a digit or one of `._-` becomes `_`, and a name that was changed, or could
    /// be taken for another, is told apart by a digest.
    #[must_use]
    pub fn log(&self, action: &str) -> PathBuf {
        self.path.join("logs").join(format!("{}.log", file_name(action)))
    }
}

/// Makes a directory that only its user may enter, with those above it; one that exists is left
/// as it is.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // The umask may take rights away that are needed to enter it.
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Makes a file that only its user may read and write.
///
/// # Errors
///
/// Also when there is one.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> Result<(), WalkError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path)(error)),
        _ => Ok(()),
    }
}

pub(super) fn cannot(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WalkError {
    let path = path.to_owned();
    move |source| WalkError::State { verb, path, source }
}

fn file_name(action: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut name: String =
        action.chars().take(LONGEST_NAME).map(|c| if kept(c) { c } else { '_' }).collect();
    // A file system may take two names for one that differ only in case.
    let is_alike =
        name.starts_with(['.', '_']) || name.contains(|it: char| it.is_ascii_uppercase());
    if name != action || is_alike {
        let digest = Checksum::of(action.as_bytes()).to_string();
        name.insert(0, '_');
        name.push('-');
        name.push_str(&digest[..12]);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_names_cannot_leave_their_directory_nor_collide() {
        let long = ["x".repeat(300), "x".repeat(301)];
        let mut names = vec![
            "../../etc/passwd",
            "a/b",
            "a_b",
            "a:b",
            ".",
            "..",
            "",
            "a\0b",
            "ä",
            "log",
            "LOG",
            "Log",
        ];
        names.extend(long.iter().map(String::as_str));
        let twin = file_name("a/b");
        names.push(&twin);
        let mut made: Vec<String> = names.iter().map(|it| file_name(it).to_lowercase()).collect();
        assert!(made.iter().all(|it| !it.contains(['/', '\0']) && !it.starts_with('.')));
        made.sort();
        made.dedup();
        assert_eq!(made.len(), names.len());
        assert!(file_name(&"x".repeat(5000)).len() < 200);
    }
}
