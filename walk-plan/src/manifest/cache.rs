//! The `[cache]` of a manifest: where results are kept.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::value::{Period, Text};

/// Where results of actions are kept by what they were made of.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Cache")]
pub(crate) struct RawCache<'a> {
    /// Whether they are kept on this machine, for all checkouts; true if absent.
    pub(crate) local: Option<bool>,
    /// A directory or a server to share them with: `file:///shared/cache`, `grpc://host:port`.
    #[serde(borrow)]
    pub(crate) remote: Option<Text<'a>>,
    /// What is done with the remote part: "read", "write" or "read-write".
    pub(crate) mode: Option<RawMode>,
    /// How much this machine keeps: "10G".
    pub(crate) max_size: Option<Size>,
    /// How long this machine keeps what nobody asks for.
    pub(crate) max_age: Option<Period>,
    /// A file with a token for the server.
    #[serde(borrow)]
    pub(crate) credentials: Option<Text<'a>>,
    /// The instance that the server is asked for.
    #[serde(borrow)]
    pub(crate) instance: Option<Text<'a>>,
}

/// What is done with the remote part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawMode {
    Read,
    Write,
    ReadWrite,
}

/// A number of bytes, written for people: `10G`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size(pub(crate) u64);

const MODES: [(&str, RawMode); 3] =
    [("read", RawMode::Read), ("write", RawMode::Write), ("read-write", RawMode::ReadWrite)];

impl<'de> Deserialize<'de> for RawMode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = RawMode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"read\", \"write\" or \"read-write\"")
            }
            fn visit_str<E: Error>(self, it: &str) -> Result<RawMode, E> {
                let mode = MODES.iter().find(|mode| mode.0 == it).map(|mode| mode.1);
                mode.ok_or_else(|| E::invalid_value(Unexpected::Str(it), &self))
            }
        }
        from.deserialize_str(V)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"500M\" or \"10G\", in K, M, G or T")
            }
            fn visit_str<E: Error>(self, it: &str) -> Result<Size, E> {
                size(it).map(Size).ok_or_else(|| E::invalid_value(Unexpected::Str(it), &self))
            }
        }
        from.deserialize_str(V)
    }
}

/// Reads a number of bytes with `K`, `M`, `G` or `T` after it, by thousands.
fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['K', 'M', 'G', 'T']) {
        Some(digits) => (digits, text.chars().next_back()?),
        None => (text, ' '),
    };
    let factor = match unit {
        'K' => 1_000,
        'M' => 1_000_000,
        'G' => 1_000_000_000,
        'T' => 1_000_000_000_000,
        _ => 1,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(factor)
}

macro_rules! inline {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

inline!(RawMode, "CacheMode", {"enum": ["read", "write", "read-write"]});
inline!(Size, "Size", {"type": "string", "pattern": "^[0-9]+[KMGT]?$", "examples": ["500M", "10G"]});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(size(text), expected, "{text}");
        check("0", Some(0));
        check("500M", Some(500_000_000));
        check("10G", Some(10_000_000_000));
        check("99999999T", None);
        check("G", None);
        check("1.5G", None);
        check("-1", None);
        check("10GB", None);
    }
}
