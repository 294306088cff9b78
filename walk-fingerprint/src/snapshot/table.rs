//! The bytes of a snapshot.
//!
//! A magic text, a CRC32 of all that follows, five lengths, then: boot, key, note, all paths one
//! after the other, where each of them ends, and a record for each file. Records have one length,
//! so that any of them is found, and changed, in place. Numbers are little-endian. What does
//! not fit together is no snapshot.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Pictured;
use crate::checksum::Checksum;
use crate::stamp::{FileKind, FileStamp};

/// The last byte is the version.
const MAGIC: &[u8; 8] = b"walk-s\n\x01";

/// Magic, CRC32, and the five lengths.
const HEAD: usize = 8 + 4 + 5 * 4;

/// What there is, size, mtime, ctime, inode; then the content.
const STAMP: usize = 1 + 4 * 8;
const RECORD: usize = STAMP + 32;

/// What there is, in the first byte of a record.
const MISSING: u8 = 0;
const KINDS: [FileKind; 3] = [FileKind::File, FileKind::Directory, FileKind::Other];
/// Added if the content decides.
const BY_CONTENT: u8 = 8;

#[derive(Debug)]
pub(crate) struct Table {
    bytes: Vec<u8>,
    count: usize,
    /// Where the key, the note, the paths, their ends and the records begin.
    key: usize,
    note: usize,
    paths: usize,
    ends: usize,
    records: usize,
}

