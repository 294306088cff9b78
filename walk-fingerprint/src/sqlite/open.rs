//! From a path to a connection.
//!
//! A writer never fails for what is *in* the file: damage or another version puts the file aside,
//! says so once, and starts empty. A reader touches nothing at all, not even by creating the
//! files that `SQLite` keeps beside a database.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::schema::{self, Kind};
use crate::store::StoreError;

/// How long a writer waits for another one; the command has a lock of its own before this.
pub(super) const WRITER_PATIENCE: Duration = Duration::from_secs(10);

/// How long a reader waits, which is never for a run: only where the file system has no shared
/// memory, and then for the moment in which a commit replaces pages.
const READER_PATIENCE: Duration = Duration::from_millis(100);

/// Statements that are kept prepared.
const STATEMENTS: usize = 32;

/// Opens a store for writing; `vfs` names another way for `SQLite` to reach files.
pub(super) fn for_writing(path: &Path, vfs: Option<&str>) -> Result<Connection, StoreError> {
    let opening = |error: &Error| open_error(path, error);
    let try_writing = |path: &Path, vfs: Option<&str>| match try_writing(path, vfs, Log::Ahead) {
        Err(error) if needs_memory(&error) => try_writing(path, vfs, Log::Rollback),
        tried => tried,
    };
    match try_writing(path, vfs) {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(reason)) => put_aside(path, &reason)?,
        Err(error) if is_damage(path, &error) => put_aside(path, &error.to_string())?,
        Err(error) => return Err(opening(&error)),
    }
    match try_writing(path, vfs) {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(reason)) => Err(StoreError::Open { path: path.to_owned(), reason }),
        Err(error) => Err(opening(&error)),
    }
}

/// Opens a store for reading; `None` if there is nothing that could be read.
pub(super) fn for_reading(path: &Path) -> Result<Option<Connection>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    match try_reading(path) {
        Ok((Kind::Current, connection)) => Ok(Some(connection)),
        Ok((Kind::Empty, _)) => Ok(None),
        Ok((Kind::Foreign(reason), _)) => {
            say_ignored(path, &reason);
            Ok(None)
        }
        Err(error) if is_damage(path, &error) => {
            say_ignored(path, &error.to_string());
            Ok(None)
        }
        Err(error) => Err(open_error(path, &error)),
    }
}

/// Makes an empty store in memory, in place of one that cannot be read.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    schema::create(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Renames a file that is no store of ours, with what `SQLite` keeps beside it.
///
/// The last one that was put aside is kept, older ones are not: damage must not fill the disk.
pub(super) fn put_aside(path: &Path, reason: &str) -> Result<(), StoreError> {
    let aside = beside(path, ".damaged");
    drop(fs::remove_file(beside(path, "-shm")));
    drop(fs::remove_file(beside(path, "-journal")));
    let is_kept = move_or_remove(path, &aside).map_err(|it| StoreError::writing(path, &it))?;
    drop(move_or_remove(&beside(path, "-wal"), &beside(&aside, "-wal")));
    let kept =
        if is_kept { format!("kept as `{}`", aside.display()) } else { "removed".to_owned() };
    log::warn!(
        target: "walk",
        "the store `{}` cannot be used ({reason}): {kept}, starting empty", path.display()
    );
    Ok(())
}

/// Renames a file; if something is in the way of that, removes it, as it must not stay. Returns
/// whether it was renamed.
fn move_or_remove(from: &Path, to: &Path) -> io::Result<bool> {
    fs::rename(from, to).map(|()| true).or_else(|_| fs::remove_file(from).map(|()| false))
}

/// Says that a reader takes this file for an empty store.
pub(super) fn say_ignored(path: &Path, reason: &str) {
    log::warn!(target: "walk", "the store `{}` cannot be used ({reason}): ignored", path.display());
}

/// Returns whether an error is about what is in the file, not about reaching it.
///
/// All SQL is fixed and fits the schema, so an SQL error is a damaged schema, and a violated
/// constraint is a damaged index.
pub(super) fn is_damage(path: &Path, error: &Error) -> bool {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::SchemaChanged
            | ErrorCode::TooBig
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::Unknown,
        ) => true,
        Some(ErrorCode::ReadOnly) => claims_to_be_read_only(path),
        Some(_) => false,
        // Rows or columns that are not what the schema says.
        None => !matches!(error, Error::InvalidPath(_) | Error::NulError(_)),
    }
}

