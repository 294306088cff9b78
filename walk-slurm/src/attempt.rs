//! The directory of one attempt, and the files through which walk and node speak.
//!
//! | file | written by | says |
//! |---|---|---|
//! | `spec.json` | walk, once | what to run |
//! | `job` | walk | the job's number, once it is known |
//! | `claim` | whoever is first | the runner: it is mine; walk: nobody may any more |
//! | `alive` | the runner, each second | that it can still write here |
//! | `output`, `out/` | the command | what it writes; outputs to be moved into place |
//! | `revoked` | walk | stop, and write no result |
//! | `heard` | walk | since when nothing else was heard of a runner that is to stop |
//! | `fenced` | the runner | it was revoked, and nothing of it is left |
//! | `fenced` | walk | it was revoked before anybody claimed it |
//! | `result.json` | the runner | how it ended |
//!
//! What must not be seen half written is written beside and renamed. Nothing here waits.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::{ClusterError, Errand, text};

/// How often a runner says that it is alive.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// What a runner is to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) version: u32,
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    #[serde(with = "text")]
    pub(crate) words: Vec<OsString>,
    #[serde(with = "text")]
    pub(crate) directory: Vec<OsString>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) timeout_ms: u64,
    pub(crate) grace_ms: u64,
    /// A runner that could not write here for so long stops the command.
    pub(crate) lease_ms: u64,
    /// The files that it writes: in place, or at the same path from `root` below `out`.
    #[serde(with = "text")]
    pub(crate) outputs: Vec<OsString>,
    #[serde(with = "text")]
    pub(crate) root: Vec<OsString>,
    /// When the attempt was made, by the clock of the machine that walks.
    pub(crate) made_ms: u64,
}

/// The version of the files here.
pub(crate) const VERSION: u32 = 1;

impl Spec {
    pub(crate) fn of(errand: &Errand, lease: Duration) -> Self {
        let ms = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        Self {
            version: VERSION,
            name: errand.name.clone(),
            key: errand.key.clone(),
            words: errand.words.clone(),
            directory: vec![errand.directory.clone().into()],
            env: errand.env.clone(),
            timeout_ms: ms(errand.timeout),
            grace_ms: ms(errand.grace),
            lease_ms: ms(lease),
            outputs: errand.outputs.iter().map(|it| it.clone().into()).collect(),
            root: vec![errand.root.clone().into()],
            made_ms: SystemTime::now().duration_since(UNIX_EPOCH).map(ms).unwrap_or_default(),
        }
    }

    /// Returns its outputs, relative to the root if they are below it.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let root = self.root.first().map_or(Path::new(""), Path::new);
        self.outputs.iter().map(Path::new).map(move |it| it.strip_prefix(root).unwrap_or(it))
    }

    /// Returns where its outputs are now, in their order.
    pub(crate) fn written(&self, attempt: &Attempt) -> Vec<PathBuf> {
        let root = self.root.first().map(PathBuf::from).unwrap_or_default();
        let outputs = self.outputs.iter().map(PathBuf::from);
        outputs
            .map(|it| match it.strip_prefix(&root).map(|it| attempt.staged().join(it)) {
                Ok(staged) if fs::symlink_metadata(&staged).is_ok() => staged,
                _ => it,
            })
            .collect()
    }

    /// Makes the directories of its outputs below `out`, as walk has made those in place. One that
    /// is in another output is the command's own.
    pub(crate) fn make_directories(&self, attempt: &Attempt) -> Result<(), ClusterError> {
        let root = self.root.first().map(PathBuf::from).unwrap_or_default();
        let outputs: Vec<&Path> = self.outputs.iter().map(Path::new).collect();
        for output in &outputs {
            let is_inside = outputs.iter().any(|it| it != output && output.starts_with(it));
            let parent = output.strip_prefix(&root).ok().and_then(Path::parent);
            if let Some(parent) = parent.filter(|_| !is_inside) {
                let directory = attempt.staged().join(parent);
                fs::create_dir_all(&directory).map_err(ClusterError::file("create", &directory))?;
            }
        }
        Ok(())
    }

    pub(crate) fn made(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.made_ms)
    }
}

/// How the command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    /// It exited with this code.
    Exited(i32),
    /// This signal killed it.
    Signaled(i32),
    /// It ran for longer than it may.
    TimedOut,
    /// The runner was told to stop by a signal, and not by us.
    Terminated,
    /// It could not be started, or there is more to say.
    Failed(String),
}

