//! A local part, a remote part, and the order in which they are asked.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use prost::Message as _;

use crate::key::{Key, Purpose, key};
use crate::lists::{self, List};
use crate::message::ActionResult;
use crate::outputs::describe;
use crate::place::{Staged, stage, wrong};
use crate::remote::{Remote, is_nothing};
use crate::seen::Seen;
use crate::store::{Blob, Directory, Store};
use crate::{CacheError, Question, Settings};

/// How long a walk waits at its end for what is still being kept.
const LAST_WAIT: Duration = Duration::from_secs(60);

/// How often it is asked meanwhile whether to give up.
const LOOK: Duration = Duration::from_millis(50);

/// How long after the local part was trimmed a little more does not count.
const BETWEEN_TRIMS: Duration = Duration::from_secs(600);

/// Results of actions by what they were made of; shared by all threads of a walk.
pub struct Cache {
    shared: Arc<Shared>,
    keeper: Mutex<Option<Keeper>>,
}

struct Keeper {
    to: Sender<Kept>,
    /// Closed when all is kept.
    done: Receiver<()>,
}

struct Shared {
    settings: Settings,
    local: Option<Directory>,
    is_local_told: AtomicBool,
    remote: Option<Remote>,
    seen: Seen,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    local_hits: AtomicU64,
    remote_hits: AtomicU64,
    misses: AtomicU64,
    kept: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    local_bytes: AtomicU64,
}

/// What became of a cache's questions in a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Numbers {
    /// Results that the local part had.
    pub local_hits: u64,
    /// Results that the remote part had.
    pub remote_hits: u64,
    /// Questions that nobody had a result for.
    pub misses: u64,
    /// Results that were kept.
    pub kept: u64,
    /// Bytes that came from the remote part.
    pub bytes_in: u64,
    /// Bytes that went to the remote part.
    pub bytes_out: u64,
    /// How often a server was asked for something.
    pub requests: u64,
    /// What failed at the remote part.
    pub errors: u64,
}

/// Where a result came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This machine.
    Local,
    /// The remote part.
    Remote,
}

/// A result that is in place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Where it came from.
    pub from: Source,
    /// What the action wrote when it ran.
    pub log: Vec<u8>,
    /// The files that it told of that it read, besides those that it declares.
    pub discovered: Vec<String>,
}

/// What a cache knows of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The outputs are in place.
    Hit(Found),
    /// Nothing, or nothing that could be had whole.
    Miss,
}

/// A result that may be kept.
#[derive(Clone, Debug)]
pub struct Kept {
    key: Key,
    result: Vec<u8>,
    blobs: Vec<Blob>,
    /// For an action that tells what it read: the key of its lists, and the new one.
    list: Option<(Key, Vec<String>)>,
}

impl Cache {
    /// Opens a cache; calls no server.
    ///
    /// # Errors
    ///
    /// Fails if the remote part is none that there is, or the token none that could be sent.
    pub fn open(settings: Settings) -> Result<Self, CacheError> {
        let remote = Remote::open(&settings)?;
        let local = settings.local.clone().map(Directory::new);
        let is_local_told = AtomicBool::new(false);
        let (seen, counts) = (Seen::default(), Counts::default());
        let shared = Arc::new(Shared { settings, local, is_local_told, remote, seen, counts });
        Ok(Self { shared, keeper: Mutex::new(None) })
    }

    /// Brings the outputs of `question` into place below `root`, if a result is known for all that
    /// its inputs are now; `staging` is a directory on the same file system.
    #[must_use]
    pub fn restore(&self, question: &Question, root: &Path, staging: &Path) -> Answer {
        let found = self.shared.find(&Asked { question, root, staging });
        let count = match &found {
            Some(found) if found.from == Source::Local => &self.shared.counts.local_hits,
            Some(_) => &self.shared.counts.remote_hits,
            None => &self.shared.counts.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
        found.map_or(Answer::Miss, Answer::Hit)
    }

    /// Describes what an action just made, to be kept if it turns out that it may be: the contents
    /// of inputs and outputs are those of now. `None` if it cannot be kept.
    #[must_use]
    pub fn describe(
        &self,
        question: &Question,
        root: &Path,
        discovered: &[String],
        log: &[u8],
    ) -> Option<Kept> {
        self.shared
            .described(question, root, discovered, log)
            .inspect_err(|error| {
                log::debug!(target: "walk", "cache: a result that is not kept: {error}");
            })
            .ok()
    }

    /// Keeps a result, in the background.
    pub fn keep(&self, kept: Kept) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let keeper = keeper.get_or_insert_with(|| {
            let (to, from) = channel::<Kept>();
            let (is_done, done) = channel::<()>();
            let shared = Arc::clone(&self.shared);
            thread::spawn(move || {
                for it in from {
                    shared.keep(&it);
                }
                drop(is_done);
            });
            Keeper { to, done }
        });
        drop(keeper.to.send(kept));
    }

