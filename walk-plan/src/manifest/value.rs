//! The values that a manifest is made of.
//!
//! Each is read by a small visitor of its own, so that a wrong value is told what would be
//! right: derived "untagged" enums say only that nothing matched, and lose the place.
//! Strings borrow from the text where they can.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

/// A string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// An array of strings.
#[derive(Clone, Debug, Default)]
pub(crate) struct List<'a>(pub(crate) Vec<Text<'a>>);

/// An array.
#[derive(Clone, Debug)]
pub(crate) struct Array<T>(pub(crate) Vec<T>);

/// A table with keys of the format.
///
/// A derived struct would be read from an array too, by position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<T>(pub(crate) T);

/// A table with keys of the author's choice, in the order written.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a, T>(pub(crate) Vec<(Text<'a>, T)>);

/// The command of an action.
#[derive(Clone, Debug)]
pub(crate) enum RunText<'a> {
    Shell(Text<'a>),
    Argv(List<'a>),
}

/// One value of a matrix: a string, or a whole number as its digits.
#[derive(Clone, Debug)]
pub(crate) struct Cell<'a>(pub(crate) Cow<'a, str>);

/// The capacity of the queue `default`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Jobs {
    Cpus,
    Count(u32),
}

/// A whole number between two bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Int<const MIN: i64, const MAX: i64>(pub(crate) i64);

/// A number of tokens or attempts.
pub(crate) type Count = Int<0, { u32::MAX as i64 }>;

/// A duration written for people: `1h 30m`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period(pub(crate) Duration);

/// What a delay is multiplied by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor(pub(crate) f64);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<'a> Deref for List<'a> {
    type Target = [Text<'a>];

    fn deref(&self) -> &[Text<'a>] {
        &self.0
    }
}

impl<'a, T> Deref for Entries<'a, T> {
    type Target = [(Text<'a>, T)];

    fn deref(&self) -> &[(Text<'a>, T)] {
        &self.0
    }
}

impl<T> Deref for Array<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> Deref for Table<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Default for Array<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const MIN: i64, const MAX: i64> Int<MIN, MAX> {
    pub(crate) fn narrow<N: TryFrom<i64> + Copy>(self, or: N) -> N {
        N::try_from(self.0).unwrap_or(or)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(it)))
            }
            fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(it.into())))
            }
            fn visit_string<E>(self, it: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(it)))
            }
        }
        from.deserialize_str(V)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = List<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of strings")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, it: A) -> Result<Self::Value, A::Error> {
                elements(it).map(List)
            }
        }
        from.deserialize_seq(V)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Array<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, it: A) -> Result<Self::Value, A::Error> {
                elements(it).map(Array)
            }
        }
        from.deserialize_seq(V(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Table<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, it: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(it)).map(Table)
            }
        }
        from.deserialize_map(V(PhantomData))
    }
}

fn elements<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(mut from: A) -> Result<Vec<T>, A::Error> {
    let mut all = Vec::new();
    while let Some(one) = from.next_element()? {
        all.push(one);
    }
    Ok(all)
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Entries<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = from.next_entry()? {
                    all.push(one);
                }
                Ok(Entries(all))
            }
        }
        from.deserialize_map(V(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RunText<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = RunText<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string for the shell or an array of strings")
            }
            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
                Ok(RunText::Shell(Text(Cow::Borrowed(it))))
            }
            fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
                Ok(RunText::Shell(Text(Cow::Owned(it.into()))))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, it: A) -> Result<Self::Value, A::Error> {
                elements(it).map(|it| RunText::Argv(List(it)))
            }
        }
        from.deserialize_any(V)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Cell<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a whole number")
            }
            fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
                Ok(Cell(Cow::Borrowed(it)))
            }
            fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
                Ok(Cell(Cow::Owned(it.into())))
            }
            fn visit_i64<E>(self, it: i64) -> Result<Self::Value, E> {
                Ok(Cell(Cow::Owned(it.to_string())))
            }
            fn visit_u64<E>(self, it: u64) -> Result<Self::Value, E> {
                Ok(Cell(Cow::Owned(it.to_string())))
            }
        }
        from.deserialize_any(V)
    }
}

impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Jobs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"cpus\" or a whole number from 1 to 4294967295")
            }
            fn visit_str<E: Error>(self, it: &str) -> Result<Jobs, E> {
                let wrong = || E::invalid_value(Unexpected::Str(it), &self);
                (it == "cpus").then_some(Jobs::Cpus).ok_or_else(wrong)
            }
            fn visit_i64<E: Error>(self, it: i64) -> Result<Jobs, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(it), &self);
                let count = u32::try_from(it).ok().filter(|it| *it > 0);
                count.map(Jobs::Count).ok_or_else(wrong)
            }
            fn visit_u64<E: Error>(self, it: u64) -> Result<Jobs, E> {
                self.visit_i64(i64::try_from(it).unwrap_or(i64::MAX))
            }
        }
        from.deserialize_any(V)
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Int<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V<const MIN: i64, const MAX: i64>;
        impl<const MIN: i64, const MAX: i64> Visitor<'_> for V<MIN, MAX> {
            type Value = Int<MIN, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if MIN == MAX {
                    write!(f, "{MIN}")
                } else {
                    write!(f, "a whole number from {MIN} to {MAX}")
                }
            }
            fn visit_i64<E: Error>(self, it: i64) -> Result<Self::Value, E> {
                let fits = (MIN..=MAX).contains(&it);
                let wrong = || E::invalid_value(Unexpected::Signed(it), &self);
                fits.then_some(Int(it)).ok_or_else(wrong)
            }
            fn visit_u64<E: Error>(self, it: u64) -> Result<Self::Value, E> {
                let wrong = || E::invalid_value(Unexpected::Unsigned(it), &self);
                i64::try_from(it).map_err(|_| wrong()).and_then(|it| self.visit_i64(it))
            }
        }
        from.deserialize_any(V)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Period;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"30s\" or \"1h 30m\"")
            }
            fn visit_str<E: Error>(self, it: &str) -> Result<Period, E> {
                let wrong = |_| E::invalid_value(Unexpected::Str(it), &self);
                humantime::parse_duration(it).map(Period).map_err(wrong)
            }
        }
        from.deserialize_any(V)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Factor;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1 to 1000")
            }
            fn visit_f64<E: Error>(self, it: f64) -> Result<Factor, E> {
                let wrong = || E::invalid_value(Unexpected::Float(it), &self);
                (1.0..=1000.0).contains(&it).then_some(Factor(it)).ok_or_else(wrong)
            }
            fn visit_i64<E: Error>(self, it: i64) -> Result<Factor, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(it), &self);
                let whole = u16::try_from(it).ok().filter(|it| (1..=1000).contains(it));
                whole.map(|it| Factor(it.into())).ok_or_else(wrong)
            }
            fn visit_u64<E: Error>(self, it: u64) -> Result<Factor, E> {
                self.visit_i64(i64::try_from(it).unwrap_or(i64::MAX))
            }
        }
        from.deserialize_any(V)
    }
}

/// Writes the schema of a type that stands for itself wherever it is used.
macro_rules! schema {
    ([$($generics:tt)*] $type:ty, $name:literal, $make:expr) => {
        impl<$($generics)*> JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let make: fn(&mut SchemaGenerator) -> Schema = $make;
                make(generator)
            }
        }
    };
}

schema!([] Text<'_>, "Text", |_| json_schema!({"type": "string"}));
schema!([] List<'_>, "List", |_| json_schema!({"type": "array", "items": {"type": "string"}}));
schema!([] RunText<'_>, "Run", |_| json_schema!({"oneOf": [
    {"type": "string"},
    {"type": "array", "items": {"type": "string"}, "minItems": 1},
]}));
schema!([] Cell<'_>, "Cell", |_| json_schema!({"type": ["string", "integer"]}));
schema!([] Jobs, "Jobs", |_| json_schema!({"oneOf": [
    {"const": "cpus"},
    {"type": "integer", "minimum": 1, "maximum": u32::MAX},
]}));
schema!([const MIN: i64, const MAX: i64] Int<MIN, MAX>, "Int",
    |_| json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX}));
schema!([] Period, "Period", |_| json_schema!({"type": "string", "examples": ["30s", "1h 30m"]}));
schema!([] Factor, "Factor", |_| json_schema!({"type": "number", "minimum": 1, "maximum": 1000}));
schema!([T: JsonSchema] Array<T>, "Array", |generator| {
    let items = generator.subschema_for::<T>();
    json_schema!({"type": "array", "items": items})
});
schema!([T: JsonSchema] Table<T>, "Table", |generator| generator.subschema_for::<T>());
schema!([T: JsonSchema] Entries<'_, T>, "Entries", |generator| {
    let value = generator.subschema_for::<T>();
    json_schema!({"type": "object", "additionalProperties": value})
});
