//! Elements of fingerprints, each stored once and known by a small number.
//!
//! Ids are dense, so that they index a vector, and are used again after collection. A list of ids
//! therefore carries a check of the pairs that it meant. Names are shared: a hundred thousand
//! fingerprints with an element `command` hold one text.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::sync::Arc;

use rusqlite::{Connection, params};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::scan::blob;
use crate::codec::{self, Format, PairList};
use crate::fingerprint::{Fingerprint, Value};

/// One element, and the CRC32 of its record.
#[derive(Clone, Debug)]
struct Pair {
    name: Arc<str>,
    value: Value,
    crc: u32,
}

/// All pairs of the store, in memory.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// By id, from `first` on; `None` is an id that is free.
    slots: Vec<Option<Pair>>,
    /// Pairs below that are known; all others there are taken, by whatever it is.
    few: FxHashMap<u32, Pair>,
    first: u32,
    /// Ids below the end of `slots` that are free, the smallest last.
    free: Vec<u32>,
    /// Hash of name and value to id; made when the first pair is to be stored.
    ids: Option<FxHashMap<u64, u32>>,
    /// Names are shared between pairs.
    names: FxHashSet<Arc<str>>,
}

impl Pairs {
    /// Reads all pairs.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut pairs = Self::default();
        let mut statement = connection.prepare_cached("SELECT id, record FROM pair")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (Ok(id), Some(record)) = (row.get::<_, u32>(0), blob(row, 1)?) else { continue };
            pairs.read(id, record);
        }
        let is_free = |&id: &u32| pairs.slots[id as usize].is_none();
        pairs.free = (0..pairs.end()).rev().filter(is_free).collect();
        Ok(pairs)
    }

    /// Reads the pairs of these lists only; what is stored gets new ids, also if it is there
    /// already.
    pub(super) fn load_few(connection: &Connection, lists: &[PairList]) -> rusqlite::Result<Self> {
        let first = end(connection)?;
        let mut pairs = Self { first, ..Self::default() };
        let mut statement = connection.prepare_cached("SELECT record FROM pair WHERE id = ?1")?;
        for &id in lists.iter().flat_map(|it| &it.ids).filter(|it| **it < first) {
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { continue };
            let pair = pairs.decode(id, blob(row, 0)?.unwrap_or_default());
            pairs.few.extend(pair.map(|it| (id, it)));
        }
        Ok(pairs)
    }

    /// Returns whether all pairs are known, and so which are not needed.
    pub(super) fn is_all(&self) -> bool {
        self.first == 0
    }

    /// Returns how many pairs there are.
    pub(super) fn len(&self) -> u32 {
        self.end() - u32::try_from(self.free.len()).unwrap_or(0)
    }

    /// Puts a fingerprint together; `None` if any pair is missing or is not the one it was.
    pub(super) fn assemble(&self, list: &PairList) -> Option<Fingerprint> {
        let find = |id: &u32| self.slot(*id);
        let crcs = list.ids.iter().map(|id| find(id).map_or(0, |pair| pair.crc));
        if codec::check_of(crcs) != list.check {
            return None;
        }
        let element = |id| find(id).map(|pair| (Arc::clone(&pair.name), pair.value.clone()));
        list.ids.iter().map(element).collect()
    }

    /// Stores the elements that are new and returns the fingerprint as a list of ids.
    pub(super) fn intern(
        &mut self,
        connection: &Connection,
        fingerprint: &Fingerprint,
    ) -> rusqlite::Result<PairList> {
        let mut ids = Vec::with_capacity(fingerprint.len());
        for (name, value) in fingerprint.iter() {
            ids.push(self.id(connection, name, value)?);
        }
        let crc = |id: &u32| self.slot(*id).map_or(0, |pair| pair.crc);
        let check = codec::check_of(ids.iter().map(crc));
        Ok(PairList { ids, check })
    }

    /// Forgets every pair whose id is not among `used`.
    pub(super) fn collect(
        &mut self,
        connection: &Connection,
        used: &FxHashSet<u32>,
    ) -> rusqlite::Result<()> {
        let mut delete = connection.prepare_cached("DELETE FROM pair WHERE id = ?1")?;
        for id in 0..self.end() {
            let slot = &mut self.slots[id as usize];
            if slot.is_some() && !used.contains(&id) {
                delete.execute([id])?;
                *slot = None;
                self.free.push(id);
            }
        }
        self.free.sort_unstable_by(|left, right| right.cmp(left));
        self.ids = None;
        Ok(())
    }

    fn slot(&self, id: u32) -> Option<&Pair> {
        match id.checked_sub(self.first) {
            Some(index) => self.slots.get(index as usize)?.as_ref(),
            None => self.few.get(&id),
        }
    }

    fn decode(&mut self, id: u32, record: &[u8]) -> Option<Pair> {
        let payload = codec::unseal(Format::Pair, &id.to_le_bytes(), record)?;
        let (name, value) = codec::decode_pair(payload)?;
        Some(Pair { name: self.share(name), value, crc: codec::carried_crc(record) })
    }

    fn read(&mut self, id: u32, record: &[u8]) {
        // The record is checked first: a damaged id must not size a vector.
        let Some(pair) = self.decode(id, record) else { return };
        let index = id as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, None);
        }
        self.slots[index] = Some(pair);
    }

    fn id(
        &mut self,
        connection: &Connection,
        name: &Arc<str>,
        value: &Value,
    ) -> rusqlite::Result<u32> {
        let key = hash(name, value);
        if let Some(id) = self.find(key, name, value) {
            return Ok(id);
        }
        let id = self.free.pop().unwrap_or(self.end());
        let record = codec::seal(Format::Pair, &id.to_le_bytes(), &codec::encode_pair(name, value));
        // An id that is free here may still have a damaged record in the file.
        let mut insert = connection
            .prepare_cached("INSERT OR REPLACE INTO pair (id, record) VALUES (?1, ?2)")?;
        insert.execute(params![id, record])?;
        self.put(id, key, name, value, codec::carried_crc(&record));
        Ok(id)
    }

    fn find(&mut self, key: u64, name: &str, value: &Value) -> Option<u32> {
        if self.ids.is_none() {
            self.ids = Some(self.index());
        }
        let id = *self.ids.as_ref()?.get(&key)?;
        let pair = self.slot(id)?;
        (pair.name.as_ref() == name && pair.value == *value).then_some(id)
    }

    fn put(&mut self, id: u32, key: u64, name: &Arc<str>, value: &Value, crc: u32) {
        let pair = Pair { name: Arc::clone(name), value: value.clone(), crc };
        match self.slots.get_mut((id - self.first) as usize) {
            Some(slot) => *slot = Some(pair),
            None => self.slots.push(Some(pair)),
        }
        if let Some(ids) = &mut self.ids {
            ids.insert(key, id);
        }
    }

    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    fn end(&self) -> u32 {
        self.first + u32::try_from(self.slots.len()).expect("ids are u32")
    }

    fn index(&self) -> FxHashMap<u64, u32> {
        let slots = (self.first..).zip(&self.slots).filter_map(|(id, it)| Some((id, it.as_ref()?)));
        let pairs = slots.chain(self.few.iter().map(|(id, it)| (*id, it)));
        pairs.map(|(id, pair)| (hash(&pair.name, &pair.value), id)).collect()
    }
}

