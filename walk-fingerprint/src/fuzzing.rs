//! What only fuzzers see: decoders that nothing else can reach without a good checksum.

use crate::codec::{self, Format};

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
