//! Bytes on disk: the only file that names bincode.
//!
//! A record is a format byte, a CRC32 over key and payload, and the payload. The key is what the
//! record is looked up by, so that a record under the wrong key is damaged too. Everything here
//! is a pure function from bytes to values and back; whatever does not decode, with every byte
//! used, is `None`. bincode is unmaintained by choice of its author; its limit is what keeps a
//! hostile length from asking for all memory, so no decoder runs without it.

use std::sync::Arc;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{BorrowDecode, Encode};

use crate::checksum::Checksum;
use crate::fingerprint::{Fingerprint, Value};
use crate::stamp::{FileKind, FileStamp};

/// What a decoder may ask for in all. A fingerprint of 100,000 elements needs 7 MiB.
const LIMIT: usize = 16 << 20;

type Config = Configuration<LittleEndian, Varint, Limit<LIMIT>>;

const CONFIG: Config = bincode::config::standard().with_limit::<LIMIT>();

/// What a record holds: the kind in the upper half of the byte, its version in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Format {
    /// A fingerprint as ids of pairs; the key is the uid.
    Fingerprint = 0x11,
    /// A note, opaque; the key is the uid.
    Note = 0x21,
    /// A name and its value; the key is the id.
    Pair = 0x31,
    /// A file's digest; the key is the path.
    Digest = 0x41,
    /// The state of the last run; no key.
    Marker = 0x51,
    /// A fingerprint in a file of its own; the key is the file's magic.
    File = 0x61,
}

/// A fingerprint as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, bincode::Decode)]
pub(crate) struct PairList {
    /// The pairs, in the order of their names.
    pub(crate) ids: Vec<u32>,
    /// Folded from the CRC32s of the pairs: an id that was given to another pair is noticed.
    pub(crate) check: u32,
}

/// What is known about a file's content, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DigestRecord {
    pub(crate) stamp: FileStamp,
    pub(crate) checksum: Checksum,
    pub(crate) hashed_at_ns: i64,
}

/// How the last run that executed something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, bincode::Decode)]
pub(crate) struct Marker {
    /// The boot in which it started.
    pub(crate) boot_id: String,
    /// When it started, in seconds since 1970.
    pub(crate) started: u64,
    /// Whether it came to its end.
    pub(crate) clean: bool,
    /// How many pairs were in use when unused ones were last collected.
    pub(crate) pairs: u32,
}

#[derive(Encode, BorrowDecode)]
enum RawValue<'a> {
    Text(&'a str),
    Digest([u8; 32]),
}

/// Size, mtime, ctime, inode, moment of hashing, digest.
type RawDigest = (u64, i64, i64, u64, i64, [u8; 32]);

/// Frames `payload` as a record that belongs to `key`.
pub(crate) fn seal(format: Format, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(5 + payload.len());
    record.push(format as u8);
    record.extend_from_slice(&crc(key, payload).to_le_bytes());
    record.extend_from_slice(payload);
    record
}

/// Returns the payload of a record, if it is whole, of this format and belongs to `key`.
pub(crate) fn unseal<'a>(format: Format, key: &[u8], record: &'a [u8]) -> Option<&'a [u8]> {
    let (&[kind, a, b, c, d], payload) = record.split_first_chunk::<5>()?;
    let intact = kind == format as u8 && u32::from_le_bytes([a, b, c, d]) == crc(key, payload);
    intact.then_some(payload)
}

