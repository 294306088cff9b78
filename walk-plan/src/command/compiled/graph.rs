//! The file that a graph is in.
//!
//! A magic text, a CRC32 and the length of the index; the index; then a record for each action,
//! each with a CRC32 of its own. The index is read and checked as a whole, a record when its
//! action is asked for. Actions are numbers in an order in which each comes after its
//! predecessors; files are positions in the memo that names the graph.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustc_hash::FxHashMap;
use walk_core::fingerprint::{crc32, replace_file};
use walk_core::{Dag, Vertex};

use super::field::{Field, Numbers, put_bytes, take_bytes};
use super::record::{Head, Record, is_plain};
use crate::command::CommandWalk;
use crate::{ActionId, FileId};

/// The last byte is the version.
const MAGIC: &[u8; 8] = b"walk-g\n\x03";

/// Magic, CRC32, length of the index.
const START: usize = 8 + 4 + 8;

/// For each action some numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::command) struct Lists {
    ends: Vec<u32>,
    numbers: Vec<u32>,
}

/// A graph that was walked.
#[derive(Debug)]
pub(in crate::command) struct Graph {
    /// By which its memo knows it.
    pub(in crate::command) id: u64,
    /// The files that each action reads: those it declares, then those its depfile named.
    pub(super) reads: Lists,
    /// The files that each action makes: its outputs, then its depfile if anybody reads that.
    pub(super) makes: Lists,
    /// The predecessors of each action.
    pub(super) before: Lists,
    pub(super) head: Vec<u8>,
    /// Where the records end.
    ends: Vec<u32>,
    /// Where the store has each action; zero if it does not tell.
    pub(super) places: Vec<u32>,
    /// A checksum of the name of each action.
    names: Vec<u32>,
    file: File,
    /// Where in the file the records begin.
    records: u64,
}

/// A graph to be written.
#[derive(Debug)]
pub(in crate::command) struct Draft {
    index: Vec<u8>,
    records: Vec<u8>,
}

impl Lists {
    /// Returns the numbers of one action.
    pub(super) fn of(&self, action: usize) -> &[u32] {
        let start = action.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.numbers[start as usize..self.ends[action] as usize]
    }

    fn push(&mut self, numbers: impl IntoIterator<Item = u32>) {
        self.numbers.extend(numbers);
        self.ends.push(count(self.numbers.len()));
    }

    fn put(self, to: &mut Vec<u8>) {
        Numbers(self.ends).put(to);
        Numbers(self.numbers).put(to);
    }

    /// Reads lists for so many actions.
    fn take(from: &mut &[u8], actions: usize) -> Option<Self> {
        let (Numbers(ends), Numbers(numbers)) = Field::take(from)?;
        let is_whole = ends.is_sorted()
            && ends.len() == actions
            && ends.last().map_or(0, |it| *it as usize) == numbers.len();
        is_whole.then_some(Self { ends, numbers })
    }

    fn are_below(&self, limit: usize) -> bool {
        self.numbers.iter().all(|it| (*it as usize) < limit)
    }
}

impl Draft {
    /// Describes the graph that was walked, with the `position` of each file in the memo; `None`
    /// if not all of it can be described, or a command may have a secret in it.
    pub(in crate::command) fn new(
        walk: &CommandWalk,
        dag: &Dag<ActionId>,
        position: impl Fn(FileId) -> Option<u32>,
    ) -> Option<Self> {
        if !walk.plan.env.secret.is_empty() {
            return None;
        }
        let place = |it: &Vertex| walk.store.place(dag.uid(*it)).and_then(|it| it.try_into().ok());
        let places = dag.topological_order().iter().map(place).map(Option::unwrap_or_default);
        let places = Numbers(places.collect());
        let names = dag.topological_order().iter().map(|it| crc32(dag.uid(*it).as_bytes()));
        let names = Numbers(names.collect());
        let plan = &walk.plan;
        let order: Vec<ActionId> = dag.topological_order().iter().map(|it| dag[*it]).collect();
        let numbers: FxHashMap<ActionId, u32> = order.iter().copied().zip(0..).collect();
        let (mut reads, mut makes, mut before) =
            (Lists::default(), Lists::default(), Lists::default());
        let (mut records, mut ends) = (Vec::new(), Vec::new());
        if !plan.engines.is_empty() || plan.cache.is_some() {
            return None;
        }
        for &vertex in dag.topological_order() {
            let id = dag[vertex];
            let command = &plan.actions[id.index()];
            if !is_plain(command) {
                return None;
            }
            let file = |it: &FileId| position(*it);
            let read = command.inputs.iter().chain(&walk.discovered[id.index()]);
            reads.push(read.map(file).collect::<Option<Vec<u32>>>()?);
            let made = command.outputs.iter().map(file).collect::<Option<Vec<u32>>>()?;
            makes.push(made.into_iter().chain(command.depfile.and_then(&position)));
            let predecessors = dag.predecessors(vertex).iter();
            before.push(predecessors.map(|it| numbers[&dag[*it]]));
            let start = records.len();
            records.extend([0; 4]);
            let number = |it: FileId| position(it).unwrap_or(u32::MAX);
            let action = |it: ActionId| numbers.get(&it).copied().unwrap_or(u32::MAX);
            Record::put(plan, id, number, action, &mut records);
            let crc = crc32(&records[start + 4..]);
            records[start..start + 4].copy_from_slice(&crc.to_le_bytes());
            ends.push(u32::try_from(records.len()).ok()?);
        }
        let mut index = Vec::new();
        count(order.len()).put(&mut index);
        let mut head = Vec::new();
        Head::put(plan, &mut head);
        put_bytes(&head, &mut index);
        for lists in [reads, makes, before] {
            lists.put(&mut index);
        }
        Numbers(ends).put(&mut index);
        places.put(&mut index);
        names.put(&mut index);
        Some(Self { index, records })
    }

