//! What a caller has in hand: a cluster, of which tasks are made.
//!
//! It opens the directory that the nodes share and starts its three threads when the first task
//! runs: one looks for results, one asks `squeue`, one calls `sbatch` and `scancel`. None waits for
//! another, so that a controller that does not answer holds up nothing but new jobs.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::attempt::{Attempt, write_whole};
use crate::books::{Books, Disowned, Entry, Places, Stage};
use crate::calls::Calls;
use crate::collector::collect;
use crate::question::Question;
use crate::sender::{Sender, tasks_of};
use crate::task::Task;
use crate::waiting::tell_left;
use crate::{ClusterError, Errand, silence};

/// Where a cluster keeps its files, and how it is watched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// A directory of our own, on a file system that all nodes share under the same path.
    pub directory: PathBuf,
    /// The program and arguments that call [`run_attempt`](crate::run_attempt) with the path that
    /// follows, and [`run_task_of`](crate::run_task_of) with what follows `--tasks`.
    pub runner: Vec<OsString>,
    /// The pause between two calls of `squeue`; while nothing changes it grows to 15 times that.
    pub poll: Duration,
    /// A runner that cannot write to the shared file system for so long stops its command; after a
    /// quarter more, an attempt that was lost counts as stopped.
    pub lease: Duration,
}

impl Settings {
    /// Returns what fits most sites: `squeue` every 2 s at first, a lease of a minute.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, runner: Vec<OsString>) -> Self {
        Self {
            directory: directory.into(),
            runner,
            poll: Duration::from_secs(2),
            lease: Duration::from_secs(60),
        }
    }
}

/// No pause and no lease is longer.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long to wait for what no caller is concerned with.
const COURTESY: Duration = Duration::from_secs(2);

/// A Slurm cluster; clones are the same one.
///
/// One process at a time may use a directory: its caller sees to that, with a lock.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    settings: Settings,
    pub(crate) books: Arc<Books>,
    places: Places,
    name: String,
    begun: Once,
}

impl Cluster {
    /// Opens the directory, and finds what an earlier process left there; calls no program.
    ///
    /// # Errors
    ///
    /// Names the file or directory that cannot be made or read.
    pub fn open(mut settings: Settings) -> Result<Self, ClusterError> {
        // Nobody waits for longer, and times are reckoned with.
        settings.poll = settings.poll.min(LONGEST);
        settings.lease = settings.lease.min(LONGEST);
        let places = Places { root: settings.directory.clone() };
        for dir in [places.attempts(), places.batches()] {
            let made = DirBuilder::new().mode(0o700).recursive(true).create(&dir);
            made.map_err(ClusterError::file("create", &dir))?;
        }
        let name = name(&settings.directory)?;
        let books = Arc::new(Books::default());
        {
            let mut state = books.lock();
            for attempt in left_in(&places.attempts())? {
                match attempt.spec() {
                    Ok(spec) => state.left.entry(spec.name).or_default().push(attempt),
                    // Nothing was submitted before its specification was written.
                    Err(_) if !attempt.was_begun() => attempt.remove(),
                    // It may run, and nobody knows for whom: it is to be stopped.
                    Err(error) => {
                        log::debug!(target: "walk", "{error}");
                        state.left.entry(String::new()).or_default().push(attempt);
                    }
                }
            }
            if state.left.is_empty() {
                clear(&places.batches());
            }
        }
        let begun = Once::new();
        Ok(Self { shared: Arc::new(Shared { settings, books, places, name, begun }) })
    }

    /// Returns whether an earlier process left attempts in `directory` that nobody collected.
    #[must_use]
    pub fn has_left(directory: &Path) -> bool {
        let attempts = Places { root: directory.into() }.attempts();
        fs::read_dir(attempts).is_ok_and(|mut it| it.next().is_some())
    }

    /// Returns whether an earlier process left attempts at the errand of this name that nobody asked
    /// for so far.
    #[must_use]
    pub fn has_left_of(&self, name: &str) -> bool {
        self.shared.books.lock().left.contains_key(name)
    }

    /// Returns how many attempts an earlier process left that nobody asked for so far.
    #[must_use]
    pub fn left(&self) -> usize {
        self.shared.books.lock().left.values().map(Vec::len).sum()
    }

