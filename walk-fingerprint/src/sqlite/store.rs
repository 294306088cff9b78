//! The store on top of the tables: transactions, runs, and what happens to a damaged file.
//!
//! A transaction opens with the first change and closes with `commit`, so that a caller groups
//! what belongs together. Any error that means damage closes the file, puts it aside and repeats
//! the work on an empty one; for a reader, on an empty one in memory.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, Error};

use super::doubt::Doubt;
use super::pairs::{self, Pairs, assemble_alone};
use super::scan::{Column, Found, Scan};
use super::{open, tables};
use crate::cache::DigestRow;
use crate::codec::{self, Format, Marker};
use crate::fingerprint::Fingerprint;
use crate::os::{self, FileId};
use crate::stamp::since_epoch_ns;
use crate::store::{Store, StoreError};

/// More actions than these are looked up faster all at once.
const FEW: usize = 1_000;

/// Unused pairs are collected when there are this many more than twice those in use last time.
const GARBAGE: u32 = 1_000;

/// A store in one `SQLite` file.
///
/// One process writes at a time; any number read meanwhile. The directory must exist.
///
/// ```
/// use walk_fingerprint::{Fingerprint, SqliteStore, Store};
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("store");
/// let mut fingerprint = Fingerprint::new();
/// fingerprint.add("command", "true");
///
/// let mut store = SqliteStore::open(&path)?;
/// store.begin()?;
/// store.save_fingerprint("all", Some(&fingerprint))?;
/// store.finish()?;
///
/// let mut reader = SqliteStore::open_read_only(&path)?.expect("the file is there");
/// assert_eq!(reader.load_fingerprint("all")?, Some(fingerprint));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    access: Access,
    connection: Connection,
    /// The file that the connection writes to; `None` if there is no file.
    file: Option<FileId>,
    /// All pairs, once they were needed: to save one, or to load many.
    pairs: Option<Pairs>,
    /// All actions, once one was asked for.
    scan: Option<Scan>,
    marker: Marker,
    /// Whether `begin` was called and `finish` not yet.
    began: bool,
    unclean: bool,
    /// Which of the digests in the file are not to be believed.
    doubt: Doubt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Write,
    Read,
}

/// What was being done when something failed.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Reading,
    Writing,
}