/// What the runner says when all is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) end: End,
    pub(crate) host: String,
    pub(crate) job: String,
    pub(crate) duration_ms: u64,
    /// What its outputs looked like at its end, in the order of the specification.
    pub(crate) marks: Vec<Option<Mark>>,
}

/// What a file looks like from outside: somebody who comes later sees by it whether it is still
/// what the command left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    size: u64,
    mtime: i64,
    mtime_ns: i64,
}

impl Mark {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let stat = fs::symlink_metadata(path).ok()?;
        // Of a directory anybody may change the times who makes something else in it.
        let size = if stat.is_dir() { 0 } else { stat.size() };
        let (mtime, mtime_ns) =
            if stat.is_dir() { (0, 0) } else { (stat.mtime(), stat.mtime_nsec()) };
        Some(Self { size, mtime, mtime_ns })
    }
}

/// The directory of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    dir: PathBuf,
}

impl Attempt {
    pub(crate) fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Makes the directory of attempt `number` of an errand; `None` if there is one.
    pub(crate) fn create(
        attempts: &Path,
        number: u64,
        errand: &Errand,
        lease: Duration,
    ) -> Result<Option<Self>, ClusterError> {
        let it = Self::at(attempts.join(format!("{}.{number}", stem(&errand.name))));
        for dir in [it.dir.clone(), it.staged()] {
            match DirBuilder::new().mode(0o700).create(&dir) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
                made => made.map_err(ClusterError::file("create", &dir))?,
            }
        }
        it.write("spec.json", &json(&Spec::of(errand, lease)))?;
        Ok(Some(it))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns what it is called: also the comment of its job.
    pub(crate) fn id(&self) -> String {
        self.dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the number that tells attempts at one errand apart: later ones have higher ones.
    pub(crate) fn number(&self) -> u64 {
        self.id().rsplit_once('.').and_then(|(_, it)| it.parse().ok()).unwrap_or(0)
    }

    /// Returns where outputs are written that walk moves into place.
    pub(crate) fn staged(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// Returns the file that gets what the command writes.
    pub(crate) fn output(&self) -> PathBuf {
        self.dir.join("output")
    }

    /// Returns the file that gets what Slurm and the shell have to say.
    pub(crate) fn slurm_log(&self) -> PathBuf {
        self.dir.join("slurm.log")
    }

    pub(crate) fn spec(&self) -> Result<Spec, ClusterError> {
        let path = self.dir.join("spec.json");
        let spec: Spec = self.read("spec.json")?.ok_or_else(|| {
            ClusterError::file("read", &path)(io::Error::from(io::ErrorKind::NotFound))
        })?;
        if spec.version != VERSION || spec.words.is_empty() || spec.directory.len() != 1 {
            let what = format!("version {} with {} words", spec.version, spec.words.len());
            return Err(ClusterError::Garbled { path, what });
        }
        Ok(spec)
    }

    /// Returns the name of the errand, or of the directory if that cannot be read.
    pub(crate) fn errand(&self) -> String {
        self.spec().map_or_else(|_| self.id(), |it| it.name)
    }

    /// Returns whether it may have been submitted, whatever can be read of it.
    pub(crate) fn was_begun(&self) -> bool {
        let is_there = |it| fs::symlink_metadata(self.dir.join(it)).is_ok();
        ["spec.json", "job", "claim", "alive"].into_iter().any(is_there)
    }

    /// Returns when the attempt was made, by the clock of the file system, in nanoseconds.
    pub(crate) fn made_ns(&self) -> Option<i64> {
        use std::os::unix::fs::MetadataExt as _;
        let stat = fs::metadata(self.dir.join("spec.json")).ok()?;
        Some(stat.ctime().saturating_mul(1_000_000_000).saturating_add(stat.ctime_nsec()))
    }

    /// Makes the attempt one's own; `false` if somebody else was first.
    pub(crate) fn claim(&self, who: &str) -> Result<bool, ClusterError> {
        let path = self.dir.join("claim");
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                // What is in it is for people: that it is there says all.
                drop(file.write_all(who.as_bytes()));
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(ClusterError::file("create", &path)(error)),
        }
    }

    /// Returns whether somebody has removed it.
    pub(crate) fn is_gone(&self) -> bool {
        let found = fs::symlink_metadata(&self.dir);
        found.is_err_and(|it| it.kind() == io::ErrorKind::NotFound)
    }

    pub(crate) fn revoke(&self) -> Result<(), ClusterError> {
        self.write("revoked", b"")
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.dir.join("revoked").exists()
    }

    pub(crate) fn fence(&self) -> Result<(), ClusterError> {
        self.write("fenced", b"")
    }

    pub(crate) fn is_fenced(&self) -> bool {
        // Nothing else is an answer.
        fs::symlink_metadata(self.dir.join("fenced")).is_ok_and(|it| it.is_file())
    }

    pub(crate) fn is_claimed(&self) -> bool {
        self.dir.join("claim").exists()
    }

    /// Writes that the runner is there, through to the file system's server.
    pub(crate) fn beat(&self, count: u64) -> io::Result<()> {
        // Written over what is there, which is never longer: nobody sees it empty.
        let mut open = OpenOptions::new();
        let mut file =
            open.write(true).create(true).truncate(false).open(self.dir.join("alive"))?;
        write!(file, "{count}")?;
        file.sync_all()
    }

    /// Returns what the runner last wrote of its being there.
    pub(crate) fn last_beat(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("alive")).ok().filter(|it| !it.is_empty())
    }

