//! The remote part, and how much of its failing is borne with.
//!
//! A failure is a miss and is said once. After several in a row, or once too much time was lost, it
//! is left alone for the rest of the walk. One that only refuses what is put into it, as a server
//! that most may only read, goes on to be read. A wrong answer costs its time alone: what is made
//! here takes its place.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::{Directory, Patient, Store};
use crate::{CacheError, Settings};

/// So many calls in a row that fail, and no more are made.
const FAILURES: u32 = 5;

/// A remote part.
pub(crate) struct Remote {
    store: Box<dyn Store>,
    settings: Settings,
    reading: Health,
    writing: Health,
    is_told: AtomicBool,
    is_abandoned: AtomicBool,
    errors: AtomicU64,
}

/// How one way of using it fares.
#[derive(Default)]
struct Health {
    suffered: Mutex<Suffered>,
    is_off: AtomicBool,
}

#[derive(Default)]
struct Suffered {
    in_a_row: u32,
    lost: Duration,
}

impl Remote {
    /// Opens the one that `settings` name, if they do; calls no server.
    pub(crate) fn open(settings: &Settings) -> Result<Option<Self>, CacheError> {
        let is_visible = |it: &String| !it.is_empty() && it.bytes().all(|it| it.is_ascii_graphic());
        if !settings.token.as_ref().is_none_or(is_visible) {
            return Err(CacheError::Token);
        }
        let store = settings.remote.as_deref().map(|it| open(it, settings)).transpose()?;
        Ok(store.map(|store| Self {
            store,
            settings: settings.clone(),
            reading: Health::default(),
            writing: Health::default(),
            is_told: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
            errors: AtomicU64::new(0),
        }))
    }

    /// Returns the store itself, for one who wants to know what goes wrong.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns how many calls failed.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Ends what is under way, and everything after it.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
        self.store.abandon();
    }

    /// Takes something from it, if it is to be read and has it.
    pub(crate) fn read<T>(&self, call: impl FnOnce(&dyn Store) -> io::Result<T>) -> Option<T> {
        if !self.settings.mode.reads() || self.reading.is_off() {
            return None;
        }
        self.call(&self.reading, "is left alone for the rest of this walk", call)
    }

    /// Puts something into it, if that is to be done.
    pub(crate) fn write<T>(&self, call: impl FnOnce(&dyn Store) -> io::Result<T>) -> Option<T> {
        if !self.settings.mode.writes() || self.reading.is_off() || self.writing.is_off() {
            return None;
        }
        self.call(&self.writing, "is given nothing more in this walk", call)
    }

    fn call<T>(
        &self,
        health: &Health,
        end: &str,
        call: impl FnOnce(&dyn Store) -> io::Result<T>,
    ) -> Option<T> {
        if self.is_abandoned.load(Ordering::Relaxed) {
            return None;
        }
        let begun = Instant::now();
        let called = call(&*self.store);
        let took = begun.elapsed();
        if self.is_abandoned.load(Ordering::Relaxed) {
            return called.ok();
        }
        if let Err(error) = &called
            && !is_nothing(error)
        {
            self.say(error);
        }
        let is_over = match &called {
            Ok(_) => health.is_too_much(false, Duration::ZERO, &self.settings),
            Err(error) if is_nothing(error) && took < self.settings.deadline / 10 => {
                health.is_too_much(false, Duration::ZERO, &self.settings)
            }
            Err(error) => health.is_too_much(is_failure(error), took, &self.settings),
        };
        if is_over && !health.is_off.swap(true, Ordering::Relaxed) {
            log::warn!(target: "walk", "the cache at {} {end}", self.name());
        }
        called.ok()
    }

    fn say(&self, error: &io::Error) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        if self.is_told.swap(true, Ordering::Relaxed) {
            log::info!(target: "walk", "cache: {error}");
            return;
        }
        log::warn!(
            target: "walk",
            "the cache at {} fails: {error}: what it does not give is made here",
            self.name()
        );
    }

    fn name(&self) -> &str {
        self.settings.remote.as_deref().unwrap_or_default()
    }
}

/// Returns whether nobody failed: it does not have it, or what was to be put is not there any more.
pub(crate) fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
}

/// Returns whether it is more than an answer that is wrong.
fn is_failure(error: &io::Error) -> bool {
    !is_nothing(error) && error.kind() != io::ErrorKind::InvalidData
}

impl Health {
    fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// Notes whether a call failed and the time that was lost with it; returns whether it was the one
    /// too many.
    fn is_too_much(&self, failed: bool, lost: Duration, settings: &Settings) -> bool {
        let mut suffered = self.suffered.lock().unwrap_or_else(PoisonError::into_inner);
        suffered.in_a_row = if failed { suffered.in_a_row + 1 } else { 0 };
        suffered.lost += lost;
        suffered.in_a_row >= FAILURES || suffered.lost > settings.patience
    }
}

fn open(given: &str, settings: &Settings) -> Result<Box<dyn Store>, CacheError> {
    let wrong = || CacheError::Remote { given: given.to_owned() };
    if let Some(path) = given.strip_prefix("file://") {
        let path = PathBuf::from(path);
        return if path.is_absolute() {
            Ok(Box::new(Patient::new(Directory::new(path), settings.deadline)))
        } else {
            Err(wrong())
        };
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
