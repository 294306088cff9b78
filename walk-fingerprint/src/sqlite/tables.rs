//! The statements: one function for each thing that is read from or written to the tables.
//!
//! They know SQL and records, and nothing of runs, damage or what is kept in memory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Error, params};
use rustc_hash::FxHashSet;

use super::scan::{Column, blob, text};
use crate::cache::{DigestRow, KnownDigest};
use crate::codec::{self, DigestRecord, Format, Marker};

/// Hands one record of an action to `use_record`.
///
/// # Errors
///
/// Also when the row is not there, which is damage.
pub(super) fn with_record<T>(
    connection: &Connection,
    id: i64,
    column: Column,
    use_record: impl FnOnce(Option<&[u8]>) -> T,
) -> rusqlite::Result<T> {
    let mut statement = connection.prepare_cached(match column {
        Column::Fingerprint => "SELECT fingerprint FROM action WHERE id = ?1",
        Column::Note => "SELECT note FROM action WHERE id = ?1",
    })?;
    statement.query_row([id], |row| Ok(use_record(blob(row, 0)?)))
}

/// Makes a row for an action with one record, and returns its id.
pub(super) fn insert_action(
    connection: &Connection,
    uid: &str,
    column: Column,
    record: &[u8],
) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached(match column {
        Column::Fingerprint => "INSERT INTO action (uid, fingerprint) VALUES (?1, ?2)",
        Column::Note => "INSERT INTO action (uid, note) VALUES (?1, ?2)",
    })?;
    statement.insert(params![uid, record])
}

/// Writes or forgets one record of an action that has a row.
///
/// # Errors
///
/// Also when the row is not there, which is damage.
pub(super) fn update_action(
    connection: &Connection,
    id: i64,
    column: Column,
    record: Option<&[u8]>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(match column {
        Column::Fingerprint => "UPDATE action SET fingerprint = ?2 WHERE id = ?1",
        Column::Note => "UPDATE action SET note = ?2 WHERE id = ?1",
    })?;
    match statement.execute(params![id, record])? {
        1 => Ok(()),
        _ => Err(Error::QueryReturnedNoRows),
    }
}

/// Returns all digests whose record is whole.
pub(super) fn digests(connection: &Connection) -> rusqlite::Result<Vec<DigestRow>> {
    let mut statement = connection.prepare_cached("SELECT path, record FROM digest")?;
    let mut rows = statement.query([])?;
    let mut digests = Vec::new();
    while let Some(row) = rows.next()? {
        let (Some(path), Some(record)) = (blob(row, 0)?, blob(row, 1)?) else { continue };
        let payload = codec::unseal(Format::Digest, path, record);
        let known = payload.and_then(codec::decode_digest).map(KnownDigest::from);
        let path = PathBuf::from(OsStr::from_bytes(path));
        digests.extend(known.map(|known| DigestRow { path, known: Some(known) }));
    }
    Ok(digests)
}

/// Writes digests, and forgets those whose row says so.
pub(super) fn save_digests(connection: &Connection, rows: &[DigestRow]) -> rusqlite::Result<()> {
    let mut save = connection
        .prepare_cached("INSERT OR REPLACE INTO digest (path, record) VALUES (?1, ?2)")?;
    let mut forget = connection.prepare_cached("DELETE FROM digest WHERE path = ?1")?;
    for row in rows {
        let path = bytes(&row.path);
        match row.known {
            Some(known) => {
                let payload = codec::encode_digest(&known.into());
                save.execute(params![path, codec::seal(Format::Digest, path, &payload)])?;
            }
            None => drop(forget.execute([path])?),
        }
    }
    Ok(())
}

/// Forgets the digests that are in doubt.
pub(super) fn forget_digests(
    connection: &Connection,
    in_doubt: impl Fn(&KnownDigest) -> bool,
) -> rusqlite::Result<()> {
    let mut doubted = digests(connection)?;
    doubted.retain(|row| row.known.is_some_and(|it| in_doubt(&it)));
    for row in &mut doubted {
        row.known = None;
    }
    save_digests(connection, &doubted)
}

/// Returns how the last run stands; one that cannot be read did not finish.
pub(super) fn marker(connection: &Connection) -> rusqlite::Result<Marker> {
    let mut statement = connection.prepare_cached("SELECT record FROM marker WHERE id = 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Marker { clean: true, ..Marker::default() }) };
    let record = blob(row, 0)?.unwrap_or_default();
    let payload = codec::unseal(Format::Marker, b"", record);
    Ok(payload.and_then(codec::decode_marker).unwrap_or_default())
}

/// Writes how the run stands.
pub(super) fn save_marker(connection: &Connection, marker: &Marker) -> rusqlite::Result<()> {
    let record = codec::seal(Format::Marker, b"", &codec::encode_marker(marker));
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO marker (id, record) VALUES (1, ?1)")?;
    statement.execute([record]).map(drop)
}

/// Deletes actions of which nothing is known any more.
pub(super) fn delete_empty_actions(connection: &Connection) -> rusqlite::Result<()> {
    let empty = "DELETE FROM action WHERE fingerprint IS NULL AND note IS NULL";
    connection.execute(empty, []).map(drop)
}

/// Returns the ids of all pairs that any fingerprint uses.
pub(super) fn used_pairs(connection: &Connection) -> rusqlite::Result<FxHashSet<u32>> {
    let mut statement = connection
        .prepare_cached("SELECT uid, fingerprint FROM action WHERE fingerprint IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let mut used = FxHashSet::default();
    while let Some(row) = rows.next()? {
        let (Some(uid), Some(record)) = (text(row, 0)?, blob(row, 1)?) else { continue };
        let payload = codec::unseal(Format::Fingerprint, uid.as_bytes(), record);
        used.extend(
            payload.and_then(codec::decode_pair_list).into_iter().flat_map(|list| list.ids),
        );
    }
    Ok(used)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

impl From<DigestRecord> for KnownDigest {
    fn from(record: DigestRecord) -> Self {
        let DigestRecord { stamp, checksum, hashed_at_ns } = record;
        Self { stamp, checksum, hashed_at_ns }
    }
}

impl From<KnownDigest> for DigestRecord {
    fn from(known: KnownDigest) -> Self {
        let KnownDigest { stamp, checksum, hashed_at_ns } = known;
        Self { stamp, checksum, hashed_at_ns }
    }
}