    /// Writes the graph to `path`, in one step, for its user alone.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(in crate::command) fn save(&self, path: &Path, id: u64) -> io::Result<()> {
        replace_file(path, &self.bytes(id))
    }

    fn bytes(&self, id: u64) -> Vec<u8> {
        let mut index = id.to_le_bytes().to_vec();
        index.extend(&self.index);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(crc32(&index).to_le_bytes());
        bytes.extend((index.len() as u64).to_le_bytes());
        bytes.extend(index);
        bytes.extend(&self.records);
        bytes
    }
}

impl Graph {
    /// Reads the graph that `id` names, whose files are below `files`; `None` for anything else.
    pub(in crate::command) fn load(path: &Path, id: u64, files: usize) -> Option<Self> {
        let file = File::open(path).ok()?;
        let mut start = [0; START];
        file.read_exact_at(&mut start, 0).ok()?;
        let (crc, length) = start_of(&start)?;
        let size = file.metadata().ok()?.len();
        let end = (START as u64).checked_add(length).filter(|it| *it <= size)?;
        let mut index = vec![0; usize::try_from(length).ok()?];
        file.read_exact_at(&mut index, START as u64).ok()?;
        let graph = Self::parse(&index, crc, files, (file, end))?;
        (graph.id == id).then_some(graph)
    }

    pub(super) fn parse(
        index: &[u8],
        crc: u32,
        files: usize,
        (file, records): (File, u64),
    ) -> Option<Self> {
        if crc32(index) != crc {
            return None;
        }
        let mut from = index;
        let id = Field::take(&mut from)?;
        let actions = u32::take(&mut from)? as usize;
        let head = take_bytes(&mut from)?.to_vec();
        let mut lists = || Lists::take(&mut from, actions);
        let (reads, makes, before) = (lists()?, lists()?, lists()?);
        let (Numbers(ends), Numbers(places)) = Field::take(&mut from)?;
        let Numbers(names) = Field::take(&mut from)?;
        let are_all = [&ends, &places, &names].iter().all(|it| it.len() == actions);
        let is_whole = from.is_empty() && are_all && ends.is_sorted();
        let graph = Self { id, reads, makes, before, head, ends, places, names, file, records };
        (is_whole && graph.fits(files)).then_some(graph)
    }

    /// Returns whether all files and actions are there, and each comes after its predecessors.
    fn fits(&self, files: usize) -> bool {
        let are_before =
            |action: usize| self.before.of(action).iter().all(|it| (*it as usize) < action);
        self.reads.are_below(files)
            && self.makes.are_below(files)
            && (0..self.len()).all(are_before)
    }

    /// Returns how many actions there are.
    pub(in crate::command) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the action that is called `name`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let crc = crc32(name.as_bytes());
        let mut alike = (0..self.len()).filter(|it| self.names[*it] == crc);
        alike.find(|it| self.record(*it).is_some_and(|it| &*it.command.name == name))
    }

    /// Returns what holds for all actions.
    pub(super) fn head(&self) -> Option<Head> {
        Head::take(&mut &*self.head)
    }

    /// Reads the record of one action; `None` if it is damaged.
    pub(super) fn record(&self, action: usize) -> Option<Record> {
        let start = action.checked_sub(1).map_or(0, |it| self.ends[it]);
        let mut bytes = vec![0; (self.ends[action] - start) as usize];
        self.file.read_exact_at(&mut bytes, self.records + u64::from(start)).ok()?;
        let (crc, mut rest) = bytes.split_first_chunk()?;
        if crc32(rest) != u32::from_le_bytes(*crc) {
            return None;
        }
        let record = Record::take(&mut rest)?;
        let (reads, makes) = (self.reads.of(action).len(), self.makes.of(action).len());
        let is_action = |it: &ActionId| it.index() < action;
        let fits = record.inputs as usize <= reads
            && record.outputs as usize <= makes
            && record.command.deps.iter().all(is_action);
        fits.then_some(record)
    }
}

fn start_of(start: &[u8; START]) -> Option<(u32, u64)> {
    let mut from = start.strip_prefix(MAGIC)?;
    Field::take(&mut from)
}

fn count(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 edges")
}