impl SqliteStore {
    /// Opens the store in the file `path` for writing, creating it if it is missing.
    ///
    /// A file that is damaged, of another version or of another program is renamed to
    /// `<path>.damaged`, said once in the log, and the store starts empty (F9). Nothing is
    /// written before something is saved.
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`] when the file cannot be created or opened, [`StoreError::Locked`]
    /// when another process has been writing for ten seconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        Self::writing(path, open::for_writing(path, None)?)
    }

    pub(super) fn writing(path: &Path, connection: Connection) -> Result<Self, StoreError> {
        Self::with_connection(path, Access::Write, connection)
    }

    /// Opens the store in the file `path` for reading: it never waits for a writer, creates no
    /// file and changes nothing. `None` stands for an empty store: the file is missing, or it
    /// cannot be used, which is said once in the log.
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`] when the file is there and the system refuses to open it.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Option<Self>, StoreError> {
        let path = path.as_ref();
        let connection = open::for_reading(path)?;
        connection.map(|found| Self::with_connection(path, Access::Read, found)).transpose()
    }

    fn with_connection(
        path: &Path,
        access: Access,
        connection: Connection,
    ) -> Result<Self, StoreError> {
        let mut store = Self {
            path: path.to_owned(),
            access,
            file: os::file_id(path),
            connection,
            pairs: None,
            scan: None,
            marker: Marker::default(),
            began: false,
            unclean: false,
            doubt: Doubt::Nothing,
        };
        store.marker = store.attempt(Doing::Reading, |store| tables::marker(&store.connection))?;
        store.doubt = Doubt::after(&store.marker);
        store.unclean = store.doubt == Doubt::Everything;
        Ok(store)
    }

    /// Does some work; if the file turns out to be damaged, does it again on an empty store.
    fn attempt<T>(
        &mut self,
        doing: Doing,
        work: impl Fn(&mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut result = work(self);
        if let Err(error) = &result
            && open::is_damage(&self.path, error)
        {
            let reason = error.to_string();
            self.start_over(&reason)?;
            result = work(self);
        }
        result.map_err(|error| self.failed(doing, &error))
    }

    fn change<T>(
        &mut self,
        work: impl Fn(&mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        self.attempt(Doing::Writing, |store| {
            store.ensure_transaction()?;
            work(store)
        })
    }

    fn failed(&mut self, doing: Doing, error: &Error) -> StoreError {
        // SQLite may have rolled back what memory takes for stored.
        (self.pairs, self.scan) = (None, None);
        let (path, reason) = (self.path.clone(), error.to_string());
        match doing {
            _ if open::is_locked(error) => StoreError::Locked { path },
            Doing::Reading => StoreError::Read { path, reason },
            Doing::Writing => StoreError::Write { path, reason },
        }
    }

    fn start_over(&mut self, reason: &str) -> Result<(), StoreError> {
        (self.pairs, self.scan) = (None, None);
        // Taking its place closes the damaged one.
        self.connection =
            open::in_memory().map_err(|error| open::open_error(&self.path, &error))?;
        if self.access == Access::Read {
            open::say_ignored(&self.path, reason);
            return Ok(());
        }
        open::put_aside(&self.path, reason)?;
        self.connection = open::for_writing(&self.path, None)?;
        self.file = os::file_id(&self.path);
        self.doubt = Doubt::Nothing;
        if self.began {
            let marked = self.mark_begin();
            marked.map_err(|error| self.failed(Doing::Writing, &error))?;
        }
        Ok(())
    }

    fn ensure_transaction(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        }
        if self.doubt != Doubt::Nothing {
            let doubt = self.doubt;
            tables::forget_digests(&self.connection, |it| doubt.covers(it))?;
            self.marker.boot_id = os::boot_id().unwrap_or_default();
            self.marker.clean = true;
            tables::save_marker(&self.connection, &self.marker)?;
            self.doubt = Doubt::Nothing;
        }
        Ok(())
    }

    /// Ends the transaction, if there is one, in a file that the next run will find.
    fn end(&mut self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.attempt(Doing::Writing, |store| store.end_transaction())?;
        self.ensure_in_place()
    }

    /// Whoever removes or replaces the file takes away what is written to it.
    fn ensure_in_place(&self) -> Result<(), StoreError> {
        if self.file == os::file_id(&self.path) {
            return Ok(());
        }
        let reason = "it was removed or replaced while it was in use".to_owned();
        Err(StoreError::Write { path: self.path.clone(), reason })
    }

    fn end_transaction(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }

    /// Writes the marker so that it survives a power failure.
    fn mark_begin(&mut self) -> rusqlite::Result<()> {
        self.end_transaction()?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.ensure_transaction()?;
        self.marker.boot_id = os::boot_id().unwrap_or_default();
        self.marker.started = since_epoch_ns(SystemTime::now()).unsigned_abs() / 1_000_000_000;
        self.marker.clean = false;
        tables::save_marker(&self.connection, &self.marker)?;
        self.end_transaction()?;
        self.connection.pragma_update(None, "synchronous", "NORMAL")
    }

    fn mark_finish(&mut self) -> rusqlite::Result<()> {
        self.ensure_transaction()?;
        self.collect_garbage()?;
        self.marker.clean = true;
        tables::save_marker(&self.connection, &self.marker)?;
        self.end_transaction()?;
        self.checkpoint()
    }

    fn collect_garbage(&mut self) -> rusqlite::Result<()> {
        let Some(pairs) = self.pairs.as_mut().filter(|it| it.is_all()) else { return Ok(()) };
        if pairs.len() <= most_pairs(&self.marker) {
            return Ok(());
        }
        tables::delete_empty_actions(&self.connection)?;
        self.scan = None;
        pairs.collect(&self.connection, &tables::used_pairs(&self.connection)?)?;
        self.marker.pairs = pairs.len();
        Ok(())
    }

    /// Moves everything from the log to the file and empties the log, unless a reader is in the
    /// way; then the log keeps what it has until the next time.
    fn checkpoint(&self) -> rusqlite::Result<()> {
        let patience = open::WRITER_PATIENCE;
        self.connection.busy_timeout(std::time::Duration::ZERO)?;
        let done = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.connection.busy_timeout(patience)?;
        done.or_else(|error| if open::is_locked(&error) { Ok(()) } else { Err(error) })
    }

    /// Reads all actions, unless that was done; a reader also all pairs, in one transaction, as a
    /// writer may collect pairs before the reader comes back for them.
    fn ensure_scan(&mut self, uid: Option<&str>) -> rusqlite::Result<()> {
        match (self.scan.as_ref().filter(|it| it.knows(uid)), self.access) {
            (Some(_), _) => Ok(()),
            (None, Access::Read) => self.read_all(),
            (None, Access::Write) => {
                self.scan = Some(Scan::read(&self.connection)?);
                Ok(())
            }
        }
    }

    fn read_all(&mut self) -> rusqlite::Result<()> {
        let snapshot = match self.access {
            Access::Read => Some(self.connection.unchecked_transaction()?),
            Access::Write => None,
        };
        if self.scan.is_none() {
            self.scan = Some(Scan::read(&self.connection)?);
        }
        if self.pairs.is_none() {
            self.pairs = Some(Pairs::load(&self.connection)?);
        }
        drop(snapshot);
        Ok(())
    }

    fn with_record<T>(
        &mut self,
        uid: &str,
        column: Column,
        use_record: impl FnOnce(Option<&[u8]>) -> T,
    ) -> rusqlite::Result<T> {
        self.ensure_scan(Some(uid))?;
        match self.scan.as_ref().map_or(Found::Nowhere, |scan| scan.find(uid, column)) {
            Found::Nowhere => Ok(use_record(None)),
            Found::Here(record) => Ok(use_record(Some(record))),
            Found::InRow(id) => tables::with_record(&self.connection, id, column, use_record),
        }
    }

    fn read_fingerprint(&mut self, uid: &str) -> rusqlite::Result<Option<Fingerprint>> {
        let list = self.with_record(uid, Column::Fingerprint, |record| {
            let payload = codec::unseal(Format::Fingerprint, uid.as_bytes(), record?);
            Some(payload.and_then(codec::decode_pair_list))
        })?;
        let Some(list) = list else { return Ok(None) };
        let fingerprint = match (list, &self.pairs) {
            (None, _) => None,
            (Some(list), Some(pairs)) => pairs.assemble(&list),
            (Some(list), None) => assemble_alone(&self.connection, &list)?,
        };
        if fingerprint.is_none() {
            log::warn!(target: "walk", "the saved fingerprint of `{uid}` is damaged: taken for missing");
        }
        Ok(fingerprint)
    }

    /// Reads all pairs, unless that was done; if only a few actions are of interest, theirs.
    fn ensure_pairs(&mut self) -> rusqlite::Result<()> {
        if self.pairs.is_some() {
            return Ok(());
        }
        self.pairs = Some(match self.scan.as_ref().filter(|it| it.is_part()) {
            None => Pairs::load(&self.connection)?,
            Some(scan) => {
                let records = scan.records(Column::Fingerprint);
                let lists = records.filter_map(|(uid, record)| {
                    let payload = codec::unseal(Format::Fingerprint, uid.as_bytes(), record);
                    payload.and_then(codec::decode_pair_list)
                });
                Pairs::load_few(&self.connection, &lists.collect::<Vec<_>>())?
            }
        });
        Ok(())
    }

    /// Reads a few rows instead of all, if they are where they are said to be, and there is not
    /// too much that nobody needs any more; a reader also their pairs, in one transaction.
    fn read_few(&mut self, places: &[(&str, i64)]) -> rusqlite::Result<()> {
        if self.scan.is_some() || self.pairs.is_some() {
            return Ok(());
        }
        if self.access == Access::Read {
            self.connection.execute_batch("BEGIN")?;
            let read = self.read_rows(places);
            self.connection.execute_batch("COMMIT")?;
            return read;
        }
        if pairs::end(&self.connection)? <= most_pairs(&self.marker) {
            self.scan = Scan::read_few(&self.connection, places)?;
        }
        Ok(())
    }

    fn read_rows(&mut self, places: &[(&str, i64)]) -> rusqlite::Result<()> {
        self.scan = Scan::read_few(&self.connection, places)?;
        if self.scan.is_some() { self.ensure_pairs() } else { Ok(()) }
    }

    fn write_fingerprint(&mut self, uid: &str, fingerprint: &Fingerprint) -> rusqlite::Result<()> {
        self.ensure_pairs()?;
        let pairs = self.pairs.as_mut().expect("loaded above");
        let list = pairs.intern(&self.connection, fingerprint)?;
        let payload = codec::encode_pair_list(&list);
        let record = codec::seal(Format::Fingerprint, uid.as_bytes(), &payload);
        self.write_record(uid, Column::Fingerprint, Some(&record))
    }

    fn write_record(
        &mut self,
        uid: &str,
        column: Column,
        record: Option<&[u8]>,
    ) -> rusqlite::Result<()> {
        self.ensure_scan(Some(uid))?;
        let scan = self.scan.as_mut().expect("read above");
        let id = match (scan.row(uid), record) {
            (Some(id), _) => {
                tables::update_action(&self.connection, id, column, record)?;
                id
            }
            (None, Some(record)) => tables::insert_action(&self.connection, uid, column, record)?,
            (None, None) => return Ok(()),
        };
        scan.changed(uid, id, column, record.is_some());
        Ok(())
    }

    /// Forgets a record; one that is absent costs no transaction.
    fn forget_record(&mut self, uid: &str, column: Column) -> Result<(), StoreError> {
        let is_absent = |record: Option<&[u8]>| record.is_none();
        let absent =
            self.attempt(Doing::Reading, |store| store.with_record(uid, column, is_absent))?;
        if absent && self.access == Access::Write {
            return Ok(());
        }
        self.change(|store| store.write_record(uid, column, None))
    }
}

