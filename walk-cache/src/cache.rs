//! A local part, a remote part, and the order in which they are asked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use prost::Message as _;

use crate::digest::Digest;
use crate::key::{Key, Purpose, key};
use crate::message::ActionResult;
use crate::outputs::describe;
use crate::place::stage;
use crate::seen::Seen;
use crate::settings::Mode;
use crate::store::{Blob, Directory, Store};
use crate::{CacheError, Question, Settings};

/// How many lists of discovered files are kept for one question.
const LISTS: usize = 8;

/// So many calls in a row that fail, and the remote part is left alone.
const FAILURES: u32 = 5;

/// How long a walk waits at its end for what is still being kept.
const LAST_WAIT: Duration = Duration::from_secs(60);

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
    remote: Option<Remote>,
    seen: Seen,
    counts: Counts,
}

struct Remote {
    store: Box<dyn Store>,
    mode: Mode,
    health: Mutex<Health>,
    is_off: AtomicBool,
}

#[derive(Default)]
struct Health {
    in_a_row: u32,
    lost: Duration,
    is_told: bool,
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
        let is_visible = |it: &String| !it.is_empty() && it.bytes().all(|it| it.is_ascii_graphic());
        if !settings.token.as_ref().is_none_or(is_visible) {
            return Err(CacheError::Token);
        }
        let store = settings.remote.as_deref().map(|it| open_remote(it, &settings)).transpose()?;
        let remote = store.map(|store| Remote {
            store,
            mode: settings.mode,
            health: Mutex::default(),
            is_off: AtomicBool::new(false),
        });
        let local = settings.local.clone().map(Directory::new);
        let (seen, counts) = (Seen::default(), Counts::default());
        let shared = Arc::new(Shared { settings, local, remote, seen, counts });
        Ok(Self { shared, keeper: Mutex::new(None) })
    }

    /// Brings the outputs of `question` into place below `root`, if a result is known for all that
    /// its inputs are now; `staging` is a directory on the same file system.
    #[must_use]
    pub fn restore(&self, question: &Question, root: &Path, staging: &Path) -> Answer {
        let found = self.shared.find(question, root, staging);
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

    /// Waits until everything is kept, for a minute at most, and trims the local part.
    pub fn close(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Keeper { to, done }) = keeper {
            drop(to);
            let waited = done.recv_timeout(LAST_WAIT);
            if waited == Err(RecvTimeoutError::Timeout) {
                log::warn!(target: "walk", "cache: not everything could be kept in a minute");
            }
        }
        self.shared.trim();
    }

    /// Asks the remote part for something, and returns what goes wrong.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be asked.
    pub fn try_remote(&self) -> io::Result<()> {
        let Some(remote) = &self.shared.remote else { return Ok(()) };
        match remote.store.result(Digest::of(b"is there anybody?")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns what became of the questions so far.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let counts = &self.shared.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Numbers {
            local_hits: of(&counts.local_hits),
            remote_hits: of(&counts.remote_hits),
            misses: of(&counts.misses),
            kept: of(&counts.kept),
            bytes_in: of(&counts.bytes_in),
            bytes_out: of(&counts.bytes_out),
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

#[cfg_attr(not(feature = "grpc"), expect(unused_variables, reason = "only servers have settings"))]
fn open_remote(given: &str, settings: &Settings) -> Result<Box<dyn Store>, CacheError> {
    let wrong = || CacheError::Remote { given: given.to_owned() };
    if let Some(path) = given.strip_prefix("file://") {
        let path = PathBuf::from(path);
        return if path.is_absolute() { Ok(Box::new(Directory::new(path))) } else { Err(wrong()) };
    }
    let address = given.strip_prefix("grpc://").or_else(|| given.strip_prefix("grpcs://"));
    let address = address.ok_or_else(wrong)?;
    let port = address.rsplit_once(':').and_then(|(host, port)| {
        let is_host = !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']);
        port.parse::<u16>().ok().filter(|_| is_host)
    });
    port.ok_or_else(wrong)?;
    #[cfg(feature = "grpc")]
    let server = Ok(Box::new(crate::store::Server::new(given, settings)) as Box<dyn Store>);
    #[cfg(not(feature = "grpc"))]
    let server = Err(CacheError::NotBuilt { given: given.to_owned() });
    server
}

impl Shared {
    fn find(&self, question: &Question, root: &Path, staging: &Path) -> Option<Found> {
        let key = |more: &[String], purpose| key(question, root, more, purpose, &self.seen).ok();
        if !question.has_depfile {
            return self.fetch(&key(&[], Purpose::Result)?, question, root, staging);
        }
        let lists_key = key(&[], Purpose::Lists)?;
        // Nobody else is asked about what is known here.
        let own = self.local.as_ref().and_then(|it| read_lists(it, lists_key.digest).ok());
        let known = own.into_iter().flatten().find_map(|discovered| {
            let key = key(&discovered, Purpose::Result)?;
            let found = self.fetch_here(&key, question, root, staging)?;
            Some(Found { discovered, ..found })
        });
        if known.is_some() {
            return known;
        }
        self.lists(&lists_key).into_iter().find_map(|discovered| {
            // A list that names what is not there any more is of another time.
            let key = key(&discovered, Purpose::Result)?;
            let found = self.fetch(&key, question, root, staging)?;
            if let Some(local) = self.local.as_ref().filter(|_| found.from == Source::Remote) {
                drop(add_list(local, &lists_key, &discovered));
            }
            Some(Found { discovered, ..found })
        })
    }

    /// Returns the lists of files that are known for a question, those of either part.
    fn lists(&self, key: &Key) -> Vec<Vec<String>> {
        let mut lists: Vec<Vec<String>> = Vec::new();
        let local = self.local.as_ref().and_then(|it| read_lists(it, key.digest).ok());
        let remote = self.remote.as_ref().filter(|it| it.mode.reads());
        let remote = remote.and_then(|it| it.call(&self.settings, |it| read_lists(it, key.digest)));
        for list in local.into_iter().chain(remote).flatten() {
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
        lists
    }

    fn fetch(&self, key: &Key, question: &Question, root: &Path, staging: &Path) -> Option<Found> {
        if let Some(found) = self.fetch_here(key, question, root, staging) {
            return Some(found);
        }
        let remote = self.remote.as_ref().filter(|it| it.mode.reads())?;
        let (result, mut staged) = remote.call(&self.settings, |store| {
            let result = read_result(store, key.digest)?;
            let staged = stage(&result, &question.outputs, staging, store)?;
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
        staged.place(root).inspect_err(say_miss).ok()?;
        Some(Found { from: Source::Remote, log, discovered: Vec::new() })
    }

    /// Takes a result from the local part.
    fn fetch_here(
        &self,
        key: &Key,
        question: &Question,
        root: &Path,
        staging: &Path,
    ) -> Option<Found> {
        let local = self.local.as_ref()?;
        let staged = read_result(local, key.digest)
            .and_then(|it| stage(&it, &question.outputs, staging, local));
        let mut staged = staged.inspect_err(say_miss).ok()?;
        let log = std::mem::take(&mut staged.log);
        staged.place(root).inspect_err(say_miss).ok()?;
        Some(Found { from: Source::Local, log, discovered: Vec::new() })
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
        let (result, blobs) = describe(&question.outputs, root, log, &self.seen)?;
        Ok(Kept { key: whole, result: result.encode_to_vec(), blobs, list })
    }

    fn keep(&self, kept: &Kept) {
        if let Some(local) = &self.local {
            if self.keep_here(local, &kept.key, &kept.result, &kept.blobs) {
                self.counts.kept.fetch_add(1, Ordering::Relaxed);
            }
            if let Some((key, list)) = &kept.list {
                drop(add_list(local, key, list));
            }
        }
        let Some(remote) = self.remote.as_ref().filter(|it| it.mode.writes()) else { return };
        let messages = [&kept.key.action, &kept.key.command].map(|it| Blob::of(it.clone()));
        let blobs: Vec<Blob> = kept.blobs.iter().cloned().chain(messages).collect();
        let done = remote.call(&self.settings, |store| {
            let bytes = store.put(&blobs)?;
            store.put_result(kept.key.digest, &kept.result)?;
            if let Some((key, list)) = &kept.list {
                store.put(&[&key.action, &key.command].map(|it| Blob::of(it.clone())))?;
                add_list(store, key, list)?;
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
        kept.inspect_err(|error| {
            log::info!(target: "walk", "cache: `{}`: {error}", local.root().display());
        })
        .is_ok()
    }

    /// Trims the local part, if so much was added that it may have grown too large, or none did so
    /// for a while.
    fn trim(&self) {
        let Some(local) = &self.local else { return };
        let added = self.counts.local_bytes.load(Ordering::Relaxed);
        let mark = local.root().join("trimmed");
        let age = std::fs::metadata(&mark).and_then(|it| it.modified());
        let is_due =
            age.map_or(true, |it| it.elapsed().is_ok_and(|it| it > Duration::from_secs(600)));
        if added == 0 || !(is_due || added > self.settings.max_size / 20) {
            return;
        }
        let trimmed = local.trim(self.settings.max_size, self.settings.max_age);
        match trimmed.and_then(|bytes| std::fs::write(&mark, []).map(|()| bytes)) {
            Ok(bytes) => log::debug!(target: "walk", "cache: {bytes} bytes removed"),
            Err(error) => log::info!(target: "walk", "cache: cannot be trimmed: {error}"),
        }
    }
}

/// Says what is more than that nothing is known.
fn say_miss(error: &io::Error) {
    if error.kind() != io::ErrorKind::NotFound {
        log::info!(target: "walk", "cache: taken for a miss: {error}");
    }
}

fn read_result(store: &dyn Store, digest: Digest) -> io::Result<ActionResult> {
    let bytes = store.result(digest)?;
    ActionResult::decode(&*bytes)
        .map_err(|it| io::Error::new(io::ErrorKind::InvalidData, it.to_string()))
}

/// Reads the lists of discovered files, the newest first.
fn read_lists(store: &dyn Store, digest: Digest) -> io::Result<Vec<Vec<String>>> {
    let result = read_result(store, digest)?;
    let lists: Vec<Vec<String>> = serde_json::from_slice(&result.stdout_raw)?;
    Ok(lists.into_iter().take(LISTS).collect())
}

fn add_list(store: &dyn Store, key: &Key, list: &[String]) -> io::Result<()> {
    let mut lists = match read_lists(store, key.digest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Vec::new(),
        lists => lists?,
    };
    if lists.first().is_some_and(|it| it == list) {
        return Ok(());
    }
    lists.retain(|it| it != list);
    lists.insert(0, list.to_vec());
    lists.truncate(LISTS);
    let stdout_raw = serde_json::to_vec(&lists)?;
    let result = ActionResult { stdout_raw, ..ActionResult::default() };
    store.put_result(key.digest, &result.encode_to_vec())
}

impl Remote {
    /// Calls the store; a failure is nothing, and after several nobody calls any more.
    fn call<T>(
        &self,
        settings: &Settings,
        call: impl FnOnce(&dyn Store) -> io::Result<T>,
    ) -> Option<T> {
        if self.is_off.load(Ordering::Relaxed) {
            return None;
        }
        let begun = Instant::now();
        match call(&*self.store) {
            Ok(value) => {
                self.health().in_a_row = 0;
                Some(value)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.health().in_a_row = 0;
                None
            }
            Err(error) => {
                self.suffer(settings, begun.elapsed(), &error);
                None
            }
        }
    }

    fn suffer(&self, settings: &Settings, lost: Duration, error: &io::Error) {
        let mut health = self.health();
        health.in_a_row += 1;
        health.lost += lost;
        let remote = settings.remote.as_deref().unwrap_or_default();
        if !health.is_told {
            health.is_told = true;
            log::warn!(
                target: "walk",
                "the cache at {remote} fails: {error}: what it does not give is made here"
            );
        }
        let is_over = health.in_a_row >= FAILURES || health.lost > settings.patience;
        if is_over && !self.is_off.swap(true, Ordering::Relaxed) {
            log::warn!(target: "walk", "the cache at {remote} is left alone for the rest of this walk");
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