/// Returns the first id that no pair has, nor any after it.
pub(super) fn end(connection: &Connection) -> rusqlite::Result<u32> {
    let mut statement = connection.prepare_cached("SELECT max(id) FROM pair")?;
    let last: Option<u32> = statement.query_row([], |row| row.get(0))?;
    Ok(last.map_or(0, |it| it.saturating_add(1)))
}

/// Puts one fingerprint together from single lookups.
pub(super) fn assemble_alone(
    connection: &Connection,
    list: &PairList,
) -> rusqlite::Result<Option<Fingerprint>> {
    let mut pairs = Pairs::default();
    let mut statement = connection.prepare_cached("SELECT record FROM pair WHERE id = ?1")?;
    let mut elements = Vec::with_capacity(list.ids.len());
    let mut crcs = Vec::with_capacity(list.ids.len());
    for &id in &list.ids {
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let record = blob(row, 0)?.unwrap_or_default();
        let payload = codec::unseal(Format::Pair, &id.to_le_bytes(), record);
        let Some((name, value)) = payload.and_then(codec::decode_pair) else { return Ok(None) };
        elements.push((pairs.share(name), value));
        crcs.push(codec::carried_crc(record));
    }
    let intact = codec::check_of(crcs) == list.check;
    Ok(intact.then(|| elements.into_iter().collect()))
}

fn hash(name: &str, value: &Value) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    name.hash(&mut hasher);
    value.hash(&mut hasher);
    hasher.finish()
}