/// Returns how many pairs there may be before those are collected that are not needed.
fn most_pairs(marker: &Marker) -> u32 {
    marker.pairs.saturating_mul(2).saturating_add(GARBAGE)
}

impl Store for SqliteStore {
    fn load_fingerprint(&mut self, uid: &str) -> Result<Option<Fingerprint>, StoreError> {
        self.attempt(Doing::Reading, |store| store.read_fingerprint(uid))
    }

    fn save_fingerprint(
        &mut self,
        uid: &str,
        fingerprint: Option<&Fingerprint>,
    ) -> Result<(), StoreError> {
        match fingerprint {
            Some(fingerprint) => self.change(|store| store.write_fingerprint(uid, fingerprint)),
            None => self.forget_record(uid, Column::Fingerprint),
        }
    }

    fn load_note(&mut self, uid: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let unseal = |record: Option<&[u8]>| {
            let note = codec::unseal(Format::Note, uid.as_bytes(), record?);
            Some(note.map(<[u8]>::to_vec))
        };
        let note =
            self.attempt(Doing::Reading, |store| store.with_record(uid, Column::Note, unseal))?;
        if note == Some(None) {
            log::warn!(target: "walk", "the saved note of `{uid}` is damaged: taken for missing");
        }
        Ok(note.flatten())
    }

