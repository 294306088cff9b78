//! A queue in a manifest: a number of tokens, or a table that says who runs its actions.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::value::{Count, List, Text};

/// A queue.
#[derive(Debug)]
pub(crate) enum RawQueue<'a> {
    Tokens(Count),
    Engine(EngineTable<'a>),
}

/// A queue whose actions are run by an engine.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "EngineQueue")]
pub(crate) struct EngineTable<'a> {
    /// How many actions of it run at once; 100 if absent and there is an engine.
    pub(crate) tokens: Option<Count>,
    /// Who runs its actions: "slurm"; this machine if absent.
    #[serde(borrow)]
    pub(crate) engine: Option<Text<'a>>,
    /// The partition that its jobs ask for.
    #[serde(borrow)]
    pub(crate) partition: Option<Text<'a>>,
    /// More arguments of sbatch.
    #[serde(borrow)]
    pub(crate) args: List<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawQueue<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = RawQueue<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a whole number from 0 to 4294967295, or a table such as \
                     { tokens = 100, engine = \"slurm\" }",
                )
            }
            fn visit_i64<E: Error>(self, it: i64) -> Result<Self::Value, E> {
                let wrong = || E::invalid_value(Unexpected::Signed(it), &self);
                let count = u32::try_from(it).ok().ok_or_else(wrong)?;
                Ok(RawQueue::Tokens(super::value::Int(count.into())))
            }
            fn visit_u64<E: Error>(self, it: u64) -> Result<Self::Value, E> {
                self.visit_i64(i64::try_from(it).unwrap_or(i64::MAX))
            }
            fn visit_map<A: MapAccess<'de>>(self, it: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(it)).map(RawQueue::Engine)
            }
        }
        from.deserialize_any(V)
    }
}

impl JsonSchema for RawQueue<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Queue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<EngineTable<'static>>();
        json_schema!({"oneOf": [
            {"type": "integer", "minimum": 0, "maximum": u32::MAX},
            table,
        ]})
    }
}
