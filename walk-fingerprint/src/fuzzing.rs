//! What only fuzzers see: decoders that nothing else can reach without a good checksum.

use crate::codec::{self, Format};
use crate::snapshot::Table;

/// Decodes `bytes` as each kind of record; what is read has to be written as it was.
///
/// # Panics
///
/// When a decoder is wrong.
pub fn decode(bytes: &[u8]) {
    let key = b"key";
    for format in [Format::Fingerprint, Format::Note, Format::Pair, Format::Digest, Format::Marker]
    {
        let record = codec::seal(format, key, bytes);
        assert_eq!(codec::unseal(format, key, &record), Some(bytes));
        let _ = codec::unseal(format, key, bytes);
    }
    if let Some(list) = codec::decode_pair_list(bytes) {
        assert_eq!(codec::decode_pair_list(&codec::encode_pair_list(&list)), Some(list));
    }
    if let Some((name, value)) = codec::decode_pair(bytes) {
        let again = codec::encode_pair(name, &value);
        assert_eq!(codec::decode_pair(&again), Some((name, value)));
    }
    if let Some(digest) = codec::decode_digest(bytes) {
        assert_eq!(codec::decode_digest(&codec::encode_digest(&digest)), Some(digest));
    }
    if let Some(marker) = codec::decode_marker(bytes) {
        assert_eq!(codec::decode_marker(&codec::encode_marker(&marker)), Some(marker));
    }
    if let Some(elements) = codec::decode_elements(bytes) {
        assert_eq!(codec::decode_elements(&codec::encode_elements(&elements)), Some(elements));
    }
}

/// Reads `bytes` as what follows the checksum of a snapshot, and changes what is in it.
///
/// # Panics
///
/// When a reader is wrong.
pub fn snapshot(bytes: &[u8]) {
    let Some(mut table) = Table::parse(Table::sealed(bytes)) else { return };
    let (boot, key, note) = (table.boot().len(), table.key().len(), table.note().len());
    let mut sum = boot + key + note;
    for position in 0..table.len() {
        sum += table.path(position).as_os_str().len();
        let content = table.content(position);
        if let Some(stamp) = table.stamp(position) {
            table.set_stamp(position, stamp);
            assert_eq!((table.stamp(position), table.content(position)), (Some(stamp), content));
        }
    }
    assert!(sum <= bytes.len());
    table.seal();
    assert!(Table::parse(table.bytes().to_vec()).is_some());
}