/// Returns the CRC32 that a record carries; call it on a record that [`unseal`] accepted.
pub(crate) fn carried_crc(record: &[u8]) -> u32 {
    record.get(1..5).and_then(|crc| crc.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Folds the CRC32s of the pairs of a list into the list's check.
pub(crate) fn check_of(crcs: impl IntoIterator<Item = u32>) -> u32 {
    let fold = |check: u32, crc: u32| (check.rotate_left(5) ^ crc).wrapping_mul(0x9e37_79b1);
    crcs.into_iter().fold(1, fold)
}

pub(crate) fn encode_elements(fingerprint: &Fingerprint) -> Vec<u8> {
    let elements: Vec<(&str, RawValue<'_>)> =
        fingerprint.iter().map(|(name, value)| (name.as_ref(), RawValue::from(value))).collect();
    encode(&elements)
}

pub(crate) fn decode_elements(payload: &[u8]) -> Option<Fingerprint> {
    let elements: Vec<(&str, RawValue<'_>)> = decode(payload)?;
    let sorted = elements.is_sorted_by(|left, right| left.0 < right.0);
    sorted.then(|| elements.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}

pub(crate) fn encode_pair(name: &str, value: &Value) -> Vec<u8> {
    encode(&(name, RawValue::from(value)))
}

pub(crate) fn decode_pair(payload: &[u8]) -> Option<(&str, Value)> {
    let (name, value): (&str, RawValue<'_>) = decode(payload)?;
    Some((name, value.into()))
}

pub(crate) fn encode_pair_list(list: &PairList) -> Vec<u8> {
    encode(list)
}

pub(crate) fn decode_pair_list(payload: &[u8]) -> Option<PairList> {
    decode(payload)
}

pub(crate) fn encode_digest(digest: &DigestRecord) -> Vec<u8> {
    let FileStamp { size, mtime_ns, ctime_ns, inode, .. } = digest.stamp;
    let sum = *digest.checksum.as_bytes();
    let raw: RawDigest = (size, mtime_ns, ctime_ns, inode, digest.hashed_at_ns, sum);
    encode(&raw)
}

pub(crate) fn decode_digest(payload: &[u8]) -> Option<DigestRecord> {
    let (size, mtime_ns, ctime_ns, inode, hashed_at_ns, sum): RawDigest = decode(payload)?;
    let stamp = FileStamp { size, mtime_ns, ctime_ns, inode, kind: FileKind::File };
    Some(DigestRecord { stamp, checksum: Checksum::from_bytes(sum), hashed_at_ns })
}

pub(crate) fn encode_marker(marker: &Marker) -> Vec<u8> {
    encode(marker)
}

pub(crate) fn decode_marker(payload: &[u8]) -> Option<Marker> {
    decode(payload)
}

fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, CONFIG).expect("plain data is encoded into memory")
}

fn decode<'a, T: BorrowDecode<'a, ()>>(payload: &'a [u8]) -> Option<T> {
    let (value, used) = bincode::borrow_decode_from_slice(payload, CONFIG).ok()?;
    (used == payload.len()).then_some(value)
}

/// The length of the key comes first, so that key and payload cannot trade bytes.
fn crc(key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

impl<'a> From<&'a Value> for RawValue<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Digest(digest) => Self::Digest(*digest.as_bytes()),
        }
    }
}

impl From<RawValue<'_>> for Value {
    fn from(raw: RawValue<'_>) -> Self {
        match raw {
            RawValue::Text(text) => Self::Text(Arc::from(text)),
            RawValue::Digest(bytes) => Self::Digest(Checksum::from_bytes(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Golden bytes: whoever changes one of these raises the version of its format.

    use super::*;

    const DIGEST: [u8; 32] = [9; 32];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
    }

    fn hex_digit(digit: u8) -> char {
        char::from_digit(digit.into(), 16).expect("below 16")
    }

    /// Compares a record with its golden bytes, and takes it apart again.
    fn check<T: PartialEq + std::fmt::Debug>(
        (format, key, payload): (Format, &[u8], Vec<u8>),
        golden: &str,
        (decode, value): (impl Fn(&[u8]) -> Option<T>, T),
    ) {
        let record = seal(format, key, &payload);
        assert_eq!(hex(&record), golden, "{format:?}");
        let again = unseal(format, key, &record).expect("sealed above");
        assert_eq!(decode(again), Some(value));
        assert_eq!(unseal(format, b"another key", &record), None);
        let longer = [again, &[0]].concat();
        assert_eq!(decode(&longer), None, "one byte too many");
        assert_eq!(decode(&again[..again.len() - 1]), None, "one byte too few");
    }

    #[test]
    fn f9_golden_pair() {
        let text = Value::from("C");
        let key = 1_u32.to_le_bytes();
        let payload = encode_pair("LC_ALL", &text);
        check(
            (Format::Pair, &key, payload),
            "31fdb5bb50064c435f414c4c000143",
            (|bytes| decode_pair(bytes).map(|(_, value)| value), text),
        );
        let digest = Value::Digest(Checksum::from_bytes(DIGEST));
        let payload = encode_pair("a.c", &digest);
        check(
            (Format::Pair, &key, payload),
            "314d7ad50403612e63010909090909090909090909090909090909090909090909090909090909090909",
            (|bytes| decode_pair(bytes).map(|(_, value)| value), digest),
        );
    }

    #[test]
    fn f9_golden_fingerprint() {
        let list = PairList { ids: vec![0, 250, 251, 65_536], check: check_of([1, 2, 3, 4]) };
        let payload = encode_pair_list(&list);
        check(
            (Format::Fingerprint, b"a.o", payload),
            "11aeaa23960400fafbfb00fc00000100fc6a29c534",
            (decode_pair_list, list),
        );
    }

    #[test]
    fn f9_golden_note() {
        assert_eq!(hex(&seal(Format::Note, b"a.o", b"note")), "211d8f52236e6f7465");
    }

    #[test]
    fn f9_golden_digest() {
        let stamp =
            FileStamp { size: 1, mtime_ns: -1, ctime_ns: 2, inode: 3, kind: FileKind::File };
        let checksum = Checksum::from_bytes(DIGEST);
        let digest = DigestRecord { stamp, checksum, hashed_at_ns: 1_700_000_000_000_000_000 };
        let payload = encode_digest(&digest);
        check(
            (Format::Digest, b"a.c", payload),
            "41de6aaae701010403fd0000546cfc392f2f0909090909090909090909090909090909090909090909090909090909090909",
            (decode_digest, digest),
        );
    }

    #[test]
    fn f9_golden_marker() {
        let marker = Marker { boot_id: "boot".into(), started: 1, clean: true, pairs: 2 };
        let payload = encode_marker(&marker);
        check(
            (Format::Marker, b"", payload),
            "51e148928404626f6f74010102",
            (decode_marker, marker),
        );
    }

    /// A hostile length asks for more memory than the limit, not for all of it.
    #[test]
    fn f9_hostile_lengths_are_refused() {
        let huge = [253, 255, 255, 255, 255, 255, 255, 255, 127];
        assert_eq!(decode_pair_list(&huge), None);
        assert_eq!(decode_elements(&huge), None);
        assert_eq!(decode_marker(&huge), None);
        assert!(decode_pair(&huge).is_none());
    }

    #[test]
    fn f9_elements_out_of_order_are_refused() {
        let payload = encode(&vec![("b", RawValue::Text("")), ("a", RawValue::Text(""))]);
        assert_eq!(decode_elements(&payload), None);
    }
}
