//! Results and blobs in a directory: the local part of a cache, or one that machines share.
//!
//! `cas/ab/abcd..` are blobs and `ac/ab/abcd..` results, by digest. Files are written beside and
//! renamed, so that they are seen whole; two that write the same write the same. What is read is
//! checked, and removed if it is wrong.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Blob, Store, Wanted};
use crate::digest::{Digest, copy_checked};
use crate::place::create;

/// Whoever the umask lets may read what is kept, and nobody writes to it: it is replaced.
const FOR_ALL: u32 = 0o444;

/// How long what somebody was writing may be left lying.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A blob that was used so shortly ago is not touched again.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// No result is read that is longer; a server may send none either.
const LONGEST: u64 = 64 << 20;

/// A directory of results and blobs.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn place(&self, kind: &str, digest: Digest) -> PathBuf {
        let name = digest.sum.to_string();
        self.root.join(kind).join(&name[..2]).join(name)
    }

    fn open(&self, kind: &str, digest: Digest) -> io::Result<File> {
        let path = self.place(kind, digest);
        let stat = fs::metadata(&path)?;
        if !stat.is_file() {
            // A pipe would be waited for without end.
            let text = format!("`{}` is no file", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let file = File::open(&path)?;
        // Its time is when it was last of use. Where it cannot be set, it is older than it is.
        let used = stat.modified()?;
        if used.elapsed().is_ok_and(|it| it > FRESH) {
            drop(file.set_modified(SystemTime::now()));
        }
        Ok(file)
    }

    /// Copies a blob, checked; removes it if it is wrong.
    fn copy(&self, digest: Digest, to: &mut impl io::Write) -> io::Result<()> {
        let mut from = self.open("cas", digest)?;
        // Whoever has no room for it says nothing against it.
        copy_checked(&mut from, to, digest).inspect_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                let path = self.place("cas", digest);
                log::info!(target: "walk", "cache: `{}`: {error}: removed", path.display());
                drop(fs::remove_file(path));
            }
        })
    }

    fn write(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut tempfile::NamedTempFile) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            self.make(directory).map_err(|it| unwritable(directory, &it))?;
        }
        let mut draft = self.draft()?;
        fill(&mut draft)?;
        draft.persist(path).map_err(|it| unwritable(path, &it.error))?;
        Ok(())
    }

    /// Makes a directory for whom the root is for: those who share it have umasks of their own.
    fn make(&self, directory: &Path) -> io::Result<()> {
        if directory.is_dir() {
            return Ok(());
        }
        let is_ours = |it: &&Path| *it != self.root && !it.is_dir();
        let made: Vec<&Path> = directory.ancestors().take_while(is_ours).collect();
        fs::create_dir_all(directory)?;
        let those_of_root = fs::metadata(&self.root)?.permissions();
        // Somebody else may have made one at the same time, and does the same.
        for it in made {
            drop(fs::set_permissions(it, those_of_root.clone()));
        }
        Ok(())
    }

    /// Makes a file to be renamed.
    fn draft(&self) -> io::Result<tempfile::NamedTempFile> {
        let scratch = self.root.join("tmp");
        self.make(&scratch).map_err(|it| unwritable(&scratch, &it))?;
        let mode = Permissions::from_mode(FOR_ALL);
        let draft = tempfile::Builder::new().permissions(mode).tempfile_in(&scratch);
        draft.map_err(|it| unwritable(&scratch, &it))
    }

    /// Removes what nobody asked for in so long a time, and then what was not used for longest
    /// until no more than `size` bytes are left. Returns how many bytes were removed.
    pub(crate) fn trim(&self, size: u64, age: Duration) -> io::Result<u64> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for kind in ["cas", "ac", "tmp"] {
            for directory in listed(&self.root.join(kind))? {
                if kind == "tmp" {
                    files.push((directory, true));
                    continue;
                }
                files.extend(listed(&directory)?.into_iter().map(|it| (it, false)));
            }
        }
        let mut kept = Vec::new();
        let mut removed = 0;
        for (path, is_scratch) in files {
            let Ok(stat) = fs::symlink_metadata(&path) else { continue };
            let used = stat.modified().unwrap_or(now);
            let limit = if is_scratch { ABANDONED } else { age };
            if now.duration_since(used).is_ok_and(|it| it > limit) {
                removed += remove(&path, stat.len());
            } else if !is_scratch {
                kept.push((used, stat.len(), path));
            }
        }
        kept.sort_unstable();
        let mut left: u64 = kept.iter().map(|it| it.1).sum();
        for (_, bytes, path) in kept {
            if left <= size {
                break;
            }
            removed += remove(&path, bytes);
            left -= bytes;
        }
        Ok(removed)
    }
}

/// Tells a place that cannot be written to from a blob that is not there.
fn unwritable(path: &Path, error: &io::Error) -> io::Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => io::ErrorKind::Other,
        kind => kind,
    };
    io::Error::new(kind, format!("cannot write `{}`: {error}", path.display()))
}

fn remove(path: &Path, bytes: u64) -> u64 {
    if fs::remove_file(path).is_ok() { bytes } else { 0 }
}

fn listed(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(listing) => Ok(listing.filter_map(|it| Some(it.ok()?.path())).collect()),
        // What others put beside what is kept is nobody's to remove.
        Err(error) if is_no_directory(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_no_directory(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Store for Directory {
    fn result(&self, action: Digest) -> io::Result<Vec<u8>> {
        let mut file = self.open("ac", action)?.take(LONGEST);
        // A result is written whole or not at all, but a disk may have its own ideas.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let content = bytes
            .split_last_chunk::<32>()
            .filter(|(content, sum)| Digest::of(content).sum.as_bytes() == *sum);
        let Some((content, _)) = content else {
            drop(fs::remove_file(self.place("ac", action)));
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a result that was damaged"));
        };
        Ok(content.to_vec())
    }

    fn put_result(&self, action: Digest, result: &[u8]) -> io::Result<()> {
        self.write(&self.place("ac", action), |file| {
            file.write_all(result)?;
            file.write_all(Digest::of(result).sum.as_bytes())
        })
    }

    fn probe(&self, is_written: bool) -> io::Result<()> {
        if is_written {
            self.draft()?;
        }
        fs::read_dir(&self.root).map(drop)
    }

    fn read(&self, digest: Digest) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.copy(digest, &mut bytes).map(|()| bytes)
    }

    fn fetch(&self, blobs: &[Wanted]) -> io::Result<()> {
        // All are read, whatever comes of one: what is wrong is removed, and made anew once.
        let mut fetched = Ok(());
        for it in blobs {
            let copied = self.copy(it.digest, &mut create(&it.path, it.is_executable)?);
            fetched = fetched.and(copied);
        }
        fetched
    }

    fn put(&self, blobs: &[Blob]) -> io::Result<u64> {
        let mut written = 0;
        for blob in blobs {
            let digest = blob.digest();
            let path = self.place("cas", digest);
            if fs::metadata(&path).is_ok_and(|it| it.is_file() && it.len() == digest.size) {
                drop(self.open("cas", digest)?);
                continue;
            }
            self.write(&path, |file| blob.copy(file))?;
            written += digest.size;
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that is full.
    struct Full;

    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_there_is_no_room_for_elsewhere_was_removed_here() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Directory::new(directory.path());
        let blob = Blob::of(b"content".to_vec());
        store.put(std::slice::from_ref(&blob)).expect("ours");
        assert!(store.copy(blob.digest(), &mut Full).is_err());
        assert_eq!(store.read(blob.digest()).expect("it is still there"), b"content");
    }
}