    /// Returns the name of all jobs: `squeue --name` shows them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Stops what an earlier process left running of errands that are not to be `kept`; they are
    /// told by their names and outputs.
    ///
    /// It returns when nothing of it can write any more to outputs that `concern` the caller, or
    /// when `give_up` says so; outputs below [`Errand::root`] are given relative to that. For what
    /// else still runs, and for Slurm to say that the jobs are gone, it waits for a few seconds at
    /// most: that is left to whoever opens the directory next.
    ///
    /// # Errors
    ///
    /// Fails if an attempt cannot be revoked.
    pub fn settle(
        &self,
        kept: impl Fn(&str, &[&Path]) -> bool,
        concern: impl Fn(&Path) -> bool,
        give_up: impl Fn() -> bool,
    ) -> Result<(), ClusterError> {
        let attempts: Vec<Attempt> = {
            let mut state = self.shared.books.lock();
            let is_kept = |it: &Attempt| {
                it.spec().is_ok_and(|it| kept(&it.name, &it.paths().collect::<Vec<_>>()))
            };
            let mut stopped = Vec::new();
            for left in state.left.values_mut() {
                stopped.extend(left.extract_if(.., |it| !is_kept(it)));
            }
            state.left.retain(|_, left| !left.is_empty());
            stopped
        };
        // One that cannot be told is no reason to leave the others alone.
        let told: Vec<_> = attempts.iter().map(|it| self.open_revoked(it)).collect();
        told.into_iter().collect::<Result<(), _>>()?;
        let concerning = |it: &&Attempt| it.spec().map_or(true, |it| it.paths().any(&concern));
        for attempt in attempts.iter().filter(concerning) {
            self.await_fence(attempt, &give_up);
        }
        let until = Instant::now() + COURTESY;
        let is_enough = || Instant::now() > until || give_up();
        let left = attempts.iter().filter(|it| !self.await_end(it, &is_enough));
        tell_left(left.map(Attempt::errand).collect());
        Ok(())
    }

    /// Returns work that runs `errand` on the cluster.
    #[must_use]
    pub fn task(&self, errand: Errand) -> Task {
        Task::new(self.clone(), errand)
    }

    pub(crate) fn books(&self) -> &Arc<Books> {
        &self.shared.books
    }