    fn save_note(&mut self, uid: &str, note: Option<&[u8]>) -> Result<(), StoreError> {
        let Some(note) = note else { return self.forget_record(uid, Column::Note) };
        let record = codec::seal(Format::Note, uid.as_bytes(), note);
        self.change(|store| store.write_record(uid, Column::Note, Some(&record)))
    }

    fn uids(&mut self) -> Result<Vec<String>, StoreError> {
        self.attempt(Doing::Reading, |store| store.ensure_scan(None))?;
        Ok(self.scan.as_ref().map(Scan::uids).unwrap_or_default())
    }

    fn place(&self, uid: &str) -> Option<i64> {
        self.scan.as_ref()?.row(uid)
    }

    fn preload_few(&mut self, places: &[(&str, i64)]) -> Result<(), StoreError> {
        if places.len() > FEW {
            return self.preload();
        }
        self.attempt(Doing::Reading, |store| store.read_few(places))
    }

    fn preload(&mut self) -> Result<(), StoreError> {
        self.attempt(Doing::Reading, Self::read_all)
    }

    fn load_digests(&mut self) -> Result<Vec<DigestRow>, StoreError> {
        let mut rows = self.attempt(Doing::Reading, |it| tables::digests(&it.connection))?;
        rows.retain(|row| row.known.is_some_and(|it| !self.doubt.covers(&it)));
        Ok(rows)
    }

    fn save_digests(&mut self, rows: &[DigestRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.change(|store| tables::save_digests(&store.connection, rows))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        if self.began {
            return Ok(());
        }
        self.change(Self::mark_begin)?;
        self.began = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.end()
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        if !self.began {
            return self.commit();
        }
        self.attempt(Doing::Writing, Self::mark_finish)?;
        self.began = false;
        self.ensure_in_place()
    }

    fn was_unclean(&self) -> bool {
        self.unclean
    }
}
