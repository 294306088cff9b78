//! Every action's values in one pass, for a run that will ask for most of them.
//!
//! Records go as they are into one buffer; they are checked and decoded when asked for. What is
//! saved afterwards is read from the database again, so that this never has to be kept up.

use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

/// All records of the table `action`.
#[derive(Debug)]
pub(super) struct Scan {
    actions: FxHashMap<Box<str>, [Cell; 2]>,
    bytes: Vec<u8>,
}

/// Which of an action's two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Fingerprint = 0,
    Note = 1,
}

/// What the scan can say about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned<'a> {
    /// There is none.
    Absent,
    /// There is this one.
    Record(&'a [u8]),
    /// It was saved since: ask the database.
    Outdated,
}

#[derive(Clone, Debug, Default)]
enum Cell {
    #[default]
    Absent,
    At(Range<usize>),
    Outdated,
}

impl Scan {
    /// Reads the whole table.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut scan = Self { actions: FxHashMap::default(), bytes: Vec::new() };
        let mut statement =
            connection.prepare_cached("SELECT uid, fingerprint, note FROM action")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(uid) = text(row, 0)? else { continue };
            let cells = [scan.keep(blob(row, 1)?), scan.keep(blob(row, 2)?)];
            // In a damaged file a uid may come twice; the row that was written last counts.
            scan.actions.insert(uid.into(), cells);
        }
        Ok(scan)
    }

    /// Returns what there is for `uid`.
    pub(super) fn get(&self, uid: &str, column: Column) -> Scanned<'_> {
        match self.actions.get(uid).map(|cells| &cells[column as usize]) {
            None | Some(Cell::Absent) => Scanned::Absent,
            Some(Cell::At(range)) => Scanned::Record(&self.bytes[range.clone()]),
            Some(Cell::Outdated) => Scanned::Outdated,
        }
    }

    /// Says that something was saved for `uid`.
    pub(super) fn outdate(&mut self, uid: &str, column: Column) {
        if let Some(cells) = self.actions.get_mut(uid) {
            cells[column as usize] = Cell::Outdated;
        } else {
            let mut cells = [Cell::Absent, Cell::Absent];
            cells[column as usize] = Cell::Outdated;
            self.actions.insert(uid.into(), cells);
        }
    }

    fn keep(&mut self, record: Option<&[u8]>) -> Cell {
        let Some(record) = record else { return Cell::Absent };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(record);
        Cell::At(start..self.bytes.len())
    }
}

/// Returns a column's bytes; anything but a blob is damage or absence.
pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    match row.get_ref(column)? {
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        _ => Ok(None),
    }
}

/// Returns a column's text; anything but valid text is damage.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) => Ok(std::str::from_utf8(bytes).ok()),
        _ => Ok(None),
    }
}
