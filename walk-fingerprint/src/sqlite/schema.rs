//! The tables, and what version they are.
//!
//! Integer rowids and no index: what is found through a damaged index may be an older value, which
//! no checksum of a value can tell. Values are records of [`crate::codec`], opaque to `SQLite`. A file of another
//! version, or of another program, is not migrated: it is no store of ours.

use rusqlite::{Connection, TransactionBehavior};

/// Raised whenever tables or records change their meaning.
pub(super) const VERSION: i32 = 1;

/// "walk" in ASCII: tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x7761_6c6b;

const TABLES: &str = "
    CREATE TABLE pair (id INTEGER PRIMARY KEY, record BLOB NOT NULL);
    CREATE TABLE action (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL,
        fingerprint BLOB,
        note BLOB
    );
    CREATE TABLE digest (path BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE marker (id INTEGER PRIMARY KEY, record BLOB NOT NULL);
";

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing was ever written to it.
    Empty,
    /// Ours, of this version.
    Current,
    /// Something else; why, for the log.
    Foreign(String),
}

/// Finds out what a file is.
pub(super) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    let version: i32 = connection.pragma_query_one(None, "user_version")?;
    let application: i32 = connection.pragma_query_one(None, "application_id")?;
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Kind::Empty,
        (APPLICATION_ID, VERSION, _) => Kind::Current,
        (APPLICATION_ID, ..) => {
            Kind::Foreign(format!("it has version {version}, this walk reads version {VERSION}"))
        }
        _ => Kind::Foreign("it was made by another program".to_owned()),
    })
}

/// Makes the tables, all or none.
pub(super) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if kind(&transaction)? == Kind::Empty {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