impl Table {
    pub(super) fn new(boot: &str, key: &[u8], note: &[u8], files: &[Pictured]) -> Self {
        let paths: usize = files.iter().map(|it| it.path.as_os_str().len()).sum();
        let lengths = [boot.len(), key.len(), note.len(), paths, files.len()];
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; 4]);
        for length in lengths {
            let length = u32::try_from(length).expect("fewer than 2^32 bytes of paths");
            bytes.extend(length.to_le_bytes());
        }
        bytes.extend([boot.as_bytes(), key, note].concat());
        for file in files {
            bytes.extend(file.path.as_os_str().as_bytes());
        }
        let mut end = 0_u32;
        for file in files {
            end += u32::try_from(file.path.as_os_str().len()).expect("it was added up");
            bytes.extend(end.to_le_bytes());
        }
        for file in files {
            bytes.extend(record(file.stamp, file.content));
        }
        let mut table = Self::laid_out(bytes).expect("it was laid out like this");
        table.seal();
        table
    }

    /// Reads a snapshot; `None` if it is none, or damaged.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let table = Self::laid_out(bytes)?;
        let is_whole = u32_at(&table.bytes, 8)? == crc32fast::hash(&table.bytes[12..]);
        let ends = || (0..table.count).map(|it| table.end(it));
        let fits = ends().is_sorted() && table.end_of_paths() == table.ends - table.paths;
        (is_whole && fits).then_some(table)
    }

    /// Puts magic and CRC32 before `bytes`.
    #[cfg(fuzzing)]
    pub(crate) fn sealed(bytes: &[u8]) -> Vec<u8> {
        [MAGIC.as_slice(), &crc32fast::hash(bytes).to_le_bytes(), bytes].concat()
    }

    /// Finds the parts, if the lengths add up.
    fn laid_out(bytes: Vec<u8>) -> Option<Self> {
        bytes.strip_prefix(MAGIC)?;
        let length = |index: usize| u32_at(&bytes, 12 + 4 * index).map(|it| it as usize);
        let count = length(4)?;
        let key = HEAD.checked_add(length(0)?)?;
        let note = key.checked_add(length(1)?)?;
        let paths = note.checked_add(length(2)?)?;
        let ends = paths.checked_add(length(3)?)?;
        let records = ends.checked_add(count.checked_mul(4)?)?;
        let end = records.checked_add(count.checked_mul(RECORD)?)?;
        (bytes.len() == end).then_some(Self { bytes, count, key, note, paths, ends, records })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Brings the CRC32 up to date.
    pub(crate) fn seal(&mut self) {
        let crc = crc32fast::hash(&self.bytes[12..]);
        self.bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn boot(&self) -> &str {
        std::str::from_utf8(&self.bytes[HEAD..self.key]).unwrap_or_default()
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[self.key..self.note]
    }

    pub(crate) fn note(&self) -> &[u8] {
        &self.bytes[self.note..self.paths]
    }

    pub(crate) fn path(&self, position: usize) -> &Path {
        let start = position.checked_sub(1).map_or(0, |it| self.end(it));
        let path = &self.bytes[self.paths + start..self.paths + self.end(position)];
        Path::new(OsStr::from_bytes(path))
    }

    /// Returns what a `stat` said; `None` if there was nothing.
    pub(crate) fn stamp(&self, position: usize) -> Option<FileStamp> {
        let (what, rest) = self.record(position).split_first()?;
        let kind = *KINDS.get(usize::from((what & !BY_CONTENT).checked_sub(1)?))?;
        let field = |index: usize| u64_at(rest, 8 * index);
        Some(FileStamp {
            size: field(0),
            mtime_ns: field(1).cast_signed(),
            ctime_ns: field(2).cast_signed(),
            inode: field(3),
            kind,
        })
    }

    /// Returns what was in the file, if that decides.
    pub(crate) fn content(&self, position: usize) -> Option<Checksum> {
        let record = self.record(position);
        let checksum = record[STAMP..].try_into().expect("it has this length");
        (record[0] & BY_CONTENT != 0).then(|| Checksum::from_bytes(checksum))
    }

    pub(crate) fn set_stamp(&mut self, position: usize, stamp: FileStamp) {
        self.set(position, Some(stamp), self.content(position));
    }

    pub(crate) fn set(
        &mut self,
        position: usize,
        stamp: Option<FileStamp>,
        content: Option<Checksum>,
    ) {
        let start = self.records + position * RECORD;
        self.bytes[start..start + RECORD].copy_from_slice(&record(stamp, content));
    }

    /// Replaces the note by one of the same length; returns whether it was.
    pub(crate) fn set_note(&mut self, note: &[u8]) -> bool {
        let place = &mut self.bytes[self.note..self.paths];
        let fits = place.len() == note.len();
        if fits {
            place.copy_from_slice(note);
        }
        fits
    }

    fn record(&self, position: usize) -> &[u8] {
        &self.bytes[self.records + position * RECORD..][..RECORD]
    }

    /// Returns where the path of a file ends, counted from the first path.
    fn end(&self, position: usize) -> usize {
        u32_at(&self.bytes, self.ends + 4 * position).unwrap_or(0) as usize
    }

    fn end_of_paths(&self) -> usize {
        self.count.checked_sub(1).map_or(0, |it| self.end(it))
    }
}

fn record(stamp: Option<FileStamp>, content: Option<Checksum>) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    let kind = |it: FileStamp| KINDS.iter().position(|kind| *kind == it.kind).unwrap_or(2);
    let what = stamp.map_or(MISSING, |it| u8::try_from(kind(it) + 1).unwrap_or(MISSING));
    record[0] = what + if content.is_some() { BY_CONTENT } else { 0 };
    if let Some(it) = stamp {
        let fields = [it.size, it.mtime_ns.cast_unsigned(), it.ctime_ns.cast_unsigned(), it.inode];
        for (place, field) in record[1..STAMP].chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
    }
    if let Some(content) = content {
        record[STAMP..].copy_from_slice(content.as_bytes());
    }
    record
}

fn u32_at(bytes: &[u8], start: usize) -> Option<u32> {
    let number = bytes.get(start..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*number))
}

fn u64_at(bytes: &[u8], start: usize) -> u64 {
    let number = bytes.get(start..).and_then(|it| it.first_chunk::<8>());
    number.map_or(0, |it| u64::from_le_bytes(*it))
}