    /// Makes an attempt and has it submitted.
    pub(crate) fn begin(&self, errand: &Errand) -> Result<Attempt, ClusterError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut number = u64::try_from(now).unwrap_or_default();
        let attempts = self.shared.places.attempts();
        let attempt = loop {
            match Attempt::create(&attempts, number, errand, self.shared.settings.lease)? {
                Some(attempt) => break attempt,
                None => number += 1,
            }
        };
        let lease = self.shared.settings.lease;
        let entry = Entry::new(attempt.clone(), errand.demands(), lease);
        self.enter(Entry { name: errand.name.clone(), ..entry });
        Ok(attempt)
    }

    /// Takes over what an earlier process left of `errand`: an attempt with the same key, if there
    /// is one; all others are revoked, and to be fenced, as are those that this process has told to
    /// stop and that have not answered.
    pub(crate) fn take_over(
        &self,
        errand: &Errand,
    ) -> Result<(Option<Attempt>, Vec<Attempt>), ClusterError> {
        let stopping = self.shared.books.lock().attempts_at(&errand.name);
        let mut left = self.shared.books.lock().left.remove(&errand.name).unwrap_or_default();
        left.sort_by_key(Attempt::number);
        let is_same = |it: &Attempt| {
            errand.key.is_some()
                && !it.is_revoked()
                && it.spec().is_ok_and(|it| it.key == errand.key && it.outputs == errand.outputs)
        };
        let mine = left.iter().rposition(is_same).map(|at| left.remove(at));
        if let Some(attempt) = &mine {
            let lease = self.shared.settings.lease;
            let mut entry = Entry::new(attempt.clone(), errand.demands(), lease);
            entry.found_again();
            self.enter(entry);
        }
        // Whoever asks again finds all of them, told to stop or not.
        let told: Vec<_> = left.iter().map(|it| self.open_revoked(it)).collect();
        told.into_iter().collect::<Result<(), _>>()?;
        left.extend(stopping);
        Ok((mine, left))
    }

    /// Says that nobody asks for the result of an attempt any more, and has its job cancelled.
    pub(crate) fn revoke(&self, attempt: &Attempt) -> Result<(), ClusterError> {
        let (found, result) = disown(attempt);
        if let Some(entry) = self.books().lock().entries.get_mut(&attempt.id()) {
            entry.revoke(found);
        }
        self.books().tell();
        result
    }

    /// Removes an attempt of which nothing is left.
    pub(crate) fn forget(&self, attempt: &Attempt) {
        self.books().lock().entries.remove(&attempt.id());
        attempt.remove();
    }

    fn open_revoked(&self, attempt: &Attempt) -> Result<(), ClusterError> {
        let mut entry = Entry::new(attempt.clone(), Vec::new(), self.shared.settings.lease);
        entry.found_again();
        if entry.job.is_none() {
            // One look at the queue tells what there is to cancel.
            entry.stage = Stage::Unsure { pause: Duration::ZERO };
        }
        let (found, result) = disown(attempt);
        entry.revoke(found);
        self.enter(entry);
        result
    }

    fn enter(&self, entry: Entry) {
        self.start();
        self.books().lock().entries.insert(entry.attempt.id(), entry);
        self.books().tell();
    }

    /// Starts the threads.
    fn start(&self) {
        self.shared.begun.call_once(|| {
            let Shared { settings, books, places, name, .. } = &*self.shared;
            let calls = |what: &str| Calls::new(settings.directory.join(what));
            let theirs = Arc::clone(books);
            thread::spawn(move || collect(&theirs));
            let (question, lists) = (calls("squeue"), places.clone());
            let question = Question {
                books: Arc::clone(books),
                calls: question,
                name: name.clone(),
                pause: settings.poll,
                tasks: Box::new(move |batch| tasks_of(&lists, batch)),
            };
            thread::spawn(move || question.ask());
            let sender = Sender {
                books: Arc::clone(books),
                calls: calls("sbatch"),
                places: places.clone(),
                name: name.clone(),
                runner: settings.runner.clone(),
                has_arrays: true,
            };
            thread::spawn(move || sender.work());
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.books.lock().is_closed = true;
        self.books.tell();
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

/// Has an attempt stop, and returns what is known of its runner; if that fails its job can be
/// cancelled all the same.
fn disown(attempt: &Attempt) -> (Disowned, Result<(), ClusterError>) {
    match tell_to_stop(attempt) {
        Ok(found) => (found, Ok(())),
        Err(error) => (Disowned::default(), Err(error)),
    }
}

fn tell_to_stop(attempt: &Attempt) -> Result<Disowned, ClusterError> {
    match attempt.revoke() {
        // Nobody can claim it any more, and of whoever has nothing can be heard: a lease holds.
        Err(_) if attempt.is_gone() => return Ok(Disowned::default()),
        done => done?,
    }
    // If nobody has claimed it nobody can any more, and nothing of it will ever run.
    // Who has given a sign of life has claimed it, whatever became of the claim.
    let is_fenced = attempt.claim("revoked")? && attempt.last_beat().is_none();
    if is_fenced {
        attempt.fence()?;
    }
    // Whoever comes next goes on listening from here.
    let (beat, silence) = silence::of(attempt);
    Ok(Disowned { is_fenced, beat, silence })
}

/// Returns the name of the jobs of a directory, made up when it is first asked.
fn name(directory: &Path) -> Result<String, ClusterError> {
    let path = directory.join("name");
    match fs::read_to_string(&path) {
        Ok(name) if name.starts_with("walk-") && name.bytes().all(is_plain) => return Ok(name),
        _ => {}
    }
    let mut noise = [0; 6];
    let source = Path::new("/dev/urandom");
    let read = fs::File::open(source).and_then(|mut it| it.read_exact(&mut noise));
    read.map_err(ClusterError::file("read", source))?;
    let name = noise.iter().fold("walk-".to_owned(), |name, it| format!("{name}{it:02x}"));
    write_whole(&path, name.as_bytes())?;
    Ok(name)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn left_in(attempts: &Path) -> Result<Vec<Attempt>, ClusterError> {
    let listing = fs::read_dir(attempts).map_err(ClusterError::file("list", attempts))?;
    let paths = listing.filter_map(|it| Some(it.ok()?.path()));
    Ok(paths.map(Attempt::at).collect())
}

fn clear(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        drop(fs::remove_file(entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next attempt at its errand would have begun beside it.
    #[test]
    fn what_can_not_be_told_to_stop_is_not_forgotten() {
        let dir = tempfile::tempdir().expect("a directory");
        let errand = Errand::new("a", vec!["true".into()], dir.path(), dir.path().join("log"));
        let attempts = dir.path().join("a");
        fs::create_dir(&attempts).expect("it can be made");
        let attempt = Attempt::create(&attempts, 1, &errand, LONGEST);
        let attempt = attempt.expect("it can be made").expect("the first");
        let cluster = Cluster::open(Settings::new(dir.path(), Vec::new())).expect("a directory");
        attempt.remove();
        fs::write(attempt.dir(), "no directory").expect("ours");
        cluster.take_over(&errand).expect_err("nothing can be written there");
        let (mine, others) = cluster.take_over(&errand).expect("it was told before");
        assert_eq!((mine, others), (None, vec![attempt]));
    }
}