    /// Writes down since when nothing else was heard of the runner.
    pub(crate) fn set_heard(&self, text: &str) -> Result<(), ClusterError> {
        self.write("heard", text.as_bytes())
    }

    /// Returns what was written down of that.
    pub(crate) fn heard(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("heard")).ok()
    }

    pub(crate) fn set_job(&self, job: &str) -> Result<(), ClusterError> {
        self.write("job", job.as_bytes())
    }

    /// Returns the job's number, if it is known.
    pub(crate) fn job(&self) -> Option<String> {
        let is_number = |it: &String| {
            it.starts_with(|it: char| it.is_ascii_digit())
                && it.bytes().all(|it| it.is_ascii_digit() || it == b'_')
        };
        fs::read_to_string(self.dir.join("job")).ok().filter(is_number)
    }

    pub(crate) fn conclude(&self, verdict: &Verdict) -> Result<(), ClusterError> {
        self.write("result.json", &json(verdict))
    }

    /// Returns how it ended, if it did. The directory is listed first: a client of NFS may
    /// remember for a minute that a file is not there, and a listing makes it look again.
    pub(crate) fn verdict(&self) -> Result<Option<Verdict>, ClusterError> {
        match fs::read_dir(&self.dir) {
            Ok(mut listing) => drop(listing.next()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ClusterError::file("list", &self.dir)(error)),
        }
        self.read("result.json")
    }

    pub(crate) fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.dir)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::debug!(target: "walk", "cannot remove `{}`: {error}", self.dir.display());
        }
    }

    fn read<T: for<'d> Deserialize<'d>>(&self, name: &str) -> Result<Option<T>, ClusterError> {
        let path = self.dir.join(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(ClusterError::file("read", &path))?,
        };
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|error| ClusterError::Garbled { path, what: error.to_string() })
    }

    /// Writes a file whole or not at all.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), ClusterError> {
        write_whole(&self.dir.join(name), content)
    }
}

/// Writes a file so that it is seen whole or not at all, also after a crash.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), ClusterError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = || {
        let mut open = OpenOptions::new();
        let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(ClusterError::file("write", path))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Returns the part of a directory's name that stands for an errand: what can be read of its
/// name, and a number that tells it from others.
pub(crate) fn stem(name: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' };
    let start: String = name.chars().take(40).map(plain).collect();
    format!("{start}-{:016x}", fnv(name.as_bytes()))
}

/// FNV-1a: the same in every process, and no secret.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its runner had not answered, and another attempt began beside it.
    #[test]
    fn what_is_no_file_is_no_fence() {
        let dir = tempfile::tempdir().expect("a directory");
        let attempt = Attempt::at(dir.path());
        let fenced = dir.path().join("fenced");
        assert!(!attempt.is_fenced());
        fs::create_dir(&fenced).expect("it can be made");
        assert!(!attempt.is_fenced());
        fs::remove_dir(&fenced).expect("ours");
        attempt.fence().expect("it can be written");
        assert!(attempt.is_fenced());
    }

    /// It is what a disk that was full, or lost power, may leave.
    #[test]
    fn a_number_of_a_job_that_is_none_is_not_known() {
        let dir = tempfile::tempdir().expect("a directory");
        let attempt = Attempt::at(dir.path());
        let read = |text: &str| {
            fs::write(dir.path().join("job"), text).expect("it can be written");
            attempt.job()
        };
        for text in ["", "\0\0\0", "abc", "_1", "12 13", "-1", "12;east", "12\n"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        for text in ["12", "12_3"] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
    }
}
