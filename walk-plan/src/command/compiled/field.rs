//! How values are written one after the other, and read back.
//!
//! Numbers are little-endian, texts and lists begin with their length, and what may be absent with
//! a byte that says whether it is. Nothing is believed of what is read: too little is nothing, and
//! a length is only a promise.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Something that can be written and read back.
pub(super) trait Field: Sized {
    /// Writes it at the end of `to`.
    fn put(&self, to: &mut Vec<u8>);

    /// Reads it from the beginning of `from`, and takes it away there.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// Many numbers, written and read at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers(pub(super) Vec<u32>);

/// Writes `bytes` after their length.
pub(super) fn put_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    length(bytes.len()).put(to);
    to.extend(bytes);
}

/// Reads what [`put_bytes`] wrote.
pub(super) fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::take(from)? as usize;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("fewer than 2^32 bytes and actions")
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn put(&self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}

number!(u8, u32, u64, i32, f64);

impl Field for bool {
    fn put(&self, to: &mut Vec<u8>) {
        u8::from(*self).put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Field for Numbers {
    fn put(&self, to: &mut Vec<u8>) {
        length(self.0.len()).put(to);
        to.extend(self.0.iter().flat_map(|it| it.to_le_bytes()));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = u32::take(from)? as usize;
        let (bytes, rest) = from.split_at_checked(length.checked_mul(4)?)?;
        *from = rest;
        let number = |it: &[u8]| it.first_chunk().map_or(0, |it| u32::from_le_bytes(*it));
        Some(Self(bytes.chunks_exact(4).map(number).collect()))
    }
}

impl Field for String {
    fn put(&self, to: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        std::str::from_utf8(take_bytes(from)?).ok().map(Self::from)
    }
}

impl Field for Arc<str> {
    fn put(&self, to: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        std::str::from_utf8(take_bytes(from)?).ok().map(Self::from)
    }
}

impl Field for OsString {
    fn put(&self, to: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self::from_vec(take_bytes(from)?.to_vec()))
    }
}

impl Field for PathBuf {
    fn put(&self, to: &mut Vec<u8>) {
        put_bytes(self.as_os_str().as_bytes(), to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(OsStr::from_bytes(take_bytes(from)?).into())
    }
}

impl Field for Duration {
    fn put(&self, to: &mut Vec<u8>) {
        (self.as_secs(), self.subsec_nanos()).put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let (seconds, nanoseconds) = <(u64, u32)>::take(from)?;
        (nanoseconds < 1_000_000_000).then(|| Self::new(seconds, nanoseconds))
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, to: &mut Vec<u8>) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, to: &mut Vec<u8>) {
        self.is_some().put(to);
        if let Some(it) = self {
            it.put(to);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? { T::take(from).map(Some) } else { Some(None) }
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, to: &mut Vec<u8>) {
        length(self.len()).put(to);
        for it in self {
            it.put(to);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = u32::take(from)?;
        (0..length).map(|_| T::take(from)).collect()
    }
}

impl<K: Field + Ord, V: Field> Field for BTreeMap<K, V> {
    fn put(&self, to: &mut Vec<u8>) {
        length(self.len()).put(to);
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Vec::take(from).map(|it| it.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        fn check<T: Field + PartialEq + std::fmt::Debug>(value: T) {
            let mut bytes = Vec::new();
            value.put(&mut bytes);
            for length in 0..bytes.len() {
                assert_eq!(T::take(&mut &bytes[..length]), None, "{value:?}");
            }
            let mut rest = &*bytes;
            assert_eq!(T::take(&mut rest), Some(value));
            assert!(rest.is_empty());
        }
        check((7_u8, (8_u32, -9_i32)));
        check((u64::MAX, 1.5));
        check(vec![Some(String::from("ä")), None, Some(String::new())]);
        check(Numbers(vec![1, 2, u32::MAX]));
        check(BTreeMap::from([(OsString::from_vec(vec![255]), PathBuf::from("a"))]));
        check((Duration::new(3, 4), Arc::<str>::from("b")));
        check(vec![true, false]);
    }

    #[test]
    fn a_length_is_only_a_promise() {
        let mut bytes = Vec::new();
        u32::MAX.put(&mut bytes);
        assert_eq!(Vec::<u8>::take(&mut &*bytes), None);
        assert_eq!(Numbers::take(&mut &*bytes), None);
        assert_eq!(String::take(&mut &*bytes), None);
    }
}