    /// Waits until everything is kept, for a minute at most or until `give_up` says so, and trims the
    /// local part.
    pub fn close(&self, give_up: impl Fn() -> bool) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if keeper.is_none_or(|it| self.finish(it, give_up)) {
            self.shared.trim();
        }
    }

    /// Waits for the keeper; returns whether somebody still waits for it.
    fn finish(&self, Keeper { to, done }: Keeper, give_up: impl Fn() -> bool) -> bool {
        drop(to);
        let until = Instant::now() + LAST_WAIT;
        while done.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if give_up() {
                self.abandon();
                return false;
            }
            if Instant::now() > until {
                log::warn!(target: "walk", "cache: not everything could be kept in a minute");
                break;
            }
        }
        true
    }

    /// Leaves the remote part alone from now on: what is asked of it at the moment is a miss soon.
    pub fn abandon(&self) {
        if let Some(remote) = &self.shared.remote {
            remote.abandon();
        }
    }

    /// Tries what it can of the local part without leaving anything, and returns what goes wrong.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read or written.
    pub fn try_local(&self) -> io::Result<()> {
        self.shared.local.as_ref().map_or(Ok(()), |it| it.probe(true))
    }

    /// Asks the remote part for something, tries whether it can be written if it is a directory, and
    /// returns what goes wrong.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be asked.
    pub fn try_remote(&self) -> io::Result<()> {
        let is_written = self.shared.settings.mode.writes();
        self.shared.remote.as_ref().map_or(Ok(()), |it| it.store().probe(is_written))
    }

    /// Returns what became of the questions so far.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let counts = &self.shared.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let remote = self.shared.remote.as_ref();
        Numbers {
            local_hits: of(&counts.local_hits),
            remote_hits: of(&counts.remote_hits),
            misses: of(&counts.misses),
            kept: of(&counts.kept),
            bytes_in: of(&counts.bytes_in),
            bytes_out: of(&counts.bytes_out),
            requests: remote.map_or(0, |it| it.store().requests()),
            errors: remote.map_or(0, Remote::errors),
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

/// A question, and where its outputs are to be.
struct Asked<'a> {
    question: &'a Question,
    root: &'a Path,
    staging: &'a Path,
}

impl Asked<'_> {
    fn stage(&self, result: &ActionResult, store: &dyn Store) -> io::Result<Staged> {
        stage(result, self.question, self.staging, store)
    }
}

impl Shared {
    fn find(&self, asked: &Asked<'_>) -> Option<Found> {
        let question = asked.question;
        let key =
            |more: &[String], purpose| key(question, asked.root, more, purpose, &self.seen).ok();
        if !question.has_depfile {
            let only = (key(&[], Purpose::Result)?, List::new());
            return self.find_here(asked, &only).or_else(|| self.find_there(asked, &only));
        }
        let lists = key(&[], Purpose::Lists)?.digest;
        // A list that names what is not there any more is of another time.
        let keyed = |list: List| Some((key(&list, Purpose::Result)?, list));
        let here = self
            .local
            .as_ref()
            .and_then(|it| lists::read(it, lists).inspect_err(|error| self.say_local(error)).ok());
        let mut known: Vec<(Key, List)> =
            here.unwrap_or_default().into_iter().filter_map(keyed).collect();
        if let Some(found) = known.iter().find_map(|it| self.find_here(asked, it)) {
            return Some(found);
        }
        let there = self.remote.as_ref()?.read(|it| lists::read(it, lists)).unwrap_or_default();
        for it in there.into_iter().filter_map(keyed) {
            if !known.contains(&it) {
                known.push(it);
            }
        }
        let found = known.iter().find_map(|it| self.find_there(asked, it))?;
        if let Some(local) = &self.local {
            drop(lists::add(local, lists, &found.discovered));
        }
        Some(found)
    }

    fn find_here(&self, asked: &Asked<'_>, (key, list): &(Key, List)) -> Option<Found> {
        let local = self.local.as_ref()?;
        let result = local.action_result(key.digest);
        let staged = result.and_then(|it| asked.stage(&it, local));
        let mut staged = staged.inspect_err(|it| self.say_local(it)).ok()?;
        let log = std::mem::take(&mut staged.log);
        staged.place(asked.root).inspect_err(say_miss).ok()?;
        Some(Found { from: Source::Local, log, discovered: list.clone() })
    }

