//! Every action's values, read in one pass over the table.
//!
//! There is no index on uids: in a damaged one a search can end beside what it looks for, so that
//! an old value outlives its successor, with a good checksum. A pass sees every row, and a uid
//! that comes twice is damage. It costs a quarter of a microsecond for an action. Records go as
//! they are into one buffer, and are checked and decoded when asked for.
//!
//! Who knows from an earlier pass in which rows the few actions are that it will ask for, and that
//! nobody has written since, has these read alone: a row tells whose it is.

use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Row};
use rustc_hash::FxHashMap;

/// All rows of the table `action`.
#[derive(Debug, Default)]
pub(super) struct Scan {
    actions: FxHashMap<Box<str>, Action>,
    bytes: Vec<u8>,
    /// Whether there may be others.
    is_part: bool,
}

/// Which of an action's two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Fingerprint = 0,
    Note = 1,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// There is none.
    Nowhere,
    /// Here it is.
    Here(&'a [u8]),
    /// In the row of this id: it was saved since.
    InRow(i64),
}

#[derive(Debug)]
struct Action {
    id: i64,
    cells: [Cell; 2],
}

#[derive(Clone, Debug)]
enum Cell {
    Absent,
    At(Range<usize>),
    Saved,
}

impl Scan {
    /// Reads the whole table.
    ///
    /// # Errors
    ///
    /// Also when a uid or an id comes twice, which is damage: an update would miss its row.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut scan = Self::default();
        let mut statement =
            connection.prepare_cached("SELECT id, uid, fingerprint, note FROM action")?;
        let mut rows = statement.query([])?;
        let mut last = i64::MIN;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let is_duplicate = !scan.read_row(id, row)?;
            if is_duplicate || id <= last {
                return Err(Error::QueryReturnedMoreThanOneRow);
            }
            last = id;
        }
        Ok(scan)
    }

    /// Reads the rows of a few actions; `None` if one is not where it is said to be.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub(super) fn read_few(
        connection: &Connection,
        places: &[(&str, i64)],
    ) -> rusqlite::Result<Option<Self>> {
        let mut scan = Self { is_part: true, ..Self::default() };
        let mut statement = connection
            .prepare_cached("SELECT id, uid, fingerprint, note FROM action WHERE id = ?1")?;
        for &(uid, id) in places {
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            if text(row, 1)? != Some(uid) || !scan.read_row(id, row)? {
                return Ok(None);
            }
        }
        Ok(Some(scan))
    }

    /// Returns whether all is known of `uid`; of all if there is none.
    pub(super) fn knows(&self, uid: Option<&str>) -> bool {
        !self.is_part || uid.is_some_and(|it| self.actions.contains_key(it))
    }

    /// Returns whether not all rows were read.
    pub(super) fn is_part(&self) -> bool {
        self.is_part
    }

    /// Returns all records of one kind.
    pub(super) fn records(&self, column: Column) -> impl Iterator<Item = (&str, &[u8])> {
        self.actions.iter().filter_map(move |(uid, action)| match &action.cells[column as usize] {
            Cell::At(range) => Some((&**uid, &self.bytes[range.clone()])),
            Cell::Absent | Cell::Saved => None,
        })
    }

    /// Returns where a record of `uid` is.
    pub(super) fn find(&self, uid: &str, column: Column) -> Found<'_> {
        let Some(action) = self.actions.get(uid) else { return Found::Nowhere };
        match &action.cells[column as usize] {
            Cell::Absent => Found::Nowhere,
            Cell::At(range) => Found::Here(&self.bytes[range.clone()]),
            Cell::Saved => Found::InRow(action.id),
        }
    }

    /// Returns the row of `uid`.
    pub(super) fn row(&self, uid: &str) -> Option<i64> {
        self.actions.get(uid).map(|action| action.id)
    }

    /// Says that a record of `uid` was saved in the row `id`, or forgotten.
    pub(super) fn changed(&mut self, uid: &str, id: i64, column: Column, saved: bool) {
        let cell = if saved { Cell::Saved } else { Cell::Absent };
        if let Some(action) = self.actions.get_mut(uid) {
            action.cells[column as usize] = cell;
        } else {
            let mut cells = [Cell::Absent, Cell::Absent];
            cells[column as usize] = cell;
            self.actions.insert(uid.into(), Action { id, cells });
        }
    }

    /// Returns all uids that have anything, sorted.
    pub(super) fn uids(&self) -> Vec<String> {
        let has_any = |action: &Action| !matches!(action.cells, [Cell::Absent, Cell::Absent]);
        let uids = self.actions.iter().filter(|(_, action)| has_any(action));
        let mut uids: Vec<String> = uids.map(|(uid, _)| uid.to_string()).collect();
        uids.sort_unstable();
        uids
    }

    /// Returns whether the uid is a new one.
    fn read_row(&mut self, id: i64, row: &Row<'_>) -> rusqlite::Result<bool> {
        let Some(uid) = text(row, 1)? else { return Ok(true) };
        let cells = [self.keep(blob(row, 2)?), self.keep(blob(row, 3)?)];
        Ok(self.actions.insert(uid.into(), Action { id, cells }).is_none())
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