/// Returns whether the header says that the file is of a kind that may only be read; whoever is
/// not allowed to write is told so instead.
fn claims_to_be_read_only(path: &Path) -> bool {
    const WRITE_VERSION_AT: u64 = 18;
    const WRITE_AHEAD_LOG: u8 = 2;
    let mut version = [0];
    let read = File::open(path).and_then(|it| it.read_exact_at(&mut version, WRITE_VERSION_AT));
    read.is_ok() && version[0] > WRITE_AHEAD_LOG
}

pub(super) fn open_error(path: &Path, error: &Error) -> StoreError {
    if is_locked(error) {
        return StoreError::Locked { path: path.to_owned() };
    }
    StoreError::Open { path: path.to_owned(), reason: error.to_string() }
}

pub(super) fn is_locked(error: &Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Makes the file for its user alone, whatever the umask says, unless there is one; `SQLite` gives
/// what it keeps beside a database the same rights. A failure shows again when it is opened.
fn create_private(path: &Path) {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match file {
        Ok(file) => drop(file.set_permissions(Permissions::from_mode(0o600))),
        Err(_) if is_emptied(path) => log::warn!(
            target: "walk",
            "the store `{}` is an empty file: nothing is remembered", path.display()
        ),
        Err(_) => {}
    }
}

/// Returns whether nothing is left of a store.
fn is_emptied(path: &Path) -> bool {
    let has_nothing = |it: fs::Metadata| it.is_file() && it.len() == 0;
    fs::metadata(path).is_ok_and(has_nothing)
        && fs::metadata(beside(path, "-wal")).map_or(true, has_nothing)
}

/// How a transaction is made whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// A write-ahead log, where the file system does not refuse it.
    Ahead,
    /// A rollback journal, whatever the file has now: nothing needs memory that processes share.
    Rollback,
}

/// Returns whether it failed because the file system has no memory that processes could share, as
/// those of containers and virtual machines do: a log that was begun cannot be read then.
fn needs_memory(error: &Error) -> bool {
    use rusqlite::ffi;
    let code = error.sqlite_error().map(|it| it.extended_code);
    let shared = [ffi::SQLITE_IOERR_SHMMAP, ffi::SQLITE_IOERR_SHMOPEN, ffi::SQLITE_IOERR_SHMSIZE];
    code.is_some_and(|it| shared.contains(&it))
}

/// The inner error says why the file is not ours.
pub(super) fn try_writing(
    path: &Path,
    vfs: Option<&str>,
    log: Log,
) -> rusqlite::Result<Result<Connection, String>> {
    create_private(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = absolute(path);
    let mut connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&path, flags, vfs)?,
        None => Connection::open_with_flags(&path, flags)?,
    };
    connection.busy_timeout(WRITER_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    // Who has the file for himself keeps the index of its log to himself.
    let lock =
        |mode: &str| connection.query_row(&format!("PRAGMA locking_mode = {mode}"), [], |_| Ok(()));
    if log == Log::Rollback {
        lock("EXCLUSIVE")?;
    }
    if let Kind::Foreign(reason) = schema::kind(&connection)? {
        return Ok(Err(reason));
    }
    choose_journal(&connection, log)?;
    if log == Log::Rollback {
        lock("NORMAL")?;
    }
    if schema::kind(&connection)? == Kind::Empty {
        schema::create(&mut connection)?;
    }
    Ok(Ok(connection))
}

/// Asks for a write-ahead log, and takes a rollback journal where it is refused: on file systems
/// without shared memory, for example network file systems.
fn choose_journal(connection: &Connection, log: Log) -> rusqlite::Result<()> {
    let mode = |wanted: &str| {
        let read_back = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        connection.pragma_update_and_check(None, "journal_mode", wanted, read_back)
    };
    if log == Log::Rollback || mode("WAL")? != "wal" {
        mode("TRUNCATE")?;
    }
    connection.pragma_update(None, "synchronous", "NORMAL")
}

fn try_reading(path: &Path) -> rusqlite::Result<(Kind, Connection)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = absolute(path);
    let connection = if beside(&path, "-wal").exists() {
        Connection::open_with_flags(&path, flags)?
    } else {
        // No log beside it: nobody is writing, and opening it the usual way would create one.
        Connection::open_with_flags(immutable(&path), flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(READER_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok((schema::kind(&connection)?, connection))
}

/// `SQLite` takes a relative path that starts with `file:` for an address.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns the address under which `SQLite` takes no locks and creates no files.
fn immutable(path: &Path) -> String {
    let encode = |&byte: &u8| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = path.as_os_str().as_bytes().iter().map(encode).collect();
    format!("file:{encoded}?immutable=1")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