    fn find_there(&self, asked: &Asked<'_>, (key, list): &(Key, List)) -> Option<Found> {
        let (result, mut staged) = self.remote.as_ref()?.read(|store| {
            let result = store.action_result(key.digest)?;
            let staged = asked.stage(&result, store).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => wrong(&format!("without all that it names: {error}")),
                _ => error,
            })?;
            Ok((result, staged))
        })?;
        self.counts.bytes_in.fetch_add(staged.bytes, Ordering::Relaxed);
        if let Some(local) = &self.local {
            let files = staged.blobs.iter().map(|it| Blob::File(it.0, it.1.clone()));
            let small = staged.small.drain(..).map(Blob::of);
            let blobs: Vec<Blob> = files.chain(small).collect();
            self.keep_here(local, key, &result.encode_to_vec(), &blobs);
        }
        let log = std::mem::take(&mut staged.log);
        staged.place(asked.root).inspect_err(say_miss).ok()?;
        Some(Found { from: Source::Remote, log, discovered: list.clone() })
    }

    fn described(
        &self,
        question: &Question,
        root: &Path,
        discovered: &[String],
        log: &[u8],
    ) -> io::Result<Kept> {
        let key = |more: &[String], purpose| key(question, root, more, purpose, &self.seen);
        let whole = key(discovered, Purpose::Result)?;
        let list = if question.has_depfile {
            Some((key(&[], Purpose::Lists)?, discovered.to_vec()))
        } else {
            None
        };
        let (result, blobs) = describe(question, root, log, &self.seen)?;
        Ok(Kept { key: whole, result: result.encode_to_vec(), blobs, list })
    }

    fn keep(&self, kept: &Kept) {
        if let Some(local) = &self.local {
            if self.keep_here(local, &kept.key, &kept.result, &kept.blobs) {
                self.counts.kept.fetch_add(1, Ordering::Relaxed);
            }
            if let Some((key, list)) = &kept.list {
                drop(lists::add(local, key.digest, list));
            }
        }
        let Some(remote) = &self.remote else { return };
        let messages = [&kept.key.action, &kept.key.command].map(|it| Blob::of(it.clone()));
        let blobs: Vec<Blob> = kept.blobs.iter().cloned().chain(messages).collect();
        let done = remote.write(|store| {
            let bytes = store.put(&blobs)?;
            store.put_result(kept.key.digest, &kept.result)?;
            if let Some((key, list)) = &kept.list {
                store.put(&[&key.action, &key.command].map(|it| Blob::of(it.clone())))?;
                lists::add(store, key.digest, list)?;
            }
            Ok(bytes)
        });
        if let Some(bytes) = done {
            self.counts.bytes_out.fetch_add(bytes, Ordering::Relaxed);
            if self.local.is_none() {
                self.counts.kept.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Keeps a result in the local part, blobs first.
    fn keep_here(&self, local: &Directory, key: &Key, result: &[u8], blobs: &[Blob]) -> bool {
        let kept = local.put(blobs).and_then(|bytes| {
            self.counts.local_bytes.fetch_add(bytes, Ordering::Relaxed);
            local.put_result(key.digest, result)
        });
        kept.inspect_err(|it| self.say_local(it)).is_ok()
    }

    /// Says that the local part fails, once.
    fn say_local(&self, error: &io::Error) {
        if is_nothing(error) {
            return;
        }
        if self.is_local_told.swap(true, Ordering::Relaxed) {
            log::info!(target: "walk", "cache: {error}");
            return;
        }
        let place = self.local.as_ref().map(|it| it.root().display().to_string());
        log::warn!(
            target: "walk",
            "the cache in `{}` fails: {error}: what it does not give is made here",
            place.unwrap_or_default()
        );
    }

    /// Trims the local part, if so much was added that it may have grown too large, or none did so
    /// for a while.
    fn trim(&self) {
        let Some(local) = &self.local else { return };
        let added = self.counts.local_bytes.load(Ordering::Relaxed);
        let mark = local.root().join("trimmed");
        let age = std::fs::metadata(&mark).and_then(|it| it.modified());
        let is_fresh = |it: SystemTime| it.elapsed().is_ok_and(|it| it <= BETWEEN_TRIMS);
        let is_due = !age.is_ok_and(is_fresh);
        if added == 0 || !(is_due || added > self.settings.max_size / 20) {
            return;
        }
        let trimmed = local.trim(self.settings.max_size, self.settings.max_age);
        match trimmed.and_then(|bytes| std::fs::write(&mark, []).map(|()| bytes)) {
            Ok(bytes) => log::debug!(target: "walk", "cache: {bytes} bytes removed"),
            Err(error) => self.say_local(&error),
        }
    }
}

/// Says what is more than that nothing is known.
fn say_miss(error: &io::Error) {
    if error.kind() != io::ErrorKind::NotFound {
        log::info!(target: "walk", "cache: taken for a miss: {error}");
    }
}
